"""Places as the file writes them: countries, subdivisions, postal prefixes, and regions made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from graph.domain.table import MapEntry, Place, Region, Spot, Target
from graph.rules.countries import country_code
from graph.rules.places import clashes, subdivisions, written_country
from graph.rules.states import state_code
from tools.routing_file.fields import Field
from tools.routing_file.findings import closest

_WRITTEN: Final = re.compile(r"([A-Z]{2,3})(?:-([A-Z0-9]{1,3}))?(?::(.*))?")
_PREFIXES: Final = re.compile(r"([A-Z0-9]{1,10})(?:-([A-Z0-9]{1,10}))?")


def place_of(field: Field, written: str, regions: Mapping[str, object]) -> Place | None:
    """The place that a text names; None, with a finding, when it names none."""
    match = _WRITTEN.fullmatch(written)
    country = written_country(match[1]) if match else None
    if match is None or country is None:
        field.fail(f'"{written}" is neither a place nor a region', suggested_place(written, regions))
        return None
    subdivision = f"{country}-{match[2]}" if match[2] else None
    if subdivision is not None and subdivision not in subdivisions():
        own = [code for code in subdivisions() if code[:2] == country]
        meant = closest(written, [name for name in regions if name[:2] == match[1]]) or closest(subdivision, own)
        field.fail(f'"{written}" is not a subdivision of {country} in ISO 3166-2', meant)
        return None
    if match[3] is None:
        return Place(country, subdivision)
    return _postal_place(field, country, subdivision, match[3])


def _postal_place(field: Field, country: str, subdivision: str | None, prefixes: str) -> Place | None:
    match = _PREFIXES.fullmatch(prefixes.replace(" ", ""))
    if match is None:
        field.fail(f'"{prefixes}" is not a range of postal prefixes; write one (606) or a range (100-104)')
        return None
    low, high = match[1], match[2] or match[1]
    if low != high and not (low.isdecimal() and high.isdecimal() and len(low) == len(high) and low < high):
        field.fail(f'the postal range "{prefixes}" must go up between two numbers of the same length, as 100-104 does')
        return None
    return Place(country, subdivision, low, high)


def suggested_place(written: str, regions: Mapping[str, object]) -> str | None:
    """What somebody meant who wrote "us", "Germany", "California" or "EMAE"."""
    capitals = written.strip().upper()
    if capitals in regions or written_country(capitals) or capitals in subdivisions():
        return capitals
    return country_code(written) or state_code(written, None) or closest(capitals, regions)


def parse_regions(field: Field | None) -> dict[str, Region]:
    """Every region with the places it comes to in the end; a region that contains itself is a finding."""
    entries = {} if field is None else {entry.key: entry for entry in field.entries()}
    for entry in entries.values():
        _check_name(entry)
    items = {name: entry.items() for name, entry in entries.items()}
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


def _member(item: Field, regions: Mapping[str, object]) -> Place | str | None:
    """A place, the name of another region, or None with a finding."""
    written = item.text()
    if not written or written in regions:
        return written or None
    if written.startswith("@"):
        item.fail("places kept in a file are not supported yet")
        return None
    return place_of(item, written, regions)


class _Tree:
    """Regions unfolded into places, each with the fewest regions in between."""

    def __init__(self, members: Mapping[str, list[Place | str | None]], items: Mapping[str, list[Field]]) -> None:
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

    def _unfolded(self, member: Place | str | None, item: Field) -> list[tuple[Place, int]]:
        if isinstance(member, Place):
            return [(member, 1)]
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
