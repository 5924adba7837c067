"""The port `SimilarAccounts` over the store: past accounts as they are now, in every process.

    the newest snapshot (files) + what changed since (in memory)   searched together
    once a second: is there a later number in the store, or a newer snapshot? only what is new is read

A search never waits for the store, but for the first: it answers from what was last seen. Never writes an outcome.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from graph.domain.account import SimilarAccount
from graph.domain.facts import Absent, Fact, Found, Unavailable
from graph.ports import AccountQuery
from tools.account_metadata import ANY, Wanted, similar_of
from tools.asking import ReadError, Reason
from tools.embedders import Computes, Embedder, direction
from tools.similar import graphs, snapshot
from tools.similar.blocks import Block, Directions, Growing
from tools.similar.searching import REACH, nearest_each
from tools.store.past_reading import Change, changes, last_number
from tools.store.past_rows import PAGE

log = structlog.get_logger(__name__)
AT_ONCE = 20
"""Pages that a look reads; a store with more that is new, and no snapshot, is read over several looks."""
_INLINE = 2_000  # accounts: a search over more, a millisecond or so, leaves the event loop to others


class StoredSimilar:
    """Implements `SimilarAccounts`.

    folder: of snapshots, this host's own. look_every_s: 0 looks before each search, which then waits for it.
    deadline_s: for an embedder that asks somebody.
    """

    source = "past_accounts"

    def __init__(
        self,
        engine: Engine,
        embedder: Embedder,
        *,
        folder: Path | None = None,
        reach: float = REACH,
        look_every_s: float = 1.0,
        deadline_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        """prepare: called once before the first look, in a thread."""
        self._engine, self._embedder, self._reach = engine, embedder, reach
        self._root = None if folder is None else folder / snapshot.slug(embedder.embedder_id)
        self._every_s, self._deadline_s, self._clock, self._prepare = look_every_s, deadline_s, clock, prepare
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="similar")
        self._lock = threading.Lock()  # between a search and what a look puts in
        self._looking = threading.Lock()
        self._base: snapshot.Snapshot | None = None
        self._graphs: graphs.Graphs | None = None
        self._fresh = Growing()
        self._seen = 0
        self._looked_at: float | None = None
        self._look_task: asyncio.Task[None] | None = None

    async def nearest(
        self, queries: Sequence[AccountQuery], k: int, now: datetime, wanted: Wanted = ANY
    ) -> Sequence[Fact[tuple[SimilarAccount, ...]]]:
        """The k nearest closed accounts of each query within reach, nearest first; among them a lost and a won one where
        one is within reach and k is at least 2. Under a condition, those that fit it. Absent where nothing is near."""
        if not queries:
            return []
        try:
            await self._be_current()
            directions = await self._directions(queries)
        except ReadError as error:
            return [Unavailable(self.source, now, error.reason) for _ in queries]
        if len(self) > _INLINE:
            answers = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._search, queries, directions, k, wanted
            )
        else:
            answers = self._search(queries, directions, k, wanted)
        return [Found(answer, self.source, now) if answer else Absent(self.source, now) for answer in answers]

    def __len__(self) -> int:
        """Accounts that are searched."""
        base = self._base
        return len(self._fresh) - self._fresh.dead + (len(base) - base.dead if base else 0)

    def describe(self) -> dict[str, Any]:
        """What is searched, and how."""
        base = self._base
        return {
            "embedder": self._embedder.embedder_id,
            "accounts": len(self),
            "in_snapshot": len(base) - base.dead if base else 0,
            "search": base.manifest["search"] if base else {"by": "exact"},
        }

    async def look(self) -> None:
        """Take in what is new. Raises ReadError where the store cannot be read."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._look)

    async def aclose(self) -> None:
        if self._look_task is not None:
            await asyncio.wait([self._look_task])
        close = getattr(self._embedder, "aclose", None)
        if close is not None:
            await close()
        self._threads.shutdown(wait=True)

    async def _be_current(self) -> None:
        now = self._clock()
        if self._looked_at is None or self._every_s == 0:
            await self.look()
            self._looked_at = now
        elif now - self._looked_at >= self._every_s and (self._look_task is None or self._look_task.done()):
            self._looked_at = now
            self._look_task = asyncio.create_task(self._look_behind())

    async def _look_behind(self) -> None:
        try:
            await self.look()
        except ReadError as error:
            log.warning("past accounts stay as they were", error=error.reason)

    async def _directions(self, queries: Sequence[AccountQuery]) -> list[Directions]:
        if isinstance(self._embedder, Computes):
            return [self._embedder.computed(query) for query in queries]
        try:
            async with asyncio.timeout(self._deadline_s):
                return [direction(made) for made in await self._embedder.embed(queries)]
        except TimeoutError as error:
            raise ReadError("timeout") from error

    def _search(
        self, queries: Sequence[AccountQuery], directions: Sequence[Directions], k: int, wanted: Wanted
    ) -> list[tuple[SimilarAccount, ...]]:
        with self._lock:
            blocks: tuple[Block, ...] = (self._fresh,) if self._base is None else (self._base, self._fresh)
            propose = self._propose if self._graphs is not None else None
            found = nearest_each(blocks, directions, k, wanted=wanted, reach=self._reach, propose=propose)
        return [
            tuple(similar_of(query, hit.past, hit.distance) for hit in hits)
            for query, hits in zip(queries, found, strict=True)
        ]

    def _propose(self, block: Block, one: Directions, k: int) -> Iterable[int] | None:
        return self._graphs.propose(one, k) if block is self._base and self._graphs is not None else None

    def _look(self) -> None:
        with self._looking:  # a second look would read the same again
            try:
                if self._prepare is not None:
                    self._prepare()
                    self._prepare = None
                self._open_newest()
                self._catch_up()
            except SQLAlchemyError as error:
                raise ReadError(_UNREACHABLE) from error

    def _open_newest(self) -> None:
        if self._root is None:
            return
        name = snapshot.newest_name(self._root)
        if name is None or (self._base is not None and self._base.folder.name == name):
            return
        newer = snapshot.current(self._root)
        if newer is None or newer.manifest["embedder"] != self._embedder.embedder_id:
            return
        with self._lock:
            self._base, self._graphs = newer, graphs.opened(newer)
            self._fresh, self._seen = Growing(), newer.number

    def _catch_up(self) -> None:
        last = last_number(self._engine)
        for _ in range(AT_ONCE):
            if self._seen >= last:
                return
            new = changes(self._engine, self._seen, self._embedder.embedder_id)
            directed = [(change, self._direction_of(change)) for change in new]
            with self._lock:
                for change, made in directed:
                    self._take(change, made)
                self._seen = new[-1].number if len(new) >= PAGE else max(last, new[-1].number if new else 0)

    def _direction_of(self, change: Change) -> NDArray[np.float32] | None:
        if change.past is None:
            return None
        if change.vector is None and isinstance(self._embedder, Computes):
            return self._embedder.computed(change.past.account)
        return change.vector

    def _take(self, change: Change, made: NDArray[np.float32] | None) -> None:
        if self._base is not None:
            self._base.drop(change.key)
        if change.past is None or made is None or not made.any():
            self._fresh.drop(change.key)  # not closed, not embedded yet, or like nothing
        else:
            self._fresh.put(change.key, change.past, made)


_UNREACHABLE: Reason = "unreachable"
