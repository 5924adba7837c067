"""Regions, which are places and other regions, and the map of capital keys made of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from graph.domain.table import MapEntry, Place, Region, Spot, Target
from graph.rules.places import clashes, subdivisions, written_country
from tools.routing_file.csv_places import file_places
from tools.routing_file.fields import Field
from tools.routing_file.place_names import place_of

Written: TypeAlias = Place | list[Place] | str | None


def parse_regions(field: Field | None) -> dict[str, Region]:
    """Every region with the places it comes to in the end; a region that contains itself is a finding."""
    entries = {} if field is None else {entry.key: entry for entry in field.entries()}
    for entry in entries.values():
        _check_name(entry)
    items = {name: [entry] if _file_name(entry) else entry.items() for name, entry in entries.items()}
    tree = _Tree({name: [_member(item, entries) for item in own] for name, own in items.items()}, items)
    return {
        name: Region(name, tuple(str(item.node.value) for item in items[name]), tree.spots(name), entry.line)
        for name, entry in entries.items()
    }


def _check_name(entry: Field) -> None:
    name = entry.key
    if not name.strip() or name != name.upper() or ":" in name or name == "DEFAULT":
        meant = None if name in ("DEFAULT", "") else name.upper().replace(":", "-")
        entry.fail("a region needs a name of its own, in capitals and without a colon", meant, at_key=True)
    elif written_country(name) or name in subdivisions():
        entry.fail(f'"{name}" is a place already; give the region another name', at_key=True)


def _file_name(item: Field) -> str:
    """`nyc.csv` of `"@nyc.csv"`."""
    written = item.node.value
    return written.strip()[1:] if isinstance(written, str) and written.strip().startswith("@") else ""


def _member(item: Field, regions: Mapping[str, object]) -> Written:
    """A place, the name of another region, the places of a file, or None with a finding."""
    written = item.text()
    if not written or written in regions:
        return written or None
    if name := _file_name(item):
        return file_places(item, name)
    return place_of(item, written, regions)


class _Tree:
    """Regions unfolded into places, each with the fewest regions in between."""

    def __init__(self, members: Mapping[str, list[Written]], items: Mapping[str, list[Field]]) -> None:
        self._members, self._items = members, items
        self._done: dict[str, tuple[Spot, ...]] = {}
        self._open: list[str] = []

    def spots(self, name: str) -> tuple[Spot, ...]:
        if name not in self._done:
            self._open.append(name)
            nearest: dict[Place, int] = {}
            for member, item in zip(self._members[name], self._items[name], strict=True):
                for place, depth in self._unfolded(member, item):
                    nearest[place] = min(depth, nearest.get(place, depth))
            self._open.pop()
            self._done[name] = tuple(Spot(place, depth) for place, depth in nearest.items())
        return self._done[name]

    def _unfolded(self, member: Written, item: Field) -> list[tuple[Place, int]]:
        if isinstance(member, Place):
            return [(member, 1)]
        if isinstance(member, list):
            return [(place, 1) for place in member]
        if member is None:
            return []
        if member in self._open:
            ring = self._open[self._open.index(member) :]
            item.fail(f'"{member}" contains itself: {" > ".join((*ring, member))}')
            return []
        return [(spot.place, spot.depth + 1) for spot in self.spots(member)]


def parse_map(
    fields: Mapping[str, Field], targets: Mapping[str, Target], regions: Mapping[str, Region]
) -> list[MapEntry]:
    """The capital keys without DEFAULT, in the order of the file; two that claim one place alike are a finding."""
    entries: list[MapEntry] = []
    first: dict[Place, str] = {}
    for key, field in fields.items():
        if key in regions:
            spots = regions[key].spots
        else:
            place = place_of(field.as_text(), key, regions)
            if place is None:
                continue
            if place in first:
                field.fail(f'"{key}" and "{first[place]}" are the same place; keep one', at_key=True)
                continue
            first[place] = key
            spots = (Spot(place),)
        entries.append(MapEntry(key, spots, targets[key], field.line))
    for one, other, where in clashes(entries):
        fields[other.key].fail(
            f'"{one.key}" and "{other.key}" both claim {where}, and neither is more specific', at_key=True
        )
    return entries
