"""`aliases`: what people type, and what it means, by field. An alias says what the vocabulary leaves open, no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from graph.domain.table import Condition, Nurture, Rule, Segment
from graph.rules.aliases import FIELDS, alias_key
from graph.rules.conditions import parts, word
from graph.rules.countries import country_code
from graph.rules.firmographics import INDUSTRIES, industry_of
from graph.rules.places import subdivisions, written_country
from graph.rules.states import state_code
from tools.routing_file.fields import Field
from tools.routing_file.findings import closest
from tools.routing_file.place_names import suggested_place


def parse_aliases(field: Field | None, conditions: Iterable[Condition]) -> dict[str, dict[str, str]]:
    """field -> spelling as `alias_key` folds it -> meaning. conditions: all of the file, whose words aliases may mean."""
    if field is None:
        return {}
    asked = words_of(conditions)
    return {name: _spellings(name, entry, asked) for name, entry in field.settings(FIELDS).items()}


def conditions_of(
    segments: Mapping[str, Segment], rules: Iterable[Rule], nurture: Nurture | None
) -> Iterator[Condition]:
    """Every condition that a file writes."""
    yield from (segment.condition for segment in segments.values())
    yield from (rule.condition for rule in rules)
    if nurture is not None:
        yield nurture.when
        if nurture.unless is not None:
            yield nurture.unless


def words_of(conditions: Iterable[Condition]) -> dict[str, set[str]]:
    """The words that conditions ask for, of the fields that have aliases."""
    asked: dict[str, set[str]] = {"industry": set(), "source": set(), "product": set()}
    for condition in conditions:
        for part in parts(condition):
            for name, words in asked.items():
                words.update(getattr(part, name))
    return asked


def _spellings(name: str, field: Field, asked: Mapping[str, set[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in field.entries():
        key, target = alias_key(name, entry.key), _target(name, entry, asked)
        if not key:
            entry.fail("an alias needs a text that people type", at_key=True)
        elif key in found:
            entry.fail("this spelling stands twice; case, blanks, - and _ do not count", at_key=True)
        elif target is not None:
            meant = _understood(name, entry.key, target, asked)
            if meant is not None and meant != target:
                entry.fail(f'"{entry.key}" is understood as {meant} already; an alias cannot change that', at_key=True)
            found[key] = target
    return found


def _target(name: str, entry: Field, asked: Mapping[str, set[str]]) -> str | None:
    """What the alias means, None with a finding for a target that nothing knows."""
    text = entry.text()
    if not text:
        return None
    match name:
        case "country":
            if (code := written_country(text)) is None:
                entry.fail(f'"{text}" is not the code of a country', suggested_place(text, {}))
            return code
        case "state":
            if text not in subdivisions():
                entry.fail(f'"{text}" is not a subdivision in ISO 3166-2, as US-CA is', _meant_state(text))
                return None
            return text
    known = asked[name] | (set(INDUSTRIES) if name == "industry" else set())
    if word(text) not in known:
        where = (
            "is neither an industry nor a word of a condition" if name == "industry" else "is asked for by no condition"
        )
        entry.fail(f'"{text}" {where}', closest(word(text), sorted(known)))
        return None
    return word(text)


def _meant_state(text: str) -> str | None:
    return state_code(text, None) or closest(text.upper(), subdivisions())


_READ: Final[Mapping[str, Callable[[str, str], str | None]]] = {
    "country": lambda typed, _: country_code(typed),
    "state": lambda typed, target: state_code(typed, None) or state_code(typed, target[:2]),
    "industry": lambda typed, _: industry_of(typed),
}


def _understood(name: str, typed: str, target: str, asked: Mapping[str, set[str]]) -> str | None:
    """What the spelling means without the alias. A word that a condition asks for means itself."""
    if alias_key(name, typed) in asked.get(name, ()):
        return alias_key(name, typed)
    return _READ[name](typed, target) if name in _READ else None
