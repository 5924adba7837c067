"""Recorded decisions, decided again from their own facts under their own versions, and compared bit for bit.

A replay asks no vendor and no history: each case brings the reads it was decided with. What it needs besides the record
is the routing file and the model of that time, both kept by digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Engine, select

from graph.build import run_batch
from graph.domain.lead import Submission
from graph.domain.trace import Versions
from graph.ports import Ports
from graph.record import Undecided, record_bytes, record_of
from graph.state import Case, Reads, RunContext
from tools.ml.registry import load
from tools.routing_file import parse
from tools.settings import Settings
from tools.store.routing_versions import version_texts
from tools.store.tables import decisions
from tools.versions import code_digest
from tools.xgb import XgbScorer

BATCH = 64
READS: TypeAdapter[Reads] = TypeAdapter(Reads)
SUBMISSION: TypeAdapter[Submission] = TypeAdapter(Submission)


@dataclass(frozen=True, slots=True)
class Difference:
    """One decision that came out otherwise. path: the first place in the record that differs; other_code: the recorded
    decision was made by another release of graph/."""

    lead_id: str
    revision: int
    path: str
    recorded: str
    replayed: str
    other_code: bool


class NotReplayable(Exception):
    """A version that the record names is not kept here."""


def stored_records(engine: Engine, limit: int | None = None) -> Iterator[bytes]:
    """The newest `limit` decision records (all without one), oldest first, read in pages."""
    newest = select(decisions.c.decided_at, decisions.c.lead_id, decisions.c.revision)
    newest = newest.order_by(decisions.c.decided_at.desc(), decisions.c.lead_id.desc(), decisions.c.revision.desc())
    chosen = (newest.limit(limit) if limit is not None else newest).subquery()
    wanted = (
        select(decisions.c.record)
        .join(chosen, (decisions.c.lead_id == chosen.c.lead_id) & (decisions.c.revision == chosen.c.revision))
        .order_by(decisions.c.decided_at, decisions.c.lead_id, decisions.c.revision)
    )
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=500).execute(wanted):
            yield row.record


class Replayer:
    """Decides records again. Tables and models of other times are loaded once each."""

    def __init__(self, settings: Settings, engine: Engine, graph: Any, ports: Ports) -> None:
        self._settings, self._engine, self._graph, self._ports = settings, engine, graph, ports
        self._tables: dict[str, Any] = {}
        self._scorers: dict[str, XgbScorer] = {}

    async def run(self, records: Iterator[bytes]) -> tuple[int, list[Difference]]:
        """(decisions replayed, differences). Raises NotReplayable."""
        count, differences = 0, []
        for raws in _pages(records):
            parsed = [(raw, orjson.loads(raw)) for raw in raws]
            for _, group in groupby(parsed, key=lambda pair: _setting_of(pair[1])):
                pairs = list(group)
                count += len(pairs)
                differences += await self._again(pairs)
        return count, differences

    async def _again(self, pairs: list[tuple[bytes, dict[str, Any]]]) -> list[Difference]:
        context = self._context(pairs[0][1])
        cases = [
            Case(SUBMISSION.validate_python(record["submission"]), reads=READS.validate_python(record["facts"]))
            for _, record in pairs
        ]
        done = await run_batch(self._graph, cases, context)
        return [
            found
            for (raw, record), case in zip(pairs, done, strict=True)
            if (found := _compare(raw, record, case, context))
        ]

    def _context(self, record: dict[str, Any]) -> RunContext:
        versions = Versions(**record["versions"])
        now = SUBMISSION.validate_python(record["submission"] | {"received_at": record["decided_at"]}).received_at
        ports = replace(self._ports, scorer=self._scorer(versions.model))
        return RunContext(now, self._table(versions.routing), versions, ports, record["public_url"])

    def _table(self, digest: str) -> Any:
        if digest not in self._tables:
            kept = version_texts(self._engine, digest)
            if kept is None:
                raise NotReplayable(f"the routing file {digest[:12]} is not in the store")
            self._tables[digest] = parse(kept[0], files=kept[1])
        return self._tables[digest]

    def _scorer(self, digest: str) -> XgbScorer:
        if digest not in self._scorers:
            folder = self._settings.models_dir / digest
            if not folder.is_dir():
                raise NotReplayable(f"the model {digest[:12]} is not in {self._settings.models_dir}")
            self._scorers[digest] = XgbScorer(load(folder).path)
        return self._scorers[digest]


def _pages(records: Iterator[bytes]) -> Iterator[list[bytes]]:
    page: list[bytes] = []
    for raw in records:
        page.append(raw)
        if len(page) == BATCH:
            yield page
            page = []
    if page:
        yield page


def _setting_of(record: dict[str, Any]) -> tuple[Any, ...]:
    """Decisions with the same clock reading and versions can share a run."""
    return (record["decided_at"], tuple(sorted(record["versions"].items())), record["public_url"])


def _compare(raw: bytes, record: dict[str, Any], case: Case, context: RunContext) -> Difference | None:
    try:
        again = record_bytes(record_of(case, context))
    except Undecided:
        again = orjson.dumps({"failure": case.failure})
    if again == raw:
        return None
    path, before, after = first_difference(record, orjson.loads(again))
    other = record["versions"]["code"] != code_digest()
    return Difference(record["lead_id"], record["revision"], path, before, after, other)


def first_difference(before: Any, after: Any, path: str = "") -> tuple[str, str, str]:
    """(path, recorded, replayed) of the first place where two JSON values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(k for k in after if k not in before)]:
            if before.get(key) != after.get(key) or (key in before) != (key in after):
                return first_difference(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
        return path, "other key order", "other key order"
    if isinstance(before, list) and isinstance(after, list):
        for i, (one, other) in enumerate(zip(before, after, strict=False)):
            if one != other:
                return first_difference(one, other, f"{path}[{i}]")
        return path, f"{len(before)} items", f"{len(after)} items"
    return path, repr(before)[:120], repr(after)[:120]
