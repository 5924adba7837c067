"""From what a person chose for each value, or from what was proposed, to a mapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tools.web.forms.flattening import Flat, as_text
from tools.web.forms.mapping.proposing import meanings, propose
from tools.web.forms.mapping.shapes import agrees
from tools.web.forms.mapping.spec import FIELDS, BadMapping, read_mapping
from tools.web.forms.mapping.spec import Mapping as FormMapping

WORDS_OF_A_SENTENCE: Final = 4
CONSENT_WORDS: Final = {
    "ja": True, "nein": False, "oui": True, "non": False, "sí": True, "no": False, "sì": True, "nee": False, "sim": True,
    "não": False, "yes": True, "accepted": True, "declined": False,
}  # fmt: skip


def proposed_mapping(flat: Flat) -> FormMapping | None:
    """The mapping that a payload's proposals make, those alone that are sure; None where nobody could be reached by it."""
    chosen = {one.name: one.field for one in propose(flat) if one.state == "proposed" and one.field}
    try:
        return from_choices(flat, chosen)
    except BadMapping:
        return None


def from_choices(
    flat: Flat, chosen: dict[str, str], source: str | None = None, ignore: tuple[str, ...] = ()
) -> FormMapping:
    """A mapping from what a person chose for each value: several for `message` are joined, for others the first that is not
    blank is taken. Raises BadMapping."""
    fields: dict[str, dict[str, Any]] = {}
    for field, names in _by_field(chosen):
        fields[field] = {"join": names, "between": "\n"} if field == "message" and len(names) > 1 else {"pick": names}
    if "consent" in fields:
        fields["consent"]["values"] = _consent_values(flat, fields["consent"]["pick"])
        if "consent_text" not in fields and (wording := _wording(flat, fields["consent"]["pick"])):
            fields["consent_text"] = {"constant": wording}
    return read_mapping({"fields": fields, "source": source or None, "ignore": list(ignore)})


def _wording(flat: Flat, names: list[str]) -> str | None:
    """What a box says beside it: its value, or its name where that is a sentence."""
    texts = [text for name in names for text in (as_text(flat.get(name, "")), name)]
    return next((text[:500] for text in texts if agrees(text) and len(text.split()) >= WORDS_OF_A_SENTENCE), None)


def _by_field(chosen: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    for field in FIELDS:
        names = [name for name, value in chosen.items() if value == field]
        if names:
            yield field, names


def _consent_values(flat: Flat, names: list[str]) -> dict[str, bool]:
    """The words of all the languages that we know, and the wording itself where a box sends that."""
    own = {said: meant for name in names if name in flat for said, meant in meanings("consent", flat[name])}
    return {**CONSENT_WORDS, **own}


def over(base: FormMapping, made: FormMapping, flat: Flat) -> FormMapping:
    """What was chosen on the page, over a mapping that says more than the page can: a rule whose names were left as they
    were stays whole, and so do constants and rules for names that this payload has not."""
    fields: dict[str, Any] = {}
    for field, rule in made.fields.items():
        held = base.fields.get(field)
        same = held is not None and {n for n in held.names if n in flat} == set(rule.names) and rule.names
        fields[field] = held if same else rule
    for field, rule in base.fields.items():
        if field not in fields and not any(name in flat for name in rule.names):
            fields[field] = rule
    ignored = [*made.ignore, *(name for name in base.ignore if name not in flat)]
    return FormMapping(fields=fields, source=made.source, ignore=ignored)
