"""The memory of similar accounts in a Pinecone index (metric: cosine), by its own SDK.

Which numbers stand for an account is the embedder's affair. Its id is the namespace and stands in each record as well,
so vectors of different embedders never meet: another embedder starts with an empty memory until the accounts are stored
again. A record's id is the account's domain; an account whose outcome nobody knows yet is kept as open, never shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, get_args

import numpy as np
from numpy.typing import ArrayLike
from pinecone import (
    ApiError,
    AsyncIndex,
    PineconeConnectionError,
    PineconeError,
    PineconeTimeoutError,
    PineconeValueError,
    RateLimitError,
    ScoredVector,
)

from graph.domain.account import Outcome, SimilarAccount
from graph.domain.effects import RememberAccount
from graph.domain.facts import Fact
from graph.ports import AccountQuery, Order, Receipt, VendorError
from tools.account_metadata import TOLD, account_of, count, known_of, nearness, record_id, shared_traits, shown, text
from tools.asking import ReadError, Reason, VendorRead, reason_of_status

OPEN = "open"
_CLOSED: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}
_REQUEST_BYTES = 1_000_000  # Pinecone takes 2 MB a request; a number takes about 20 bytes, metadata the rest
_SPARE = 8  # asked for beyond k, so that ties at the end are broken by us and not by chance
_DECIMALS = 6
_ROUNDING = 1e-3  # how far above 1 a cosine may come out


class Embedder(Protocol):
    """Accounts as vectors of one length. embedder_id: ASCII, another for anything that would change a vector."""

    @property
    def embedder_id(self) -> str: ...

    async def embed(self, accounts: Sequence[AccountQuery]) -> Sequence[Sequence[float]]:
        """One vector for each account, in order; all zero where nothing is known of it. Raises ReadError."""
        ...


class PureEmbedder:
    """An embedder that only computes."""

    def __init__(self, embedder_id: str, vector: Callable[[AccountQuery], ArrayLike]) -> None:
        self.embedder_id, self._vector = embedder_id, vector

    async def embed(self, accounts: Sequence[AccountQuery]) -> list[list[float]]:
        return [np.asarray(self._vector(account), dtype=np.float64).tolist() for account in accounts]


@dataclass(frozen=True, slots=True)
class PastAccount:
    """An account whose outcome is known. deal_usd: US dollars; days_to_close: from first contact to the outcome."""

    account_id: str
    account: AccountQuery
    outcome: Outcome
    reason: str | None = None
    deal_usd: int | None = None
    days_to_close: int | None = None


class PineconeSimilar:
    """Implements `SimilarAccounts`, and is the Performer of `RememberAccount`.

    host: the index's host as Pinecone's console shows it, or http://127.0.0.1:... ; deadline_s: seconds for one query,
    waiting and embedding included, and for one effect; concurrency: queries under way at once; reach: accounts at a
    greater distance (1 - cosine) are not similar, which depends on the embedder.
    """

    source = "pinecone"

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
        self._read: VendorRead[tuple[AccountQuery, int], tuple[SimilarAccount, ...]] = VendorRead(
            self.source, self._neighbours, repr, deadline_s=deadline_s, concurrency=concurrency
        )

    async def nearest(
        self, queries: Sequence[AccountQuery], k: int, now: datetime
    ) -> Sequence[Fact[tuple[SimilarAccount, ...]]]:
        """The k nearest closed accounts of each query within reach, nearest first; among them a lost and a won one
        where one is within reach (and k is at least 2). Absent where nothing is that near."""
        return await self._read.facts([(query, k) for query in queries], now)

    async def perform(self, order: Order) -> Receipt:
        """Writes the account once; what it says of an account already kept is added, its outcome stays.

        Raises VendorError.
        """
        effect = order.effect
        if not isinstance(effect, RememberAccount):
            raise VendorError("unsupported_effect", f"pinecone performs no {effect.kind}", permanent=True)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._remember(effect, order.key)
        except TimeoutError as error:  # of asyncio, and the SDK's own
            raise VendorError("timeout", f"no answer within {self._deadline_s} s") from error
        except ReadError as error:
            raise _vendor_error(error.reason) from error
        except PineconeError as error:
            wish = error.retry_after if isinstance(error, RateLimitError) else None
            raise _vendor_error(_reason(error), wish) from error

    async def store(self, accounts: Sequence[PastAccount]) -> int:
        """Write accounts with their outcomes, each in place of what was kept of it; returns how many were written.

        Raises ReadError (the embedder) and PineconeError: this is for setting up, not for a run.
        """
        written = 0
        for start in range(0, len(accounts), 100):
            part = accounts[start : start + 100]
            vectors = await self._embedder.embed([past.account for past in part])
            records = [self._record(past, vector) for past, vector in zip(part, vectors, strict=True)]
            step = max(1, _REQUEST_BYTES // (20 * len(records[0]["values"]) + 2000))
            for first in range(0, len(records), step):
                answer = await self._index.upsert(
                    vectors=records[first : first + step], namespace=self._embedder.embedder_id
                )
                written += answer.upserted_count
        return written

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
        }
        metadata = {name: value for name, value in known.items() if value is not None}
        return {"id": record_id(past.account.domain or past.account_id), "values": list(vector), "metadata": metadata}

    async def _remember(self, effect: RememberAccount, key: str) -> Receipt:
        index, namespace, one = self._index, self._embedder.embedder_id, record_id(effect.domain)
        kept = (await index.fetch(ids=[one], namespace=namespace)).vectors.get(one)
        before = (kept.metadata or {}) if kept is not None else {}
        if before.get("written_by") == key:
            return Receipt(one, repeated=True)
        told = AccountQuery(
            effect.domain,
            effect.name,
            effect.industry,
            effect.country,
            effect.employees,
            effect.revenue_usd,
            effect.technologies,
        )
        known = known_of(account_of(before)) | known_of(told)  # what is unknown now is not forgotten
        (vector,) = await self._embedder.embed([account_of(known)])
        if not any(vector):  # which a cosine index refuses, rightly
            return Receipt(one, detail={"skipped": "nothing is known of the account to compare by"})
        metadata = known | {"embedder": namespace, "written_by": key}
        if kept is not None:  # a patch: whoever writes the outcome meanwhile is not overwritten
            await index.update(id=one, values=list(vector), set_metadata=metadata, namespace=namespace)
        else:
            metadata |= {"account_id": effect.domain, "outcome": OPEN}
            await index.upsert(vectors=[{"id": one, "values": list(vector), "metadata": metadata}], namespace=namespace)
        return Receipt(one)

    async def _neighbours(self, question: tuple[AccountQuery, int]) -> tuple[SimilarAccount, ...] | None:
        query, k = question
        (vector,) = await self._embedder.embed([query])
        if k < 1 or not any(vector):  # a vector of zeros has no angle to anything
            return None
        ranked = await self._ranked(query, vector, k + _SPARE, tuple(_CLOSED.values()))
        if len(ranked) == k + _SPARE:  # else these are all there are within reach
            missing = [outcome for outcome in TOLD if all(one.outcome != outcome for one in ranked)]
            for found in await asyncio.gather(*(self._ranked(query, vector, 1 + _SPARE, (one,)) for one in missing)):
                ranked += found
        return shown(ranked, k) or None

    async def _ranked(
        self, query: AccountQuery, vector: Sequence[float], top_k: int, outcomes: Sequence[Outcome]
    ) -> list[SimilarAccount]:
        """Accounts within reach that ended so, nearest first."""
        shown_only = {"embedder": {"$eq": self._embedder.embedder_id}, "outcome": {"$in": list(outcomes)}}
        try:
            answer = await self._index.query(
                vector=vector,
                top_k=top_k,
                namespace=self._embedder.embedder_id,
                filter=shown_only,
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
        past = account_of(known)
        same = query.domain is not None and query.domain == past.domain
        return SimilarAccount(
            account_id=account_id,
            name=past.name or account_id,
            outcome=outcome,
            reason=text(known, "reason"),
            deal_usd=count(known, "deal_usd"),
            days_to_close=count(known, "days_to_close"),
            distance=max(0.0, round(1.0 - match.score, _DECIMALS)),
            why=(*(("the same company",) if same else ()), *shared_traits(query, past)),
        )


def _reason(error: PineconeError) -> Reason:
    if isinstance(error, PineconeTimeoutError):
        return "timeout"
    if isinstance(error, PineconeConnectionError):
        return "unreachable"
    if isinstance(error, ApiError):
        return reason_of_status(error.status_code)
    return "refused" if isinstance(error, PineconeValueError) else "invalid answer"


def _vendor_error(reason: Reason, wish: float | None = None) -> VendorError:
    return VendorError(reason.replace(" ", "_"), "pinecone", retry_after_s=wish, permanent=reason == "refused")
