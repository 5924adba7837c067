"""What a batch sees of the past while other leads are being decided: those of other workers' batches, or its own neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from graph.domain.account import Family, Prior
from graph.domain.activity import Did, Wanted
from graph.domain.facts import Fact
from graph.domain.person import KnownPerson, Who
from graph.domain.routing import PoolState
from graph.nodes.route import open_changes
from graph.ports import History
from graph.state import Case
from tools.stream.turnstile import Turnstile


class _Through:
    """History, passed on as it is."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def priors(self, lead_ids: Sequence[str], now: datetime) -> Sequence[Fact[Prior]]:
        return await self._history.priors(lead_ids, now)

    async def people(self, asks: Sequence[Who], now: datetime) -> Sequence[Fact[KnownPerson]]:
        return await self._history.people(asks, now)

    async def activities(self, asked: Sequence[Wanted], now: datetime) -> Sequence[tuple[Did, ...]]:
        return await self._history.activities(asked, now)

    async def families(self, parent_domains: Sequence[str], now: datetime) -> Mapping[str, Family]:
        return await self._history.families(parent_domains, now)


class InTurn(_Through):
    """History for a batch while other workers of this host have theirs: the ledgers are read when nobody else is about to
    move them, everything else at once (a lead that two batches hold is found at the commit)."""

    def __init__(self, history: History, turnstile: Turnstile) -> None:
        super().__init__(history)
        self._turnstile = turnstile

    async def pools(self, names: Sequence[str]) -> Mapping[str, PoolState]:
        await self._turnstile.enter()
        return await self._history.pools(names)

    async def open_leads(self, emails: Sequence[str]) -> Mapping[str, int]:
        await self._turnstile.enter()
        return await self._history.open_leads(emails)


class Onwards(_Through):
    """History for leads of one batch that are run one by one: each sees the turns that those before it took."""

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._ledgers: dict[str, PoolState] = {}
        self._opened: Counter[str] = Counter()

    def decided(self, case: Case) -> None:
        turn = case.assignment.turn if case.failure is None and case.assignment else None
        if turn is not None:
            self._ledgers[turn.pool] = turn.after
        if case.failure is None:
            self._opened.update(open_changes(case))

    async def pools(self, names: Sequence[str]) -> Mapping[str, PoolState]:
        return {**await self._history.pools(names), **self._ledgers}

    async def open_leads(self, emails: Sequence[str]) -> Mapping[str, int]:
        found = await self._history.open_leads(emails)
        return {email: found.get(email, 0) + self._opened[email] for email in emails}
