"""A territory kept in a CSV beside the routing file: `"NYC": "@nyc.csv"`.

A row is a place, in a column `place` as the routing file writes it (`US-NY:100-104`), or in `country` with `state`, and
`postal_from` with `postal_to`, or `postal` alone. The first line names the columns; commas, semicolons and tabs separate.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from graph.domain.table import Place
from graph.rules.countries import country_code
from graph.rules.places import postal_key, written_country
from graph.rules.states import state_code
from tools.routing_file.fields import Field
from tools.routing_file.findings import RoutingFileError, closest
from tools.routing_file.place_names import place_of, postal_place

COLUMNS: Final = ("place", "country", "state", "postal_from", "postal_to", "postal", "note")
_MOST_FAULTS: Final = 20


@dataclass(slots=True)
class Cell:
    """One cell: says what is wrong with it at the place in the routing file that names the CSV."""

    rows: Rows
    line: int
    column: str = ""

    def fail(self, message: str, suggestion: str | None = None) -> None:
        number = self.rows.columns.get(self.column)
        where = f"line {self.line}" + ("" if number is None else f", column {number + 1} ({self.column})")
        self.rows.faults += 1
        if self.rows.faults <= _MOST_FAULTS:
            self.rows.value.fail(f"{self.rows.name} {where}: {message}", suggestion)


@dataclass(slots=True)
class Rows:
    """A CSV being read. columns: the number of each, from 0."""

    value: Field
    name: str
    columns: dict[str, int] = field(default_factory=dict)
    faults: int = 0


def file_places(value: Field, name: str) -> list[Place]:
    """The places of the CSV that a region names, neighbouring prefixes joined; every fault is a finding."""
    text = _text_of(value, name)
    if text is None:
        return []
    rows = Rows(value, name)
    places: dict[Place, int] = {}
    for line, cells in _rows(rows, text):
        place = _place(rows, line, cells)
        if place is None:
            continue
        if place in places:
            Cell(rows, line).fail(f"the place stands twice, first in line {places[place]}")
        places.setdefault(place, line)
    if rows.faults > _MOST_FAULTS:
        value.fail(f"{name}: and {rows.faults - _MOST_FAULTS} more errors")
    if not places and not rows.faults:
        value.fail(f"{name} has no rows below its header")
    return joined(places)


def _text_of(value: Field, name: str) -> str | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or path.suffix != ".csv":
        value.fail(f'"@{name}" must name a .csv file beside the routing file or in a folder below, as "@nyc.csv" does')
        return None
    try:
        return value.draft.text_beside(name)
    except RoutingFileError as error:
        value.fail(f"{name}: {error.findings[0]}")
    except OSError as error:
        value.fail(f"{name} cannot be read: {error.strerror or type(error).__name__}")
    except LookupError:
        value.fail(f"{name} is not among the files that came with this text")
    return None


def _rows(rows: Rows, text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) below a good header; nothing below a bad one."""
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not _good_header(rows, header):
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                Cell(rows, reader.line_num).fail(f"expected {len(header)} cells, found {len(cells)}")
                continue
            yield reader.line_num, cells
    except csv.Error as error:
        Cell(rows, reader.line_num).fail(f"this is not CSV: {error}")


def _good_header(rows: Rows, header: list[str]) -> bool:
    rows.columns = {name: at for at, name in enumerate(header)}
    told = "; name the columns place, or country with state, postal_from and postal_to, or postal"
    for name in header:
        if name not in COLUMNS:
            Cell(rows, 1, name).fail(f'unknown column "{name}"' + told, closest(name, COLUMNS) if name else None)
    if len(rows.columns) < len(header):
        Cell(rows, 1).fail("a column stands twice")
    if ("place" in rows.columns) == ("country" in rows.columns):
        Cell(rows, 1).fail("expected either a column place or a column country" + told)
    if ("postal" in rows.columns) and ("postal_from" in rows.columns or "postal_to" in rows.columns):
        Cell(rows, 1).fail("postal stands beside postal_from and postal_to" + told)
    return not rows.faults


def _place(rows: Rows, line: int, cells: list[str]) -> Place | None:
    given = {name: cells[at].strip() for name, at in rows.columns.items()}
    if "place" in given:
        return place_of(Cell(rows, line, "place"), given["place"], {})
    country = written_country(given["country"].upper())
    if country is None:
        Cell(rows, line, "country").fail(
            f'"{given["country"]}" is not the code of a country', country_code(given["country"])
        )
        return None
    state = given.get("state") or None
    code = state_code(state, country) if state else None
    if state and code is None:
        Cell(rows, line, "state").fail(f'"{state}" is not a subdivision of {country} in ISO 3166-2')
        return None
    low, high = _prefixes(given)
    if low is None:
        if high is None:
            return Place(country, code)
        Cell(rows, line, "postal_to").fail("postal_from is empty")
        return None
    column = "postal" if "postal" in given else "postal_from"
    return postal_place(Cell(rows, line, column), country, code, low if high is None else f"{low}-{high}")


def _prefixes(given: Mapping[str, str]) -> tuple[str | None, str | None]:
    if "postal" in given:
        return postal_key(given["postal"]), None
    return postal_key(given.get("postal_from", "")), postal_key(given.get("postal_to", ""))


def joined(places: Mapping[Place, int]) -> list[Place]:
    """The same places with fewer ranges: prefixes of one length that touch or overlap become one range, in the order of
    the file. Exact: ten prefixes that fill a shorter one are not joined to it, as a shorter code would match only that."""
    found: list[Place] = []
    open_ranges: dict[tuple[str, str | None, int], list[Place]] = {}
    for place in places:
        if place.low is None or place.high is None or not place.low.isdecimal():
            found.append(place)
        else:
            open_ranges.setdefault((place.country, place.subdivision, len(place.low)), []).append(place)
    for (country, subdivision, _), group in open_ranges.items():
        group.sort(key=lambda place: place.low or "")
        low, high = group[0].low or "", group[0].high or ""
        for place in group[1:]:
            if int(place.low or "") <= int(high) + 1:
                high = max(high, place.high or "")
            else:
                found.append(Place(country, subdivision, low, high))
                low, high = place.low or "", place.high or ""
        found.append(Place(country, subdivision, low, high))
    return found
