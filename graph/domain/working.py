"""When a person works and how much they take, as the routing file says it.

Days count from Monday (0); minutes count from local midnight; every zone is an IANA name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

Unit: TypeAlias = Literal["day", "week", "open"]
OffHours: TypeAlias = Literal["next", "hold"]


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which something holds, both included, in the file's time zone; None is without bound.

    starts_at, ends_at: the same as instants in UTC; it holds while starts_at <= now < ends_at.
    """

    from_day: date | None
    until_day: date | None
    starts_at: datetime | None
    ends_at: datetime | None

    def holds(self, now: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= now) and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class Span:
    """Some days of the week, from start_min to end_min (left out; 1440 is the end of the day) on the clock of `zone`."""

    days: tuple[int, ...]
    start_min: int
    end_min: int
    zone: str


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours: inside any of the spans. No spans: always (`hours: always`, or no hours written). text: as written."""

    spans: tuple[Span, ...] = ()
    text: str = "always"


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days without work: the public holidays of ISO countries and subdivisions (`DE`, `DE-BY`), and single days."""

    codes: tuple[str, ...] = ()
    days: tuple[date, ...] = ()


ALWAYS: Final = Hours()
NO_HOLIDAYS: Final = Holidays()


@dataclass(frozen=True, slots=True)
class Leave:
    """Days away. cover: the e-mail address of who takes their leads meanwhile."""

    window: Window
    cover: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` leads a day, a week (both by the file's calendar), or open at once."""

    count: int
    unit: Unit
