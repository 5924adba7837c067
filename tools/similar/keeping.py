"""Keeps past accounts ready to be searched; one task of the dispatcher, or one call from the command line.

What the embedder has not seen yet is embedded, a page at a time, and kept under the embedder's id. After a change of
embedder that is everything: until it is done, searches see the accounts that are. A vendor that keeps vectors itself
(Pinecone) is told of every change instead. When much is new, a snapshot is written for all processes of this host, with
graphs where it is large. How far it is stands in the store, for /health and people.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tools.account_metadata import PastAccount
from tools.asking import ReadError
from tools.clock import utc_now
from tools.embedders import Embedder, direction
from tools.similar import graphs, snapshot, writing
from tools.store.past_reading import Change, counts, everything, last_number, since
from tools.store.past_state import note_state
from tools.store.past_vectors import keep_vectors, without_vector

log = structlog.get_logger(__name__)
STATE = "similar"
BATCH = 200  # accounts embedded at once
SNAPSHOT_FROM = 5_000
"""Fewer accounts are read from the store into memory in some 0.1 s; more are worth files."""
SNAPSHOT_SHARE = 0.05  # of the accounts new since the last snapshot
LOOK_S, LONGEST_PAUSE_S = 1.0, 60.0
SHARE = 20.0  # counting a large store may use a twentieth of the time


class Elsewhere(Protocol):
    """A vendor that keeps vectors."""

    name: str

    async def store(self, accounts: Sequence[PastAccount]) -> int: ...

    async def remove(self, keys: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How past accounts are kept. folder: of snapshots, None for none; elsewhere: the vendor that keeps the vectors;
    prepare: what is to be in the store before anything else, called in a thread."""

    embedder: Embedder
    folder: Path | None = None
    elsewhere: Elsewhere | None = None
    exact_up_to: int = 50_000
    gate: graphs.Gate = field(default_factory=graphs.Gate)
    snapshot_from: int = SNAPSHOT_FROM
    prepare: Callable[[], object] = lambda: None


class Keeper:
    def __init__(self, engine: Engine, plan: Plan, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine, self._plan, self._clock = engine, plan, clock
        self._id = plan.embedder.embedder_id
        if plan.elsewhere is not None:
            self._id = f"{plan.elsewhere.name}/{self._id}"
        self._done_at, self._prepared = -1, False

    async def run(self) -> None:
        """Until cancelled. A failure waits longer each time it comes again, and shows in the state."""
        pause = LOOK_S
        while True:
            began = time.monotonic()
            try:
                if await asyncio.to_thread(last_number, self._engine) != self._done_at:
                    await self.once()
                pause = min(LONGEST_PAUSE_S, max(LOOK_S, SHARE * (time.monotonic() - began)))
            except (ReadError, SQLAlchemyError, OSError) as error:
                pause = min(LONGEST_PAUSE_S, 2 * pause)
                why = error.reason if isinstance(error, ReadError) else type(error).__name__
                log.warning("past accounts wait", error=why, again_in_s=pause)
                with contextlib.suppress(SQLAlchemyError):  # the store itself is away: there is nowhere to note it
                    await asyncio.to_thread(self._note, {"waits_for": why})
            await asyncio.sleep(pause)

    async def once(self, say: Callable[[str], None] | None = None) -> dict[str, Any]:
        """Embed what is missing, and write a snapshot where it is due; returns the state. Raises ReadError (the embedder,
        or the vendor that keeps vectors)."""
        if not self._prepared:
            await asyncio.to_thread(self._plan.prepare)
            self._prepared = True
        number = await asyncio.to_thread(last_number, self._engine)
        total = 0
        while new := await asyncio.to_thread(self._missing):
            total += await self._embed(new)
            if total >= BATCH:
                state = await asyncio.to_thread(self._note, {})
                log.info("past accounts embedded", embedder=self._id, **_progress(state))
                if say is not None:
                    say(f"{state['embedded']:,} of {state['closed']:,} accounts embedded")
            number = await asyncio.to_thread(last_number, self._engine)
        state = await asyncio.to_thread(self._settle, say)
        self._done_at = number
        return state

    async def aclose(self) -> None:
        """Close what holds connections."""
        for part in (self._plan.embedder, self._plan.elsewhere):
            close = getattr(part, "aclose", None)
            if close is not None:
                await close()

    def _missing(self) -> list[Change]:
        return without_vector(
            self._engine, self._id, BATCH, after=self._done_at, elsewhere=self._plan.elsewhere is not None
        )

    async def _embed(self, new: list[Change]) -> int:
        elsewhere = self._plan.elsewhere
        if elsewhere is not None:
            await elsewhere.remove([change.key for change in new if change.past is None])
            await elsewhere.store([change.past for change in new if change.past is not None])
            made = [(change, None) for change in new]
            return await asyncio.to_thread(keep_vectors, self._engine, self._id, made, self._clock())
        vectors = await self._plan.embedder.embed([change.past.account for change in new if change.past is not None])
        directed = [(change, direction(vector)) for change, vector in zip(new, vectors, strict=True)]
        return await asyncio.to_thread(keep_vectors, self._engine, self._id, directed, self._clock())

    def _settle(self, say: Callable[[str], None] | None) -> dict[str, Any]:
        plan = self._plan
        if plan.folder is None or plan.elsewhere is not None:
            return self._note({})
        root = plan.folder / snapshot.slug(self._id)
        standing = snapshot.current(root)
        if self._due(standing):
            if say is not None:
                say("writing a snapshot")
            with writing.only_one(root) as mine:
                if mine:
                    standing = write_snapshot(self._engine, root, plan)
        return self._note({} if standing is None else {"search": standing.manifest["search"], "rows": len(standing)})

    def _due(self, standing: snapshot.Snapshot | None) -> bool:
        after, rows = (0, 0) if standing is None else (standing.number, len(standing))
        new = since(self._engine, after)
        return new > max(self._plan.snapshot_from, SNAPSHOT_SHARE * rows)

    def _note(self, more: dict[str, Any]) -> dict[str, Any]:
        state = {"embedder": self._id, **counts(self._engine, self._id), "search": {"by": "exact"}, **more}
        state["at"] = self._clock().isoformat(timespec="seconds")
        with self._engine.execution_options(immediate=True).begin() as connection:
            note_state(connection, STATE, state, self._clock())
        return state


def write_snapshot(engine: Engine, root: Path, plan: Plan) -> snapshot.Snapshot:
    """What the store has now, as the newest snapshot, with graphs where it is large and they pass the gate."""
    number = last_number(engine)  # first: what changes while the rest is read is read again afterwards
    accounts = (
        (change.key, change.past, change.vector)
        for change in everything(engine, plan.embedder.embedder_id)
        if change.past is not None and change.vector is not None and change.vector.any()
    )
    folder = writing.write(
        root,
        accounts,
        embedder=plan.embedder.embedder_id,
        dimensions=plan.embedder.dimensions,
        number=number,
        exact_up_to=plan.exact_up_to,
    )
    written = snapshot.Snapshot(folder)
    if len(written) > plan.exact_up_to:
        said = graphs.build(written, plan.gate)
        log.info("past accounts have graphs", **{name: said[name] for name in ("by", "recall", "gate")})
        written = snapshot.Snapshot(folder)
    writing.publish(root, folder)
    return written


def _progress(state: dict[str, Any]) -> dict[str, Any]:
    return {name: state[name] for name in ("embedded", "closed")}
