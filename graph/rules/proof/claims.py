"""Who is asked for a lead, in which order, and which leads each may have: rules and map as boxes over leads and time.

Named accounts and owners from the CRM come from other facts of a lead: whatever they take, there are leads with the same
place and size that they do not know. So they shadow nothing, and are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from graph.domain.table import MapEntry, RoutingTable, Target
from graph.rules.map_index import MapIndex
from graph.rules.proof.boxes import Box, put
from graph.rules.proof.presence import Presence
from graph.rules.proof.space import Space
from graph.rules.proof.spans import Spans, without


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the file that gives leads away.

    name: as an assignment's `rule`; asked: the leads it is about, by the place it has in the order (a key of the map
    comes first for one place and second for another); due: when it holds; may, sure: when its target may take a lead of
    it, and when it takes every one.
    """

    name: str
    line: int
    to: Target
    asked: tuple[tuple[int, Box], ...]
    due: Spans
    may: Spans
    sure: Spans


def claims_of(table: RoutingTable, space: Space, presence: Presence) -> list[Claim]:
    """Rules and keys of the map, those first that are asked first."""
    found: list[Claim] = []
    at = 0
    for step in table.precedence:
        if step == "rules":
            for rule in table.rules:
                boxes = tuple((at, box) for box in space.holds(rule.condition))
                found.append(
                    _claim(f"rules.{rule.id}", rule.line, rule.to, boxes, presence.window(rule.window), presence)
                )
                at += 1
        elif step == "map":
            asked, ranks = _map_boxes(table, space, at)
            found += [
                _claim(f"map.{entry.key}", entry.line, entry.to, tuple(asked[entry.key]), presence.always, presence)
                for entry in table.map
            ]
            at += ranks
    return found


def _claim(
    name: str, line: int, to: Target, asked: tuple[tuple[int, Box], ...], due: Spans, presence: Presence
) -> Claim:
    may, sure = without(due, presence.closed(to)), without(due, presence.passing(to))
    return Claim(name, line, to, asked, due, may, sure)


def _map_boxes(table: RoutingTable, space: Space, at: int) -> tuple[dict[str, list[tuple[int, Box]]], int]:
    """For each key the places in which it is asked first, second and so on; and how many are asked for one place."""
    index = MapIndex(table.map)
    masks: defaultdict[tuple[str, int], int] = defaultdict(int)
    for atom, lead in enumerate(space.places.leads):
        for rank, entry in enumerate(_distinct(index.find(*lead))):
            masks[entry.key, rank] |= 1 << atom
    asked: dict[str, list[tuple[int, Box]]] = {entry.key: [] for entry in table.map}
    for (key, rank), mask in masks.items():
        asked[key].append((at + rank, put(space.full, 0, mask)))
    return asked, 1 + max((rank for _, rank in masks), default=0)


def _distinct(entries: Iterator[MapEntry]) -> list[MapEntry]:
    return list({entry.key: entry for entry in entries}.values())
