"""What a form says of a company, onto the vocabulary that rules and models know: industry, head-count, lead source.

What does not fit is None, never the nearest guess.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from functools import lru_cache
from importlib.resources import files

from graph.rules.text import fold, words

MOST_EMPLOYEES = 10_000_000  # four times the largest employer there is


def _industries() -> dict[str, str]:
    text = files("graph.rules").joinpath("data", "industries.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    return {
        _industry_key(name): row["industry"] for row in rows for name in (row["industry"], *row["names"].split(";"))
    }


def _industry_key(name: str) -> str:
    """`Oil & Gas`, `OIL_AND_GAS` and `oil and gas` are the same."""
    words = name.replace("&", " ").replace("_", " ").split()
    return fold(" ".join(word for word in words if word.casefold() not in ("and", "und", "et", "y", "e", "industry")))


_INDUSTRIES = _industries()
INDUSTRIES = tuple(sorted(set(_INDUSTRIES.values())))
"""The whole vocabulary."""


def industry_names() -> dict[str, str]:
    """Every name that is understood, folded, with its industry; the industries themselves as they are."""
    return {**_INDUSTRIES, **{name: name for name in INDUSTRIES}}


@lru_cache(4096)
def industry_of(typed: str) -> str | None:
    """The industry that was typed or chosen: `Hospital & Health Care -> healthcare`."""
    return _INDUSTRIES.get(_industry_key(typed))


_NUMBER = re.compile(
    r"""(?<![\w.,])(?<![a-z]-)(?P<whole>\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3}){1,3}|\d{1,9})(?P<part>[.,]\d{1,2})?
        \s?(?P<unit>k|thousand|tsd\.?|mille|mil|m|million|mio\.?)?(?![\w$€£%])""",
    re.VERBOSE,
)
_UP_TO = re.compile(
    r"(?:<|≤|less than|fewer than|under|up to|below|weniger als|unter|bis|moins de|menos de|max)\s*=?\s*\Z"
)
_OVER = re.compile(r"(?:(?<!<)>(?!\s*=)|more than|over|above|mehr als|über|plus de|más de|mais de)\s*\Z")
_ALONE = words(
    "justme selfemployed freelance freelancer soleproprietor solo onlyme myself selbststandig independant autonomo"
)
_THOUSANDS = ("k", "tho", "tsd", "mil")


@lru_cache(4096)
def employees_from(typed: str) -> int | None:
    """The least head-count that fits: `51-200 -> 51`, `1,000+ -> 1000`, `about 40 -> 40`, `< 50 -> 1`."""
    text = unicodedata.normalize("NFKC", typed[:100]).casefold()
    if fold(text) in _ALONE:
        return 1
    match = _NUMBER.search(text)
    if match is None or any(sign in text for sign in "$€£%"):
        return None
    before = text[: match.start()].rstrip()
    if before.endswith("-") and not before.rstrip("-").strip():
        return None  # a negative number
    count = _count(match, text)
    if count is None:
        return None
    if _UP_TO.search(before):
        count = 1
    elif _OVER.search(before):
        count += 1
    return count if 0 < count <= MOST_EMPLOYEES else None


def _count(match: re.Match[str], text: str) -> int | None:
    whole = int(re.sub(r"\D", "", match["whole"]))
    unit = match["unit"] or _unit_of_range(text[match.end() :])
    if not unit:
        return None if match["part"] else whole  # 5.5 is no head-count
    factor = 1_000 if unit.startswith(_THOUSANDS) and not unit.startswith("milli") else 1_000_000
    part = match["part"]
    return whole * factor + (int(part[1:].ljust(2, "0")) * factor // 100 if part else 0)


def _unit_of_range(rest: str) -> str:
    """`1-5k` counts thousands on both sides."""
    upper = re.match(r"\s*(?:-|–|—|to|bis|à|a)\s*\d{1,3}\s?(k)\b", rest)
    return upper[1] if upper else ""


_CAMEL = re.compile(r"[a-z]+(?:[A-Z][a-z0-9]*)+")  # LinkedIn and HubSpot are one word
_HUMP = re.compile(r"(?=[A-Z])")
_NO_WORD = re.compile(r"[\W_]+")


@lru_cache(4096)
def source_key(typed: str) -> str | None:
    """A lead source in snake case: `Demo Request`, `demo-request` and `demoRequest -> demo_request`."""
    text = typed[:100].strip()
    if _CAMEL.fullmatch(text):
        text = _HUMP.sub("_", text)
    return _NO_WORD.sub("_", text.casefold()).strip("_") or None
