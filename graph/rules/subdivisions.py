"""The subdivisions of ISO 3166-2, out of pycountry's table. Its own objects take ten times as long to make, at each start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Subdivision(NamedTuple):
    """parent_code: of the subdivision that it lies in, never of the country."""

    code: str
    name: str
    parent_code: str | None


@cache
def by_code() -> Mapping[str, Subdivision]:
    """All of them, in the order of their codes."""
    table = json.loads(files("pycountry").joinpath("databases", "iso3166-2.json").read_bytes())["3166-2"]
    found = {row["code"]: Subdivision(row["code"], row["name"], _whole(row)) for row in table}
    return {code: found[code] for code in sorted(found)}


def _whole(row: Mapping[str, str]) -> str | None:
    """The parent's code; the table leaves the country's part out of some."""
    parent, country = row.get("parent"), row["code"].partition("-")[0]
    return parent if parent is None or parent.partition("-")[0] == country else f"{country}-{parent}"
