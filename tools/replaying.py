"""Recorded decisions, decided again from their own facts under their own versions, and compared bit for bit.

A replay asks no vendor and no history: each case brings the reads it was decided with. What it needs besides the record
is the routing file and the model of that time, both kept by digest.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import TypeAdapter
from sqlalchemy import Engine

from graph.build import run_directly
from graph.domain.lead import Submission
from graph.domain.scoring import ModelOutput
from graph.domain.trace import Versions
from graph.features.vector import NAMES
from graph.ports import Ports
from graph.record import Undecided, record_bytes, record_of
from graph.state import Case, Reads, RunContext
from tools.ml.registry import load
from tools.routing_file import parse
from tools.settings import Settings
from tools.store.past import EVERYTHING, Chosen, past_records
from tools.store.routing_versions import version_texts
from tools.versions import code_digest
from tools.wiring import build_ports, open_store
from tools.xgb import XgbScorer

BATCH = 256
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


def stored_records(engine: Engine, chosen: Chosen = EVERYTHING) -> Iterator[bytes]:
    """Decision records, oldest first, read in pages."""
    return (record for _, record in past_records(engine, chosen))


class Known:
    """A scorer that has scored the recorded rows of a whole page at once: the bits do not depend on the batch, and a row
    that comes out otherwise than recorded is scored by itself."""

    def __init__(self, scorer: XgbScorer, rows: NDArray[np.float32]) -> None:
        self._scorer, self.digest, self.name = scorer, scorer.digest, scorer.name
        self._outputs = {row.tobytes(): output for row, output in zip(rows, scorer.score(rows), strict=True)}

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        found = [self._outputs.get(row.tobytes()) for row in rows]
        known = [output for output in found if output is not None]
        return known if len(known) == len(found) else self._scorer.score(rows)


class Replayer:
    """Decides records again. Tables and models of other times are loaded once each; a page under the same versions is
    scored at once. Most decisions have a time of their own and so a run of their own, which is why the nodes are run
    without the graph around them."""

    def __init__(self, settings: Settings, engine: Engine, ports: Ports) -> None:
        self._settings, self._engine, self._ports = settings, engine, ports
        self._tables: dict[str, Any] = {}
        self._scorers: dict[str, XgbScorer] = {}

    async def run(self, records: Iterator[bytes], share: int = 0, shares: int = 1) -> tuple[int, list[Difference]]:
        """(decisions replayed, differences) of each page whose number is `share` modulo `shares`. Raises NotReplayable."""
        count, differences = 0, []
        for raws in islice(_pages(records), share, None, shares):
            parsed = [(raw, orjson.loads(raw)) for raw in raws]
            for _, same in groupby(parsed, key=lambda pair: sorted(pair[1]["versions"].items())):
                page = list(same)
                scorer = self._known(page)
                for _, group in groupby(page, key=lambda pair: (pair[1]["decided_at"], pair[1]["public_url"])):
                    pairs = list(group)
                    count += len(pairs)
                    differences += await self._again(pairs, scorer)
        return count, differences

    async def _again(self, pairs: list[tuple[bytes, dict[str, Any]]], scorer: Known) -> list[Difference]:
        record = pairs[0][1]
        now = SUBMISSION.validate_python(record["submission"] | {"received_at": record["decided_at"]}).received_at
        versions = Versions(**record["versions"])
        ports = replace(self._ports, scorer=scorer, challenge=None)
        context = RunContext(now, self._table(versions.routing), versions, ports, record["public_url"])
        cases = [
            Case(SUBMISSION.validate_python(record["submission"]), reads=READS.validate_python(record["facts"]))
            for _, record in pairs
        ]
        done = await run_directly(cases, context)
        return [
            found
            for (raw, record), case in zip(pairs, done, strict=True)
            if (found := _compare(raw, record, case, context))
        ]

    def _known(self, page: list[tuple[bytes, dict[str, Any]]]) -> Known:
        """The scorer of these records' model, with the rows that they hold. A number that is none is null in JSON."""
        vectors = [[math.nan if x is None else x for x in record["features"]] for _, record in page]
        rows = np.array([row for row in vectors if len(row) == len(NAMES)], dtype=np.float32).reshape(-1, len(NAMES))
        return Known(self._scorer(page[0][1]["versions"]["model"]), rows)

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


def replay_share(settings: Settings, chosen: Chosen, share: int, shares: int) -> tuple[int, list[Difference]]:
    """One process's share of a replay, with a store and ports of its own."""
    store = open_store(settings)
    try:
        replayer = Replayer(settings, store.engine, build_ports(settings, store))
        return asyncio.run(replayer.run(stored_records(store.engine, chosen), share, shares))
    finally:
        store.close()


def _pages(records: Iterator[bytes]) -> Iterator[list[bytes]]:
    page: list[bytes] = []
    for raw in records:
        page.append(raw)
        if len(page) == BATCH:
            yield page
            page = []
    if page:
        yield page


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
