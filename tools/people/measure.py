"""How often each code is right: all pairs of generated people that share a key, judged as the router judges them online.

    app.py dedupe measure [--records 400000] [--seed 5] [--keep]

Says pairs, precision and its lower bound by code, and what share of all true pairs is found. `--keep` writes the lower bounds
(Wilson, 95%) into graph/rules/people/data/confidences.json, which the router reads. Measured on invented people they are an
order of trust rather than an experience.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from pathlib import Path
from typing import Any, Final

import orjson

import graph
from graph.rules.emails import read_address
from graph.rules.people.evidence import CROWDED, PLAUSIBLE, SURE, confidences, evidence
from graph.rules.people.names import name_key
from graph.rules.people.traits import Traits, keys_of, traits_of
from tools.people.normalising import who_of
from tools.people.world import People

DATA: Final = Path(graph.__file__).parent / "rules" / "people" / "data" / "confidences.json"
LARGEST_BLOCK = 50
"""Leads behind one key that are compared; the store reads no more either."""


@dataclass(slots=True)
class Told:
    """right, wrong: pairs by code; true_pairs: of one person, however they are written; found: those of them by any code of
    the confidence in the key."""

    right: Counter[str]
    wrong: Counter[str]
    true_pairs: int


def traits_in(people: People) -> list[Traits]:
    rows = zip(people.record_id, people.full_name, people.email, people.phone, people.company, strict=True)
    return [traits_of(who_of(*row)) for row in rows]


def measured(people: People) -> Told:
    traits = traits_in(people)
    names = Counter(key for one in traits if (key := name_key(one.name)) is not None)
    behind: dict[str, set[str]] = {}
    for one in traits:
        if one.phone is not None and one.name is not None:
            behind.setdefault(one.phone, set()).add(name_key(one.name) or "")
    told = Told(Counter(), Counter(), 0)
    for a, b in _pairs(traits):
        one, other = traits[a], traits[b]
        leads = max(names[name_key(each.name) or ""] for each in (one, other))
        crowd = min(CROWDED, len(behind.get(one.phone or "", ())))
        code = evidence(one, other, name_leads=leads, phone_names=crowd)
        if code != "none":
            (told.right if people.person[a] == people.person[b] else told.wrong)[code] += 1
    sizes = Counter(people.person)
    told.true_pairs = sum(size * (size - 1) // 2 for size in sizes.values())
    return told


def _pairs(traits: list[Traits]) -> Iterator[tuple[int, int]]:
    blocks: dict[int | str, list[int]] = {}
    for place, one in enumerate(traits):
        address = read_address(one.who.email) if one.mailbox else None
        keys: list[int | str] = [*keys_of(one), *([address.person] if address else [])]
        for key in keys:
            blocks.setdefault(key, []).append(place)
    seen: set[tuple[int, int]] = set()
    for block in blocks.values():
        if len(block) <= LARGEST_BLOCK:
            for pair in combinations(block, 2):
                if pair not in seen:
                    seen.add(pair)
                    yield pair


def lower_bound(right: int, wrong: int) -> float:
    """Wilson's lower bound of a share at 95% (E. B. Wilson, JASA 22, 1927)."""
    n, z = right + wrong, 1.96
    if n == 0:
        return 0.0
    share = right / n
    return (share + z * z / (2 * n) - z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def table(told: Told, known: Mapping[Any, float]) -> str:
    lines = [f"{'code':22}{'pairs':>9}{'right':>9}{'precision':>11}{'at least':>10}{'of true pairs':>15}"]
    codes = sorted({*told.right, *told.wrong}, key=lambda code: -lower_bound(told.right[code], told.wrong[code]))
    for code in codes:
        right, wrong = told.right[code], told.wrong[code]
        share = right / (right + wrong)
        lines.append(
            f"{code:22}{right + wrong:9,}{right:9,}{share:11.4f}{lower_bound(right, wrong):10.4f}{right / told.true_pairs:15.1%}"
        )
    for text, least in (("sure", SURE), ("plausible", PLAUSIBLE)):
        of = [code for code in codes if known.get(code, 0.0) >= least]
        right, wrong = sum(told.right[c] for c in of), sum(told.wrong[c] for c in of)
        share = right / (right + wrong) if right + wrong else 0.0
        lines.append(
            f"{text + f' (from {least})':22}{right + wrong:9,}{right:9,}{share:11.4f}{'':10}{right / told.true_pairs:15.1%}"
        )
    return "\n".join(lines)


def report(told: Told, records: int, seed: int) -> str:
    """What the command prints."""
    return (
        f"{table(told, confidences())}\n{told.true_pairs:,} true pairs among {records:,} invented records, seed {seed}"
    )


def keep(told: Told, made_by: str, path: Path = DATA) -> None:
    """Write the lower bounds as the confidences that the router reads from its next start on."""
    codes = sorted({*told.right, *told.wrong})
    found = {"merged": 1.0} | {code: round(lower_bound(told.right[code], told.wrong[code]), 4) for code in codes}
    path.write_bytes(orjson.dumps({"made_by": made_by, "confidences": found}, option=orjson.OPT_INDENT_2) + b"\n")
    confidences.cache_clear()
