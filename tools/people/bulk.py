"""All pairs of a prepared table that may be one person, each with code and confidence; and the groups they make.

Splink finds the pairs and says how probable each is; the rules of the online look-up give the code and have the last word on
what tells two people apart. So a code means the same wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from graph.domain.evidence import PersonCode
from graph.domain.person import Who
from graph.rules.people.evidence import SAID, SURE, confidences, evidence, namesakes
from graph.rules.people.names import alike
from graph.rules.people.traits import Traits, traits_of
from tools.people.model import READY, database, linker_of
from tools.people.preparing import Progress

LEAST: Final = 0.5
THRESHOLD: Final = 0.95
_BATCH: Final = 50_000
_SIDE: Final = ("id", "full_name", "email", "phone", "company", "domain", "parent")


class Pair(NamedTuple):
    """confidence: the probability by the columns together (0..1); agreed: which columns, in words; sure: one person without
    asking, by the rule's own record and by the columns."""

    one: str
    other: str
    code: PersonCode
    confidence: float
    agreed: str
    sure: bool
    apart: str


@dataclass(frozen=True, slots=True)
class Found:
    """pairs: surest first; learnt: how the model came to its chances; looked_at: pairs above LEAST before the rules."""

    rows: int
    pairs: list[Pair]
    learnt: str
    looked_at: int


def find_pairs(
    prepared: Path,
    rows: int,
    progress: Progress,
    *,
    least: float = LEAST,
    threshold: float = THRESHOLD,
    work: Path | None = None,
) -> Found:
    """prepared: see `preparing`; least: pairs below it are left out; threshold: from it on a pair may be sure."""
    if rows < 2:
        return Found(rows, [], "one row has no pair", 0)
    with database(work) as connection:
        connection.execute("CREATE TABLE people AS SELECT * FROM read_parquet(?)", [str(prepared)])
        connection.execute(READY)
        progress("learning what agrees by chance", 0.35)
        linker, learnt = linker_of(connection, "ready", rows)
        progress("comparing records", 0.5)
        predicted = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
        connection.execute(_COUNTS)
        progress("naming what agrees", 0.8)
        pairs: list[Pair] = []
        looked_at = 0
        for row in _rows(connection, predicted.physical_name):
            looked_at += 1
            pair = _judged(row, threshold)
            if pair is not None:
                pairs.append(pair)
    pairs.sort(key=lambda pair: (not pair.sure, -pair.confidence, pair.one, pair.other))
    return Found(rows, pairs, learnt, looked_at)


_COUNTS: Final = """
CREATE TABLE name_counts AS SELECT name_key, count(*) AS leads FROM people WHERE name_key IS NOT NULL GROUP BY name_key
"""


def _rows(connection: Any, predicted: str) -> Iterator[tuple[Any, ...]]:
    """match probability, name leads, phone names, then both sides' columns."""
    sides = ", ".join(f"{side}.{column}" for side in ("a", "b") for column in _SIDE)
    cursor = connection.execute(
        f"""
        SELECT p.match_probability, greatest(coalesce(n.leads, 1), coalesce(o.leads, 1)), coalesce(f.names, 1), {sides}
        FROM {predicted} p JOIN people a ON a.place = p.place_l JOIN people b ON b.place = p.place_r
        LEFT JOIN name_counts n ON n.name_key = a.name_key LEFT JOIN name_counts o ON o.name_key = b.name_key
        LEFT JOIN phone_counts f ON f.phone = a.phone
        """  # noqa: S608 - names of our own tables and columns
    )
    while batch := cursor.fetchmany(_BATCH):
        yield from batch


def _judged(row: tuple[Any, ...], threshold: float) -> Pair | None:
    """None for two whom something tells apart, and for one lead under one address."""
    probability, leads, names = row[:3]
    one, other = traits_of(Who(*row[3:10])), traits_of(Who(*row[10:17]))
    code = evidence(one, other, name_leads=leads, phone_names=names)
    if code == "none":
        if (
            one.name is None
            or other.name is None
            or namesakes(one, other)
            or alike(one.name, other.name) == "different"
        ):
            return None
        code = "statistical"
    sure = probability >= threshold and confidences().get(code, 0.0) >= SURE
    apart = "|".join(sorted({side.name.generation for side in (one, other) if side.name and side.name.generation}))
    first, second = sorted((one.who.lead_id, other.who.lead_id))
    return Pair(first, second, code, round(probability, 6), agreed(one, other, code), sure, apart)


def agreed(one: Traits, other: Traits, code: PersonCode) -> str:
    """Which columns agree, and what the code says."""
    same = [
        word
        for word, both in (
            ("phone", one.phone is not None and one.phone == other.phone),
            ("e-mail", one.who.email is not None and one.who.email == other.who.email),
            ("mailbox name", one.mailbox is not None and one.mailbox == other.mailbox),
            ("domain", not one.domains.isdisjoint(other.domains)),
            ("company", bool(one.typed) and one.typed == other.typed),
        )
        if both
    ]
    return f"{SAID[code]} (agree: {', '.join(['name', *same])})"
