"""A source of company facts as the waterfall sees it: a name, the fields it can fill, and how it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graph.domain.account import CompanyProfile
from graph.domain.facts import Found, Unavailable
from graph.domain.values import value
from graph.ports import CompanyAsk, Enrichment
from tools.enrichment.fields import ALL, good


@value(frozen=True)
class Answer:
    """What a source said of one company. outcome: as in `graph.domain.evidence.Tried`; profile: None where it said
    nothing; at: when it said it; known: whether the outcome is knowledge (found or absent), and not the lack of it."""

    outcome: str
    profile: CompanyProfile | None
    at: datetime
    known: bool = True
    good: int = 0


class Source(Protocol):
    """fills: the set of fields (`tools.enrichment.fields`) that it may know at all."""

    name: str
    fills: int

    async def answers(
        self, asks: Sequence[CompanyAsk], now: datetime, allowance: Sequence[float]
    ) -> Sequence[tuple[Answer, float]]:
        """One answer for each ask, in order, with the cents that it cost. allowance: cents that each lead may still
        cost."""
        ...

    async def aclose(self) -> None: ...


@dataclass(slots=True)
class Free:
    """A source that costs nothing and answers from memory: asked whenever it could fill a field."""

    name: str
    port: Enrichment
    fills: int = ALL

    async def answers(
        self, asks: Sequence[CompanyAsk], now: datetime, allowance: Sequence[float]
    ) -> Sequence[tuple[Answer, float]]:
        del allowance  # nothing is spent
        found: list[tuple[Answer, float]] = []
        for fact in await self.port.profiles(asks, now):
            if isinstance(fact, Found):
                profile = fact.value
                found.append((Answer("found", profile, fact.at, good=good(profile)), 0.0))
            elif isinstance(fact, Unavailable):
                found.append((Answer(fact.reason, None, now, known=False), 0.0))
            else:
                found.append((Answer("absent", None, now), 0.0))
        return found

    async def aclose(self) -> None:
        close = getattr(self.port, "aclose", None)
        if close is not None:
            await close()
