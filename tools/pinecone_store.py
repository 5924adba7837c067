"""Past accounts in a Pinecone index (metric: cosine), by its own SDK.

Which numbers stand for an account is the embedder's affair. Its id is the namespace and stands in each record as well,
so vectors of different embedders never meet: another embedder starts with an empty memory until the accounts are stored
again (tools/similar/keeping.py does). A record's id is the account's domain. What is told of accounts, and who is still
open, stands in our own store; the index holds what is closed, to search it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, get_args

from pinecone import (
    ApiError,
    AsyncIndex,
    NotFoundError,
    PineconeConnectionError,
    PineconeError,
    PineconeTimeoutError,
    PineconeValueError,
    ScoredVector,
)

from graph.domain.account import Outcome, SimilarAccount
from graph.domain.facts import Fact
from graph.ports import AccountQuery
from graph.rules.text import fold
from tools.account_metadata import (
    ANY,
    TOLD,
    PastAccount,
    Wanted,
    account_of,
    count,
    known_of,
    nearness,
    record_id,
    shown,
    similar_of,
    text,
)
from tools.asking import ReadError, Reason, VendorRead, reason_of_status
from tools.embedders import Embedder

_CLOSED: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}
_REQUEST_BYTES = 1_000_000  # Pinecone takes 2 MB a request; a number takes about 20 bytes, metadata the rest
_SPARE = 8  # asked for beyond k, so that ties at the end are broken by us and not by chance
_WRITE = 4.0  # deadlines of a query that a write may take
_DECIMALS = 6
_ROUNDING = 1e-3  # how far above 1 a cosine may come out


class PineconeSimilar:
    """Implements `SimilarAccounts`, and is an Elsewhere that the keeper tells of past accounts.

    host: the index's host as Pinecone's console shows it, or http://127.0.0.1:... ; deadline_s: seconds for one query,
    waiting and embedding included; concurrency: queries under way at once; reach: accounts at a
    greater distance (1 - cosine) are not similar, which depends on the embedder.
    """

    source = name = "pinecone"

    def __init__(
        self,
        api_key: str,
        embedder: Embedder,
        *,
        host: str,
        deadline_s: float = 5.0,
        concurrency: int = 8,
        reach: float = 0.7,
    ) -> None:
        self._embedder, self._deadline_s, self._reach = embedder, deadline_s, reach
        # The SDK tries each request up to four times and waits as long as Pinecone asks; only the deadline bounds that.
        self._index = AsyncIndex(host=host, api_key=api_key, timeout=deadline_s)
        self._read: VendorRead[tuple[AccountQuery, int, Wanted], tuple[SimilarAccount, ...]] = VendorRead(
            self.source, self._neighbours, repr, deadline_s=deadline_s, concurrency=concurrency
        )

    async def nearest(
        self, queries: Sequence[AccountQuery], k: int, now: datetime, wanted: Wanted = ANY
    ) -> Sequence[Fact[tuple[SimilarAccount, ...]]]:
        """The k nearest closed accounts of each query within reach, nearest first; among them a lost and a won one
        where one is within reach (and k is at least 2). Under a condition, those that fit it. Absent where nothing is
        that near."""
        return await self._read.facts([(query, k, wanted) for query in queries], now)

    async def store(self, accounts: Sequence[PastAccount]) -> int:
        """Write accounts with their outcomes, each in place of what was kept of it; returns how many were written: one of
        which nothing is known to compare by is not, and what was kept of it goes. Raises ReadError."""
        written = 0
        for start in range(0, len(accounts), 100):
            part = accounts[start : start + 100]
            vectors = await self._embedder.embed([past.account for past in part])
            pairs = list(zip(part, vectors, strict=True))
            records = [self._record(past, vector) for past, vector in pairs if any(vector)]
            await self.remove([past.key for past, vector in pairs if not any(vector)])  # a cosine index refuses zeros
            step = max(1, _REQUEST_BYTES // (20 * self._numbers(records) + 2000))
            for first in range(0, len(records), step):
                part_of = records[first : first + step]
                await self._written(self._index.upsert(vectors=part_of, namespace=self._embedder.embedder_id))
                written += len(part_of)
        return written

    async def remove(self, keys: Sequence[str]) -> None:
        """Take out what is kept of these accounts, if anything is. Raises ReadError."""
        for start in range(0, len(keys), 500):
            ids = [record_id(key) for key in keys[start : start + 500]]
            await self._written(self._index.delete(ids=ids, namespace=self._embedder.embedder_id))

    async def _written(self, call: Awaitable[Any]) -> None:
        """Nobody waits for a write, so it may take longer than a query."""
        try:
            async with asyncio.timeout(_WRITE * self._deadline_s):
                await call
        except NotFoundError:
            return  # a deletion where nothing was ever stored: the namespace comes with its first record
        except TimeoutError as error:  # of asyncio, and the SDK's own
            raise ReadError("timeout") from error
        except PineconeError as error:
            raise ReadError(_reason(error)) from error

    @staticmethod
    def _numbers(records: Sequence[dict[str, Any]]) -> int:
        return len(records[0]["values"]) if records else 0

    async def aclose(self) -> None:
        await self._index.close()

    def _record(self, past: PastAccount, vector: Sequence[float]) -> dict[str, Any]:
        known = known_of(past.account) | {
            "embedder": self._embedder.embedder_id,
            "account_id": past.account_id,
            "outcome": past.outcome,
            "reason": past.reason,
            "deal_usd": past.deal_usd,
            "days_to_close": past.days_to_close,
            "closed_on": past.closed_on and _day_number(past.closed_on),
            "industry_key": fold(past.account.industry or "") or None,
        }
        metadata = {name: value for name, value in known.items() if value is not None}
        return {"id": record_id(past.key), "values": list(vector), "metadata": metadata}

    async def _neighbours(self, question: tuple[AccountQuery, int, Wanted]) -> tuple[SimilarAccount, ...] | None:
        query, k, wanted = question
        (vector,) = await self._embedder.embed([query])
        if k < 1 or not any(vector):  # a vector of zeros has no angle to anything
            return None
        outcomes = wanted.outcomes or tuple(_CLOSED.values())
        ranked = await self._ranked(query, vector, k + _SPARE, replace(wanted, outcomes=outcomes))
        if len(ranked) == k + _SPARE:  # else these are all there are within reach
            told = [one for one in TOLD if one in outcomes and all(near.outcome != one for near in ranked)]
            more = (self._ranked(query, vector, 1 + _SPARE, replace(wanted, outcomes=(one,))) for one in told)
            for found in await asyncio.gather(*more):
                ranked += found
        return shown(ranked, k) or None

    async def _ranked(
        self, query: AccountQuery, vector: Sequence[float], top_k: int, wanted: Wanted
    ) -> list[SimilarAccount]:
        """Accounts within reach that are asked for, nearest first."""
        try:
            answer = await self._index.query(
                vector=vector,
                top_k=top_k,
                namespace=self._embedder.embedder_id,
                filter={"embedder": {"$eq": self._embedder.embedder_id}, **_conditions(wanted)},
                include_metadata=True,
            )
        except PineconeError as error:
            raise ReadError(_reason(error)) from error
        near = [self._similar(match, query) for match in answer.matches]
        return sorted((one for one in near if one.distance <= self._reach), key=nearness)

    def _similar(self, match: ScoredVector, query: AccountQuery) -> SimilarAccount:
        known = match.metadata or {}
        account_id, outcome = text(known, "account_id"), _CLOSED.get(text(known, "outcome") or "")
        if known.get("embedder") != self._embedder.embedder_id or outcome is None or account_id is None:
            raise ReadError("invalid answer")  # not what the filter asked for
        if not -1 - _ROUNDING <= match.score <= 1 + _ROUNDING:  # not a cosine: the index has another metric
            raise ReadError("invalid answer")
        past = PastAccount(
            account_id,
            account_of(known),
            outcome,
            text(known, "reason"),
            count(known, "deal_usd"),
            count(known, "days_to_close"),
        )
        return similar_of(query, past, max(0.0, round(1.0 - match.score, _DECIMALS)))


def _conditions(wanted: Wanted) -> dict[str, dict[str, Any]]:
    """As metadata conditions; what is not known of a record fits none about it."""
    found: dict[str, dict[str, Any]] = {"outcome": {"$in": list(wanted.outcomes)}}
    if wanted.industry is not None:
        found["industry_key"] = {"$eq": fold(wanted.industry)}
    if wanted.country is not None:
        found["country"] = {"$eq": wanted.country}
    for name, least, most in (
        ("employees", wanted.min_employees, wanted.max_employees),
        ("deal_usd", wanted.min_deal_usd, wanted.max_deal_usd),
        ("closed_on", wanted.since and _day_number(wanted.since), None),
    ):
        range_of = {operator: limit for operator, limit in (("$gte", least), ("$lte", most)) if limit is not None}
        if range_of:
            found[name] = range_of
    return found


def _day_number(day: date) -> int:
    """A day as metadata, which has no days: 20260430."""
    return day.year * 10_000 + day.month * 100 + day.day


def _reason(error: PineconeError) -> Reason:
    if isinstance(error, PineconeTimeoutError):
        return "timeout"
    if isinstance(error, PineconeConnectionError):
        return "unreachable"
    if isinstance(error, ApiError):
        return reason_of_status(error.status_code)
    return "refused" if isinstance(error, PineconeValueError) else "invalid answer"
