"""States, provinces and the like as people write them, to ISO 3166-2 (`US-CA`), within a country that is known.

Without a country a state says nothing (CA is California, Canada, Cádiz and Caserta), with two exceptions that leave no
doubt: a full ISO code (`US-CA`), and the written name of a state of the USA. Nothing is guessed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files

from graph.rules.countries import country_code, parts_of
from graph.rules.subdivisions import by_code
from graph.rules.text import fold, words

# What a kind of place is called, left out where the rest is enough: "New York State", "Provincia di Milano".
_KINDS = words(
    """
    state province provincia provincie provinz region regione région región county comté prefecture préfecture district
    department département departamento canton kanton emirate governorate municipality metropolitan city land län lan
    oblast kray krai sheng shi zizhiqu voivodeship voivodship estado stato état autonomous republic territory
    of the de di du da del della la le
    """
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def _everyday() -> dict[str, list[str]]:
    text = files("graph.rules").joinpath("data", "subdivisions.csv").read_text(encoding="utf-8")
    return {row["code"]: row["names"].split(";") for row in csv.DictReader(io.StringIO(text))}


_EVERYDAY = _everyday()
_BY_CODE = by_code()
_US = "US"
_ALSO_A_COUNTRY = frozenset(("georgia",))
_SHORTEST_WRITTEN = 4  # "Calif." is written out enough; "Cal." and "CA" need the country


def _codes_by_country() -> dict[str, tuple[str, ...]]:
    codes: dict[str, list[str]] = {}
    for code in _BY_CODE:
        codes.setdefault(code[:2], []).append(code)
    return {country: tuple(own) for country, own in codes.items()}


_CODES_OF = _codes_by_country()


def _spellings(name: str) -> Iterator[str]:
    """`Bruxelles-Capitale, Région de`: both ways round; `Gipuzkoa [Guipúzcoa]`: each; `Thüringen`: `Thueringen` too."""
    for written in name.replace("]", "").replace("(", "[").replace(")", "").replace("/", "[").split("["):
        head, comma, tail = written.partition(",")
        yield written
        yield written.translate(_UMLAUTS)
        if comma:
            yield f"{tail} {head}"


def _index(country: str, key: Callable[[str], str]) -> dict[str, str]:
    """The key of every official name. Of equal names the larger place is meant (the region before the province in it);
    where neither holds the other, neither is."""
    names: dict[str, str] = {}
    doubtful: set[str] = set()
    for code in _CODES_OF.get(country, ()):
        place = _BY_CODE[code]
        for name in map(key, _spellings(place.name)):
            other = names.setdefault(name, code)
            if _BY_CODE[other].parent_code == code:
                names[name] = code
            elif other not in (code, place.parent_code):
                doubtful.add(name)
    return {name: code for name, code in names.items() if name and name not in doubtful}


@lru_cache(300)
def _names(country: str) -> tuple[dict[str, str], dict[str, str]]:
    """(names as they are, official names without the kind of place), folded -> code."""
    everyday = {fold(name): code for code in _CODES_OF.get(country, ()) for name in _EVERYDAY.get(code, ())}
    return {**_index(country, fold), **everyday}, _index(country, _bare)


def state_names(country: str) -> dict[str, str]:
    """Every name that is understood of the country's subdivisions, folded, with its ISO 3166-2 code."""
    names, bare = _names(country)
    return {**bare, **names}


def _bare(written: str) -> str:
    words = written.replace(",", " ").replace("-", " ").split()
    return fold(" ".join(word for word in words if word.casefold() not in _KINDS))


@lru_cache(8192)
def state_code(typed: str, country: str | None) -> str | None:
    """ISO 3166-2 of a state as typed; None when it is not known for sure. country: ISO alpha-2, None when blank.

    With `country=None` only what leaves no doubt is answered, and the country is the code's first part.
    """
    code = typed.strip().upper().replace(" ", "")
    if code in _BY_CODE:
        return code if country in (None, code[:2]) else None
    name = fold(typed)
    if country is None:
        written = len(name) >= _SHORTEST_WRITTEN and name not in _ALSO_A_COUNTRY
        return _names(_US)[0].get(name) if written else None
    return _within(typed, country) or _said_twice(typed, country)


def _within(typed: str, country: str) -> str | None:
    code = typed.strip().upper().replace(" ", "")
    if (full := f"{country}-{code.replace('.', '')}") in _BY_CODE:
        return full
    names, bare = _names(country)
    return names.get(fold(typed)) or bare.get(_bare(typed))


def _said_twice(typed: str, country: str) -> str | None:
    """`CA - California`, `California (CA)`, `California, USA`: every part says the same state, or the country itself."""
    codes = set()
    for part in parts_of(typed):
        code = _within(part, country)
        if code is None and country_code(part) != country:
            return None
        codes.add(code)
    codes.discard(None)
    return codes.pop() if len(codes) == 1 else None
