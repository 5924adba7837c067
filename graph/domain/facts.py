"""A fact is the result of a read: found, absent, or unavailable. Absent is knowledge; unavailable is the lack of it.

Facts are written into the decision record and read back by the replay, so each carries its tag, its source and its time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, TypeAlias, TypeVar

from graph.domain.evidence import Tried
from graph.domain.values import value

T = TypeVar("T")


@value(frozen=True)
class Found(Generic[T]):
    value: T
    source: str
    at: datetime
    kind: Literal["found"] = "found"


@value(frozen=True)
class Absent:
    """The source answered, and it has nothing. tried: who was asked, where several are."""

    source: str
    at: datetime
    kind: Literal["absent"] = "absent"
    tried: tuple[Tried, ...] = ()


@value(frozen=True)
class Unavailable:
    """The source did not answer (down, too slow, switched off). `reason` is a class of failure, never vendor text.
    tried: who was asked, where several are."""

    source: str
    at: datetime
    reason: str
    kind: Literal["unavailable"] = "unavailable"
    tried: tuple[Tried, ...] = ()


Fact: TypeAlias = Found[T] | Absent | Unavailable


def value_of(fact: Found[T] | Absent | Unavailable | None) -> T | None:
    """The value of a found fact, else None."""
    return fact.value if isinstance(fact, Found) else None
