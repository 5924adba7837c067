"""What the proof says about a file, as data; every statement about leads brings one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from graph.domain.routing import RoutingFacts

Why: TypeAlias = Literal["contradiction", "ended", "gone", "covered"]
NotReached: TypeAlias = Literal["unnamed", "dead", "inactive", "ended"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A lead, and the time from which it is one; None for now."""

    facts: RoutingFacts
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """A rule, a key of the map or an account that no lead is left to from now on. name: as an assignment's `rule`.

    why: its conditions exclude each other (`by`: the keys of the condition that do, where two are enough); its last day
    is over; nobody is there to take its leads; or others take all of them before (`by`, in their order).
    witness: a lead it asks for, and `to`: who takes that one first, None for accounts.
    """

    name: str
    why: Why
    by: tuple[str, ...] = ()
    witness: Witness | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Partly:
    """A rule that gets only some of the leads it asks for. by: who takes the witness; more: how many others take some."""

    name: str
    by: str
    witness: Witness
    more: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """A time at which nobody is there who must be. what: `DEFAULT`, the `if_none` of a pool, or a `pool` without one.

    name: of the pool; person: who is away, for good where `until` is None. spans: all such times within the horizon.
    witness: a lead that comes to nobody, where the proof can name one.
    """

    what: Literal["DEFAULT", "if_none", "pool"]
    name: str
    spans: tuple[tuple[datetime, datetime], ...]
    person: str | None = None
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class Unreached:
    """A pool, a member (`pool.person`) or a person that no lead can come to.

    why: no line names it; only dead lines do; the person is inactive; the last day of the member is over.
    """

    part: Literal["pool", "member", "person"]
    name: str
    why: NotReached


@dataclass(frozen=True, slots=True)
class Falls:
    """Leads that fall through to DEFAULT. country: ISO alpha-2, None for an unknown one, `*` for one not in the file."""

    country: str | None
    witness: Witness


@dataclass(frozen=True, slots=True)
class Proof:
    dead: tuple[Dead, ...]
    partly: tuple[Partly, ...]
    gaps: tuple[Gap, ...]
    unreached: tuple[Unreached, ...]
    falls: tuple[Falls, ...]
