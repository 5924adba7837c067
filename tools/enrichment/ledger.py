"""The store's ledger as a metered source uses it: in threads, and with the switch's rule put in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Engine

from tools.clock import utc_now
from tools.enrichment import switch as rule
from tools.enrichment.switch import Switch, Terms
from tools.store import enriching
from tools.store.enriching import Ceilings, Grant, Kept, Room

T = TypeVar("T")


class Ledger:
    """executor: threads that may wait for the database. clock: for leases, which end by the time of day."""

    def __init__(self, engine: Engine, executor: Executor, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.engine, self._executor, self._clock = engine, executor, clock

    async def known(self, source: str, domains: Sequence[str], now: datetime) -> list[Kept]:
        return await self._thread(enriching.known, self.engine, [source], domains, now)

    async def forget(self, source: str, domain: str) -> None:
        await self._thread(enriching.forget, self.engine, source, domain)

    async def reserve(
        self, source: str, domains: Sequence[str], cents: float, ceilings: Ceilings, now: datetime, lease_s: float
    ) -> list[Grant]:
        """See `tools.store.enriching`; a source that is switched off is granted nothing."""

        def room(row: Mapping[str, Any] | None) -> Room:
            held, questions = rule.room(switch_of(row, now), now)
            return Room(questions, lambda put: row_of(rule.asked(held, put)))

        def call() -> list[Grant]:
            lease = timedelta(seconds=lease_s)
            return enriching.reserve(
                self.engine, source, domains, cents, ceilings, now, clock=self._clock(), lease=lease, room=room
            )

        return await self._thread(call)

    async def settle(
        self,
        source: str,
        answers: Sequence[Kept],
        unanswered: Sequence[str],
        filled: Sequence[bool],
        now: datetime,
        *,
        back_cents: float,
        terms: Terms,
    ) -> Switch:
        """See `tools.store.enriching`. filled: of each question that was answered, whether the answer filled a field."""

        def judge(row: Mapping[str, Any] | None) -> Mapping[str, Any]:
            return row_of(rule.answered(switch_of(row, now), filled, now, terms))

        def call() -> Switch:
            row = enriching.settle(
                self.engine,
                source,
                answers,
                unanswered,
                now,
                back_cents=back_cents,
                judge=judge,
                filled=sum(filled),
                answered=len(filled),
            )
            return switch_of(row, now)

        return await self._thread(call)

    async def _thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


def switch_of(row: Mapping[str, Any] | None, now: datetime) -> Switch:
    """A source without a row is switched on."""
    if row is None:
        return rule.new(now)
    return Switch(**{name: value for name, value in row.items() if name != "source"})


def row_of(switch: Switch) -> Mapping[str, Any]:
    return asdict(switch)
