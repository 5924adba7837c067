"""Applies a saved mapping to a flat payload: fields of a lead, and what did not fit. Never refuses: a payload that has changed
since the mapping was made gives what it still gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graph.rules.person_names import person_name
from graph.rules.text import fold
from tools.web.forms.flattening import Flat, Value, as_text
from tools.web.forms.mapping.spec import FIELDS, Rule
from tools.web.forms.mapping.spec import Mapping as FormMapping
from tools.web.intake import LeadForm

KEPT_AS = "form_"
"""Before a kept name that is also a field's: a payload's own `source` must not become the lead's behind the mapping's back."""


@dataclass(frozen=True, slots=True)
class Applied:
    """values: fields of `LeadForm`, and others that intake keeps as `extra`; unmapped: names of the payload that no rule
    reads and `ignore` does not name; missing: names that a rule reads and the payload has not."""

    values: dict[str, Any]
    unmapped: tuple[str, ...]
    missing: tuple[str, ...]


def apply(mapping: FormMapping, flat: Mapping[str, Value]) -> Applied:
    """Names are compared exactly, then without case, accents and punctuation."""
    held: Flat = {_key(name): value for name, value in flat.items()} | dict(flat)
    values: dict[str, Any] = {}
    for field, rule in mapping.fields.items():
        value = _value(rule, held)
        if value is not None:
            values[field] = value
    if mapping.source:
        values["source"] = mapping.source
    read = {_key(name) for name in (*mapping.names, *mapping.ignore)}
    unmapped = tuple(name for name in flat if _key(name) not in read)
    for name in unmapped:
        values[KEPT_AS + name if _is_field(name) else name] = flat[name]
    missing = tuple(name for name in mapping.names if name not in held and _key(name) not in held)
    return Applied(values, unmapped, missing)


def _value(rule: Rule, held: Flat) -> Any:
    if rule.constant is not None:
        return rule.constant
    found = [held.get(name, held.get(_key(name))) for name in rule.names]
    present = [value for value in found if value is not None and as_text(value).strip()]
    if not present:
        return None
    if rule.join is not None:
        value: Value | None = rule.between.join(as_text(each).strip() for each in present)
    elif rule.split is not None:
        value = _part(as_text(present[0]).strip(), rule.part == "first")
    else:
        value = present[0]
    return None if value is None else _meant(rule, value)


def _meant(rule: Rule, value: Value) -> Any:
    if not rule.values:
        return value
    text = as_text(value).strip()
    meant = {**{_key(said): means for said, means in rule.values.items()}, **rule.values}
    if text in meant or _key(text) in meant:
        return meant.get(text, meant.get(_key(text)))
    return value if rule.others == "keep" else None


def _part(name: str, first: bool) -> str | None:
    """The given or the family name of a whole one: as capture would take it apart, and where it is not sure about that,
    the last word is the family's."""
    told = person_name(name)
    if told.given and told.family:
        return told.given if first else told.family
    given, _, family = name.rpartition(" ")
    return (given or family) if first else (family if given else None)


@lru_cache(4096)
def _key(name: str) -> str:
    """A name without letters and digits is its own key."""
    return f"\x00{fold(name) or name}"


def _is_field(name: str) -> bool:
    return name in _taken()


@lru_cache(1)
def _taken() -> frozenset[str]:
    """Every name that intake reads as a field."""
    found = set(FIELDS) | {"properties"}
    for info in LeadForm.model_fields.values():
        choices = getattr(info.validation_alias, "choices", ())
        found.update(choice for choice in choices if isinstance(choice, str))
    return frozenset(found)
