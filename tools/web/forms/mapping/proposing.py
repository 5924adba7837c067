"""Proposes which field of ours each value of a pasted payload is, with a confidence and a reason; where two answers are as
good as each other it says so and chooses neither. Proposes only: what is saved is what a person confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from graph.rules.text import line
from tools.web.forms.flattening import Value, as_text
from tools.web.forms.mapping.names import KEPT, LANGUAGES, Likeness, likenesses
from tools.web.forms.mapping.shapes import Evidence, agrees, shapes, yes_or_no

State: TypeAlias = Literal["proposed", "unsure", "kept"]
SURE: Final = 0.6
"""From this confidence on a field is proposed."""
WORTH_SAYING: Final = 0.25
APART: Final = 0.12
"""Two answers nearer to each other than this are both named, and none is chosen."""
TRUST_IN_SHAPE: Final = 0.85
SEVERAL: Final = frozenset({"message"})
"""Fields that several values may make together."""
HALVES: Final = (("first_name", "last_name"), ("last_name", "first_name"))


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer: field, confidence from 0 to 1, and why."""

    field: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one value probably is. field: None where it is unsure, or where the value is kept under its own name; choices:
    the answers worth saying, best first; values: what single values mean, where that is known (`Ja` is true)."""

    name: str
    sample: str
    state: State
    field: str | None
    confidence: float
    reason: str
    choices: tuple[Choice, ...] = ()
    values: tuple[tuple[str, bool], ...] = ()


def propose(flat: Mapping[str, Value]) -> list[Proposal]:
    """One proposal a value, in the payload's order."""
    choices = {name: _choices(name, value) for name, value in flat.items()}
    choices = _names_apart(choices)
    made = {name: _decided(name, flat[name], found) for name, found in choices.items()}
    return list(_each_field_once(made).values())


def _choices(name: str, value: Value) -> list[Choice]:
    alike, seen = likenesses(name), shapes(value)
    if KEPT in alike and all(other.score <= alike[KEPT].score for other in alike.values()):
        return [
            Choice(
                KEPT,
                round(alike[KEPT].score, 2),
                f"its name is that of '{alike[KEPT].spelling}', which is not the person's",
            )
        ]
    fields = {*alike, *(field for field, (score, _) in seen.items() if score > 0)} - {KEPT}
    found = [_choice(field, alike.get(field), seen.get(field, (0.0, ""))) for field in fields]
    return sorted((c for c in found if c.confidence >= WORTH_SAYING), key=lambda c: (-c.confidence, c.field))


def _choice(field: str, alike: Likeness | None, seen: Evidence) -> Choice:
    named, (shaped, what) = alike.score if alike else 0.0, seen
    confidence = 1 - (1 - named) * (1 - TRUST_IN_SHAPE * shaped) if shaped >= 0 else named * (1 + shaped)
    said = []
    if alike:
        language = "" if alike.language == "en" else f" ({LANGUAGES[alike.language]})"
        said.append(f"its name {'is' if alike.exact else 'is like'} '{alike.spelling}'{language}")
    if what and (shaped > 0.1 or shaped < -0.3):
        said.append(f"{'but ' if shaped < 0 and said else ''}its value is {what}")
    return Choice(field, round(min(confidence, 0.99), 2), ", ".join(said) or "little speaks for it")


def _names_apart(choices: dict[str, list[Choice]]) -> dict[str, list[Choice]]:
    """`nombre` beside `apellidos` is the given name, alone it is the whole one; `nom` beside `prénom` the family's."""
    best = {name: found[0].field for name, found in choices.items() if found and found[0].confidence >= SURE}
    apart: dict[str, list[Choice]] = {}
    for name, found in choices.items():
        fields = {choice.field for choice in found}
        others = {field for other, field in best.items() if other != name}
        half = any(own in fields and other in others for own, other in HALVES)
        apart[name] = [choice for choice in found if choice.field != "full_name"] if half else found
    return apart


def _decided(name: str, value: Value, found: list[Choice]) -> Proposal:
    sample = line(as_text(value), 120) or ""
    if not found:
        return Proposal(name, sample, "kept", None, 0.0, "neither its name nor its value is known: kept under its name")
    best, told = found[0], tuple(found[:4])
    if best.field == KEPT:
        return Proposal(name, sample, "kept", None, best.confidence, f"{best.reason}: kept under its name")
    second = found[1] if len(found) > 1 else None
    if second is not None and best.confidence - second.confidence < APART and second.confidence >= SURE - APART:
        reason = f"{best.field} ({best.reason}) or {second.field} ({second.reason}): choose"
        return Proposal(name, sample, "unsure", None, best.confidence, reason, told)
    if best.confidence < SURE:
        may = " or ".join(choice.field for choice in told[:3])
        return Proposal(
            name, sample, "unsure", None, best.confidence, f"perhaps {may} ({best.reason}): choose, or keep it", told
        )
    return Proposal(
        name, sample, "proposed", best.field, best.confidence, best.reason, told, meanings(best.field, value)
    )


def _each_field_once(made: dict[str, Proposal]) -> dict[str, Proposal]:
    """Of two values for one field the clearly better one is proposed; of two as good as each other, none."""
    claims: dict[str, list[Proposal]] = {}
    for one in made.values():
        if one.field is not None and one.field not in SEVERAL:
            claims.setdefault(one.field, []).append(one)
    for field, several in claims.items():
        if len(several) < 2:
            continue
        several.sort(key=lambda p: -p.confidence)
        first, rest = several[0], several[1:]
        if first.confidence - rest[0].confidence < APART / 2:
            names = " and ".join(f"'{p.name}'" for p in several)
            for one in several:
                made[one.name] = replace(
                    one, state="unsure", field=None, reason=f"{names} may both be {field}: choose one"
                )
            continue
        for one in rest:
            made[one.name] = replace(
                one,
                state="unsure",
                field=None,
                reason=f"{field} too ({one.reason}), but '{first.name}' is more like it",
            )
    return made


def meanings(field: str, value: Value) -> tuple[tuple[str, bool], ...]:
    """For consent: what this value means, and its opposite where it has one; what intake reads by itself needs none."""
    if field != "consent" or isinstance(value, bool):
        return ()
    text = as_text(value).strip()
    meant = yes_or_no(text)
    if meant is None:
        return ((text, True),) if agrees(text) else ()
    return ((text, meant),)
