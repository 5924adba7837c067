"""What is valid in a routing file and yet hardly meant: one place under two names, prefixes that say things twice, names
nobody uses, weights that give no turns. Each with a way out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from operator import itemgetter
from typing import Final

from graph.domain.table import Place, RoutingTable
from graph.rules.places import ALIASES, written_country
from graph.rules.proof.segments import shared_leads
from tools.routing_file.fields import Draft, Field
from tools.routing_file.findings import Finding
from tools.routing_file.outline import Outline, below, finding_at, inner
from tools.routing_file.place_lists import in_text, repeated
from tools.routing_file.place_names import place_of
from tools.routing_file.proving import lead_of

# Where conditions stand.
_CONDITIONS: Final = ("rules", "segments", "nurture")


def lint(table: RoutingTable, outline: Outline) -> list[Finding]:
    """In no order."""
    return [
        *_two_names(table, outline),
        *_repetitions(table, outline),
        *_unused(table, outline),
        *_no_weights(table, outline),
    ]


def segment_notes(table: RoutingTable, outline: Outline) -> list[Finding]:
    """Segments that share leads: worth knowing, and sometimes meant."""
    return [
        outline.finding(
            f"shares leads with the segment {one.name}, e.g. {json.dumps(lead_of(witness.facts))}",
            "segments",
            other.name,
        )
        for one, other, witness in shared_leads(table.segments)
    ]


def _two_names(table: RoutingTable, outline: Outline) -> Iterator[Finding]:
    """`UK` here and `GB` there: one place, which a reader takes for two. Two such keys of the map are an error."""
    first: dict[tuple[str, bool], Field] = {}
    for field, written in _places(outline):
        name = written.partition(":")[0].partition("-")[0]
        country = written_country(name)
        if country in ALIASES.values() and written not in table.regions:
            first.setdefault((name, name in ALIASES), field)
    for alias, country in ALIASES.items():
        one, other = first.get((country, False)), first.get((alias, True))
        if one is not None and other is not None:
            later, sooner = sorted((one, other), key=lambda field: -field.key_start)
            names = (country, alias) if later is one else (alias, country)
            line = sooner.line
            yield finding_at(later, f'"{names[0]}" here is "{names[1]}" in line {line}; write one of them everywhere')


def _places(outline: Outline) -> Iterator[tuple[Field, str]]:
    """Every text that may name a place: keys of the map, members of regions, `where`."""
    for key, entry in inner(outline.top):
        if isinstance(key, str) and key == key.upper():
            yield entry, key
    for name, section in inner(outline.top):
        if name == "regions":
            yield from _texts(section)
    for field in _keyed(outline, "where"):
        yield from _texts(field)


def _keyed(outline: Outline, key: str) -> Iterator[Field]:
    """All that conditions say under this key."""
    for name, section in inner(outline.top):
        if name in _CONDITIONS:
            yield from (field for field in below(section) if field.key == key)


def _texts(field: Field) -> Iterator[tuple[Field, str]]:
    for item in below(field):
        if isinstance(item.node.value, str):
            yield item, item.node.value.strip()


def _repetitions(table: RoutingTable, outline: Outline) -> Iterator[Finding]:
    """A place of a list that lies in another one of it."""
    regions = inner(outline.at("regions")) if table.regions else ()
    for section in (*(region for _, region in regions), *_keyed(outline, "where")):
        named = [(item, place) for item, text in _texts(section) for place in _meant(item, text, table)]
        for (item, place), (other, _), whole in repeated(named, key=itemgetter(1)):
            if item is not other:
                written, how = item.node.value, "lies in" if whole else "overlaps"
                part = "" if in_text(place) == written else f"{in_text(place)} of "
                text = f'{part}"{written}" {how} "{other.node.value}" of the same list; say it once'
                yield finding_at(item, text)


def _meant(item: Field, text: str, table: RoutingTable) -> list[Place]:
    if text in table.regions:
        return [spot.place for spot in table.regions[text].spots]
    place = None if text.startswith("@") else place_of(Field(Draft(item.draft.source), item.node, "", 0), text, {})
    return [] if place is None else [place]


def _unused(table: RoutingTable, outline: Outline) -> Iterator[Finding]:
    segments = {text for field in _keyed(outline, "segment") for _, text in _texts(field)}
    for name in table.segments.keys() - segments:
        yield outline.finding("no condition asks for this segment; use it or remove it", "segments", name)
    regions = {text for _, text in _places(outline)}
    for name in table.regions.keys() - regions:
        yield outline.finding("no line asks for this region; use it or remove it", "regions", name)
    slas = {table.default_sla, *(rule.sla for rule in table.rules)}
    for name in table.slas.keys() - slas:
        yield outline.finding("no rule promises this SLA; use it or remove it", "slas", name)


def _no_weights(table: RoutingTable, outline: Outline) -> Iterator[Finding]:
    for pool in table.pools.values():
        if not any(member.weight for member in pool.members):
            text = "all weights are 0, so that nobody gets a turn; give one member a weight of 1 or more"
            yield outline.finding(text, "pools", pool.name, "members")
