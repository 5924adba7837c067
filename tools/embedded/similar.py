"""Past accounts near a new one, by exact search over a small table that ships with the product. The twin of Pinecone.

    accounts.csv --vectors--> a float32 row an account    nearest: all pairs of a batch at once, then a few exactly
    RememberAccount --------> open accounts, by domain    kept for the day they close; never shown as similar

Products in float32 only propose: what is reported is computed pair by pair in float64 and rounded, and ties go by
account id. So the same query has the same answer in any batch. The pairs are `vecdot`, not a matrix product: BLAS
spreads a product over threads, which costs 20 times as much as it saves where workers already use the cores.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from graph.domain.account import Outcome, SimilarAccount
from graph.domain.effects import RememberAccount
from graph.domain.facts import Absent, Fact, Found
from graph.ports import AccountQuery, Order, Receipt, VendorError
from tools.account_metadata import shared_traits
from tools.embedded.csv_table import Cells, TableError, read_table
from tools.vectors import DIMENSIONS, vector

COLUMNS = (
    "account_id", "name", "domain", "industry", "country", "employees", "revenue_usd", "technologies", "outcome",
    "reason", "deal_usd", "days_to_close", "closed_on",
)  # fmt: skip
REACH = 0.7
"""Farther accounts are not similar: with nothing known but the same country, an account lies 0.71 away."""
_OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}
_TOLD: tuple[Outcome, ...] = ("lost", "won")  # of each one is shown where there is one: from wins alone nobody learns
_SLACK = 1e-5  # float32 sums of 384 products err by less
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class _Past:
    """A closed account, and its direction in float64."""

    account_id: str
    query: AccountQuery
    outcome: Outcome
    reason: str | None
    deal_usd: int | None
    days_to_close: int | None
    direction: NDArray[np.float64]


class ExactSimilar:
    """Implements `SimilarAccounts` over a CSV file (UTF-8, COLUMNS; a blank outcome is an open account), and is the
    Performer of `RememberAccount`, in this process' memory.

    open_limit: how many open accounts are kept, the newest; as many effect keys.
    """

    source = "bundled"

    def __init__(self, csv_path: Path, *, open_limit: int = 1_000) -> None:
        """Raises TableError."""
        self._open_limit = open_limit
        self._open: OrderedDict[str, AccountQuery] = OrderedDict()
        self._performed: OrderedDict[str, None] = OrderedDict()
        self._past: list[_Past] = []
        for cells in read_table(csv_path, COLUMNS):
            self._load(cells)
        self._past.sort(key=lambda past: past.account_id)
        rows = [past.direction.astype(np.float32) for past in self._past]
        self._rows = np.array(rows, np.float32).reshape(-1, DIMENSIONS)
        self._told = {
            outcome: np.array([i for i, past in enumerate(self._past) if past.outcome == outcome], np.intp)
            for outcome in _TOLD
        }

    def _load(self, cells: Cells) -> None:
        account_id, outcome = cells.needed("account_id"), cells.text("outcome")
        query = AccountQuery(
            cells.text("domain"),
            cells.text("name"),
            cells.text("industry"),
            cells.text("country"),
            cells.number("employees"),
            cells.number("revenue_usd"),
            cells.listed("technologies"),
        )
        if outcome is None:
            self.remember(query)
            return
        if outcome not in _OUTCOMES:
            raise TableError(f"{cells.where}: outcome {outcome!r} is none of {', '.join(_OUTCOMES)}, nor blank (open)")
        if any(past.account_id == account_id for past in self._past):
            raise TableError(f"{cells.where}: account_id {account_id} is there twice; keep one line")
        reason, deal_usd, days = cells.text("reason"), cells.number("deal_usd"), cells.number("days_to_close")
        direction = vector(query).astype(np.float64)
        self._past.append(_Past(account_id, query, _OUTCOMES[outcome], reason, deal_usd, days, direction))

    async def nearest(
        self, queries: Sequence[AccountQuery], k: int, now: datetime
    ) -> Sequence[Fact[tuple[SimilarAccount, ...]]]:
        """The k nearest closed accounts of each query within REACH, nearest first; among them a lost and a won one
        where there is one within REACH (and k is at least 2). Absent where nothing is that near."""
        if not queries or not self._past or k < 1:
            return [Absent(self.source, now) for _ in queries]
        directions = np.stack([vector(query) for query in queries])
        likeness = np.vecdot(directions[:, None, :], self._rows)  # (queries, accounts)
        answers = [
            self._answer(query, direction.astype(np.float64), row, k)
            for query, direction, row in zip(queries, directions, likeness, strict=True)
        ]
        return [Found(answer, self.source, now) if answer else Absent(self.source, now) for answer in answers]

    def _answer(
        self, query: AccountQuery, direction: NDArray[np.float64], likeness: NDArray[np.float32], k: int
    ) -> tuple[SimilarAccount, ...]:
        ranked = sorted(
            (distance, index)
            for index in self._candidates(likeness, k)
            if (distance := self._distance(direction, index)) <= REACH
        )
        return tuple(self._similar(query, index, distance) for distance, index in self._chosen(ranked, k))

    def _distance(self, direction: NDArray[np.float64], index: int) -> float:
        return max(0.0, round(1.0 - float(np.dot(direction, self._past[index].direction)), _DECIMALS))

    def _candidates(self, likeness: NDArray[np.float32], k: int) -> set[int]:
        """Every account that may be among the k nearest, or the nearest of an outcome, whatever the last bits say."""
        k = min(k, len(likeness))
        found = set(np.flatnonzero(likeness >= np.partition(likeness, -k)[-k] - _SLACK).tolist())
        for indices in self._told.values():
            if len(indices):
                theirs = likeness[indices]
                found.update(indices[theirs >= theirs.max() - _SLACK].tolist())
        return found

    def _chosen(self, ranked: list[tuple[float, int]], k: int) -> list[tuple[float, int]]:
        """The first k of a ranking; for each outcome to be told that is missing, its first takes the last's place, but
        never the place of the only one of another such outcome. Accounts are in order of their ids: so are ties."""
        chosen, rest = ranked[:k], ranked[k:]
        if k < 2:
            return chosen
        for outcome in _TOLD:
            if any(self._past[index].outcome == outcome for _, index in chosen):
                continue
            nearest = next((pair for pair in rest if self._past[pair[1]].outcome == outcome), None)
            if nearest is not None:
                chosen.remove(self._least_needed(chosen))
                chosen.append(nearest)
        return sorted(chosen)

    def _least_needed(self, chosen: list[tuple[float, int]]) -> tuple[float, int]:
        outcomes = [self._past[index].outcome for _, index in chosen]
        for pair, outcome in zip(reversed(chosen), reversed(outcomes), strict=True):
            if outcome not in _TOLD or outcomes.count(outcome) > 1:
                return pair
        return chosen[-1]

    def _similar(self, query: AccountQuery, index: int, distance: float) -> SimilarAccount:
        past = self._past[index]
        same = query.domain is not None and query.domain == past.query.domain
        return SimilarAccount(
            account_id=past.account_id,
            name=past.query.name or past.account_id,
            outcome=past.outcome,
            reason=past.reason,
            deal_usd=past.deal_usd,
            days_to_close=past.days_to_close,
            distance=distance,
            why=(*(("the same company",) if same else ()), *shared_traits(query, past.query)),
        )

    def remember(self, account: AccountQuery) -> None:
        """Keep an account whose outcome nobody knows yet, in place of what was kept of its domain."""
        key = account.domain or account.name
        if key is None:
            return
        self._open[key] = account
        self._open.move_to_end(key)
        if len(self._open) > self._open_limit:
            self._open.popitem(last=False)

    def remembered(self, domain: str) -> AccountQuery | None:
        """The open account of this domain."""
        return self._open.get(domain)

    async def perform(self, order: Order) -> Receipt:
        """Remembers the account once for each key. Raises VendorError for any other effect."""
        effect = order.effect
        if not isinstance(effect, RememberAccount):
            raise VendorError("unsupported_effect", f"the account memory performs no {effect.kind}", permanent=True)
        if order.key in self._performed:
            return Receipt(effect.domain, repeated=True)
        self.remember(
            AccountQuery(
                effect.domain,
                effect.name,
                effect.industry,
                effect.country,
                effect.employees,
                effect.revenue_usd,
                effect.technologies,
            )
        )
        self._performed[order.key] = None
        if len(self._performed) > self._open_limit:
            self._performed.popitem(last=False)
        return Receipt(effect.domain)

    async def perform_many(self, orders: Sequence[Order]) -> list[Receipt | VendorError]:
        """One outcome for each order, in order; one failure does not fail the others."""
        outcomes: list[Receipt | VendorError] = []
        for order in orders:
            try:
                outcomes.append(await self.perform(order))
            except VendorError as error:
                outcomes.append(error)
        return outcomes
