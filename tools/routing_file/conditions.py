"""Conditions as the file writes them: places, words, number ranges, segments, `any` and `not`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from graph.domain.scoring import Tier
from graph.domain.table import Condition, Range, Region, Segment, Where
from graph.rules.conditions import word
from tools.routing_file.fields import Field
from tools.routing_file.findings import closest
from tools.routing_file.place_names import place_of

_KEYS: Final = (
    "where", "segment", "industry", "source", "employees", "revenue", "product", "score", "tier", "any", "not",
)  # fmt: skip
_TIERS: Final = get_args(Tier)
_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"
_BOUND: Final = re.compile(rf"(>=|<=|>|<)\s*{_NUMBER}")
_SPAN: Final = re.compile(rf"{_NUMBER}\s*\.\.\s*{_NUMBER}")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that conditions may use."""

    regions: Mapping[str, Region]
    segments: Mapping[str, Segment]


def parse_segments(field: Field | None, regions: Mapping[str, Region]) -> dict[str, Segment]:
    names = Names(regions, {})
    found = {}
    for entry in [] if field is None else field.entries():
        if any(member.key == "segment" for member in entry.node.members or ()):
            entry.fail("a segment cannot be made of segments", at_key=True)
            continue
        found[entry.key] = Segment(entry.key_name(), parse_condition(entry, names, empty=False), entry.line)
    return found


def parse_condition(field: Field, names: Names, *, empty: bool = True) -> Condition:
    """empty: may it have no keys, and so match every lead?"""
    found = field.settings(_KEYS)
    if not empty and field.node.members == []:
        field.fail("an empty condition would match every lead")
    inner = found["any"].items() if "any" in found else []
    return Condition(
        where=tuple(_where(item, names) for item in _many(found, "where")),
        segments=tuple(_segment(item, names) for item in _many(found, "segment")),
        industry=_words(found, "industry"),
        source=_words(found, "source"),
        product=_words(found, "product"),
        tier=tuple(item.choice(_TIERS) for item in _many(found, "tier")),
        employees=tuple(parse_range(item) for item in _many(found, "employees")),
        revenue=tuple(parse_range(item) for item in _many(found, "revenue")),
        score=tuple(_score_range(item) for item in _many(found, "score")),
        any_of=tuple(parse_condition(item, names, empty=False) for item in inner),
        negated=parse_condition(found["not"], names, empty=False) if "not" in found else None,
    )


def _many(found: Mapping[str, Field], key: str) -> list[Field]:
    return found[key].one_or_many() if key in found else []


def _words(found: Mapping[str, Field], key: str) -> tuple[str, ...]:
    return tuple(word(item.text()) for item in _many(found, key))


def _where(field: Field, names: Names) -> Where:
    written = field.text()
    if written in names.regions:
        return Where(written, tuple(spot.place for spot in names.regions[written].spots))
    place = place_of(field, written, names.regions) if written else None
    return Where(written, () if place is None else (place,))


def _segment(field: Field, names: Names) -> Segment:
    written = field.text()
    if written and written not in names.segments:
        field.fail(f'segment "{written}" does not exist', closest(written, names.segments))
    return names.segments.get(written) or Segment(written, Condition(), 0)


def parse_range(field: Field) -> Range:
    """`>=1000`, `>1000`, `<200`, `<=200`, `200..999` (both included), or one number."""
    if field.number_written():
        value = float(str(field.node.value))
        if value < 0:
            field.fail("a number below 0 matches nothing")
        return Range(value, value, text=str(field.node.value))
    text = field.text()
    if re.fullmatch(_NUMBER, text):
        return Range(float(text), float(text), text=text)
    if bound := _BOUND.fullmatch(text):
        value = float(bound[2])
        if bound[1][0] == ">":
            return Range(value, None, low_open=bound[1] == ">", text=text)
        if bound[1] == "<" and value == 0:
            field.fail(f'"{text}" matches nothing')
        return Range(None, value, high_open=bound[1] == "<", text=text)
    if span := _SPAN.fullmatch(text):
        low, high = float(span[1]), float(span[2])
        if low > high:
            field.fail(f'"{text}" runs backwards', f"{span[2]}..{span[1]}")
        return Range(low, high, text=text)
    if text:
        field.fail(f'"{text}" is not a range; write >=1000, 200..999, <200 or a number without separators')
    return Range(0, 0, text=text)


def _score_range(field: Field) -> Range:
    found = parse_range(field)
    if max(found.low or 0, found.high or 0) > 1:
        meant = "..".join(f"{bound / 100:g}" for bound in (found.low, found.high) if bound is not None)
        sign = re.match(r"[<>=]*", found.text)
        field.fail(
            "a score in this file is from 0 to 1, which is the score that people see divided by 100",
            (sign[0] if sign else "") + (f"{(found.low or 0) / 100:g}" if found.low == found.high else meant),
        )
    return found
