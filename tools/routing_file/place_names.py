"""Places as the file writes them: countries, subdivisions, postal prefixes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Protocol

from graph.domain.table import Place
from graph.rules.countries import country_code
from graph.rules.places import subdivisions, written_country
from graph.rules.states import state_code
from tools.routing_file.findings import closest

_WRITTEN: Final = re.compile(r"([A-Z]{2,3})(?:-([A-Z0-9]{1,3}))?(?::(.*))?")
_PREFIXES: Final = re.compile(r"([A-Z0-9]{1,10})(?:-([A-Z0-9]{1,10}))?")


class Told(Protocol):
    """Where a place is written, and who hears that it is wrong."""

    def fail(self, message: str, suggestion: str | None = None) -> None: ...


def place_of(field: Told, written: str, regions: Mapping[str, object]) -> Place | None:
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
    return postal_place(field, country, subdivision, match[3])


def postal_place(field: Told, country: str, subdivision: str | None, prefixes: str) -> Place | None:
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
