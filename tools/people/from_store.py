"""The leads of the store through the bulk matcher: what is sure becomes a link, the rest a question. No lead is touched."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, func, select

from graph.domain.evidence import PersonMatch
from graph.domain.person import Who
from graph.rules.people.evidence import SAID, confidences
from graph.rules.people.matching import is_sure
from tools.people.bulk import Found, Pair, find_pairs
from tools.people.preparing import Progress, prepared
from tools.store.people import who_in
from tools.store.people_commit import wait
from tools.store.people_edges import CannotSay, Links, links_of, pair_of, say
from tools.store.tables import leads

DEDUPE: Final = "dedupe"
_BATCH: Final = 5_000
_COLUMNS: Final = ("lead_id", "full_name", "email", "phone", "domain", "parent_domain", "form")


@dataclass(slots=True)
class Applied:
    """left: pairs that people, or earlier runs, have settled or told apart."""

    merged: int = 0
    queued: int = 0
    left: int = 0


def pairs_of_store(engine: Engine, progress: Progress, least: float, threshold: float) -> Found:
    with tempfile.TemporaryDirectory(prefix="dedupe-") as folder:
        ready = Path(folder) / "people.parquet"
        rows = prepared(_people(engine, progress), ready)
        found = find_pairs(ready, rows, progress, least=least, threshold=threshold)
    pairs = [pair._replace(sure=pair.sure and _without_asking(pair)) for pair in found.pairs]
    return Found(found.rows, pairs, found.learnt, found.looked_at)


def _without_asking(pair: Pair) -> bool:
    """The same bar as at intake: what rests on words that anybody may type is a question here too."""
    return is_sure(PersonMatch(pair.other, pair.code, confidences().get(pair.code, 0.0), ""))


def _people(engine: Engine, progress: Progress) -> Iterator[list[Who]]:
    with engine.connect() as connection:
        whole = int(connection.scalar(select(func.count()).select_from(leads)) or 0)
        wanted: Any = select(*(leads.c[name] for name in _COLUMNS)).order_by(leads.c.lead_id)
        done = 0
        for batch in connection.execution_options(yield_per=_BATCH).execute(wanted).partitions():
            done += len(batch)
            progress("reading leads", 0.3 * done / max(whole, 1))
            yield [who_in(row) for row in batch]


def apply(engine: Engine, found: Found, now: datetime) -> Applied:
    """Merge the sure pairs, surest first, and queue the rest. What people have said, or undone, is respected."""
    done = Applied()
    for at in range(0, len(found.pairs), _BATCH):
        batch = found.pairs[at : at + _BATCH]
        with engine.connect() as connection:
            links = links_of(connection, {one for pair in batch for one in (pair.one, pair.other)})
        asked: list[Pair] = []
        for pair in batch:
            if pair.other in links.group(pair.one) or links.apart(pair.one, pair.other):
                done.left += 1
            elif pair.sure and not links.undone(pair.one, pair.other):
                _merge(engine, pair, now, done)
            else:
                asked.append(pair)
        _queue(engine, asked, links, now)
        done.queued += len(asked)
    return done


def _merge(engine: Engine, pair: Pair, now: datetime, done: Applied) -> None:
    why = f"{SAID[pair.code][:1].upper()}{SAID[pair.code][1:]}."
    try:
        made = say(
            engine,
            pair.one,
            pair.other,
            "same",
            by=DEDUPE,
            why=why,
            now=now,
            code=pair.code,
            confidence=pair.confidence,
        )
    except CannotSay:  # joined with, or told apart from, another lead of the group meanwhile
        made = False
    done.merged += made
    done.left += not made


def _queue(engine: Engine, pairs: list[Pair], links: Links, now: datetime) -> None:
    known = confidences()
    rows: list[tuple[str, str, str, float, str]] = []
    for pair in pairs:
        if not links.apart(pair.one, pair.other):
            least = min(pair.confidence, known.get(pair.code, pair.confidence))
            rows.append((*pair_of(pair.one, pair.other), pair.code, least, f"{pair.agreed}."))
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        wait(connection, rows, DEDUPE, now)
