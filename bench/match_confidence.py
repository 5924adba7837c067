"""Measures how often each kind of evidence is right, and writes the table that confidence comes from:

    ./start.sh python -m bench.match_confidence           prints it
    ./start.sh python -m bench.match_confidence --write   and writes graph/rules/data/match_confidence.csv

Three sources: generated companies of which half are known, asked for with what people type (`bench.companies`); one
half of the parents of SEC Exhibit 21; one half of the domain families, among thousands of other owners. Where the
exhibit has enough of a kind, it alone counts: its names and their strangers are real. The families show one side only, so
that of them and the generated ones the lower share counts. Shares rise with strength (pooled where they do not) and are
(right + 1) / (of + 2), at most .99.

What a source cannot show stays outside: generated companies are strangers to each other by our own dice, and the families
were collected because they are families, so that nothing in them says how often one label has two owners.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Final, TypeAlias

from bench.companies import BRANDS, MIXES, World, ask
from bench.match_data import Case, families, family_cases, half, others, registered, subsidiaries
from graph.rules.matching import confidence as table
from graph.rules.matching.confidence import LEAST_CONFIDENCE, confidence
from graph.rules.matching.deciding import leaders, source_of, tier
from graph.rules.matching.evidence import Evidence
from tools.accounts.matching import AccountIndex

BANDS: Final = 10
ENOUGH: Final = 10
MOST: Final = 0.99
ROUNDS: Final = 2
KNOWN, LEADS, SEED = 20_000, 6_000, 11
WEAKEST: Final = 0.3

Sample: TypeAlias = "tuple[str, float, bool]"
Band: TypeAlias = "tuple[float, int, int]"
OUT: Final = Path(__file__).parents[1] / "graph" / "rules" / "data" / table.TABLE


def generated() -> tuple[AccountIndex, list[Case]]:
    """Every second company is known; leads of all kinds come from both."""
    world = World(SEED, 2 * KNOWN * BRANDS)
    made = list(world.companies(2 * KNOWN))
    draw = Random(SEED)
    cases = []
    for number in range(LEADS):
        known = number % 2 == 0
        company = made[2 * draw.randrange(KNOWN) + (not known)]
        mix = draw.choice(MIXES[:4]) if known else draw.choice(MIXES[2:])
        asked = ask(company, mix, draw)
        if mix == "other domain" and asked.domain and world.has(asked.domain):
            continue  # it is somebody else's, as we made them
        cases.append(Case(asked, company.account.key if known else "", company.account.key))
    return AccountIndex.build(company.account for company in made[::2]), cases


def real() -> Iterator[tuple[str, AccountIndex, list[Case]]]:
    """Half 0 of each."""
    yield "ex21", AccountIndex.build(registered()), list(half(subsidiaries(), 0))
    accounts, cases = family_cases(families())
    taken = {host for family in families() for host in family}
    index = AccountIndex.build([*accounts, *(one for one in others(taken) if one.key not in {a.key for a in accounts})])
    yield "families", index, list(half(cases, 0))


def samples(index: AccountIndex, cases: Iterable[Case]) -> Iterator[Sample]:
    """(kind, strength, right) of each piece that would be the answer if it were sure enough."""
    for case in cases:
        pieces = sorted(index.evidence(case.ask, least=WEAKEST), key=source_of)
        for _, group in groupby(pieces, key=source_of):
            yield from _of_source(list(group), case.key)


def _of_source(pieces: list[Evidence], key: str) -> Iterator[Sample]:
    for _, same in groupby(sorted(pieces, key=tier, reverse=True), key=tier):
        alike = list(same)
        top = leaders(alike)
        if len(top) == 1:
            yield top[0].kind, top[0].strength, key in (top[0].key, top[0].root)
        if any(confidence(piece.kind, piece.strength) >= LEAST_CONFIDENCE for piece in alike):
            return  # weaker kinds are not looked at


def bands(found: Iterable[tuple[float, bool]]) -> list[Band]:
    """(least strength, right, of): tenths of the scale, pooled with the one below while the share does not rise. A band
    with fewer than ENOUGH samples is left out: what falls there has the confidence of the band below, if there is one."""
    cells: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for strength, right in found:
        cell = cells[min(int(strength * BANDS + 1e-9), BANDS)]
        cell[0] += right
        cell[1] += 1
    pooled: list[Band] = []
    for at in sorted(cells):
        pooled.append((at / BANDS, *cells[at]))
        while len(pooled) > 1 and _share(pooled[-2]) >= _share(pooled[-1]):
            last, before = pooled.pop(), pooled.pop()
            pooled.append((before[0], before[1] + last[1], before[2] + last[2]))
    return [band for band in pooled if band[2] >= ENOUGH]


def _share(band: Band) -> float:
    return min(MOST, (band[1] + 1) / (band[2] + 2))


def rows(by_source: dict[str, list[Sample]]) -> list[str]:
    """The lines of the table."""
    kinds = sorted({kind for found in by_source.values() for kind, _, _ in found} - table.NEVER_ALONE)
    lines = []
    for kind in kinds:
        measured = {
            source: own
            for source, found in by_source.items()
            if (own := bands((strength, right) for each, strength, right in found if each == kind))
        }
        measured = {"ex21": measured["ex21"]} if "ex21" in measured else measured
        said: list[tuple[float, float, str]] = []
        for least in sorted({band[0] for own in measured.values() for band in own}, reverse=True):
            shares = [(_share(band), band, source) for source, own in measured.items() if (band := _at(own, least))]
            share, (_, right, of), source = min(shares)
            if said and share >= said[-1][1]:
                said[-1] = (least, *said[-1][1:])  # a stronger piece is never less sure than a weaker one
            else:
                said.append((least, share, f"{right},{of},{source}"))
        lines += [f"{kind},{least:.2f},{share:.3f},{rest}" for least, share, rest in reversed(said)]
    return lines


def _at(own: list[Band], least: float) -> Band | None:
    return next((band for band in reversed(own) if band[0] <= least), None)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {OUT.name}")
    options = parser.parse_args()
    parts = [("generated", *generated()), *real()]
    text = ""
    for _ in range(ROUNDS if options.write else 1):  # what is sure enough decides which kinds are looked at
        by_source = {source: list(samples(index, cases)) for source, index, cases in parts}
        head = [
            "# Measured and written by `python -m bench.match_confidence --write`.",
            "kind,least,confidence,right,of,source",
        ]
        text = "\n".join([*head, *rows(by_source)]) + "\n"
        if options.write:
            OUT.write_text(text, encoding="utf-8")
            table.forget()
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
