"""What the name of a value says: our fields in seven languages (`names.json`), and names that tell of the page or the sender
and never of the person. Compares names; never looks at a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import orjson
from rapidfuzz import process
from rapidfuzz.distance import OSA

from graph.rules.text import fold, words

LANGUAGES: Final = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
}  # fmt: skip
KEPT: Final = "extra"
"""Instead of a field: the value stays with the lead under its own name."""
ABOUT_THE_PAGE: Final = (
    "page", "page url", "page uri", "page name", "page title", "page id", "landing page", "referrer", "referer", "referrer url",
    "ip", "ip address", "remote ip", "user agent", "browser", "device", "platform", "utm medium", "utm campaign", "utm term",
    "utm content", "gclid", "fbclid", "msclkid", "hutk", "form id", "form url", "portal id", "account id", "site id", "ad id",
    "adgroup id", "campaign id", "creative id", "language", "locale", "score", "variant", "source url", "redirect url",
    "thank you page", "owner email", "sales rep email", "recipient email", "to email", "is test", "api version", "google key",
)  # fmt: skip
NEAR: Final = 0.84  # one slip in six letters
SHORTEST: Final = 5  # of shorter names too many are one slip away from each other
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FILLERS: Final = words(
    "your ihre ihr votre vos su tu il tuo la le les das die der het uw o a my please bitte enter the what is was ist "
    "field feld campo input text frm form q"
)
LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near a name is to one of a field's: 0 to 1, the spelling it is near to, and its language."""

    score: float
    spelling: str
    language: str
    exact: bool = False


def likenesses(path: str) -> dict[str, Likeness]:
    """Fields (and KEPT) whose name this may be. The last part of a path counts, and the one before it where both together
    are a name: `company.name` is a company and no person."""
    found: dict[str, Likeness] = {}
    phrases = list(_phrases(path))
    whole = [phrase for phrase in phrases if "".join(phrase[0]) in _known()]
    if whole and len(whole[0][0]) > 1:
        phrases = whole[:1]
    for phrase, weight in phrases:
        for name, likeness in _of_phrase(phrase, weight):
            if name not in found or likeness.score > found[name].score:
                found[name] = likeness
    return found


def _phrases(path: str) -> Iterator[tuple[tuple[str, ...], float]]:
    parts = [part for part in (_words(piece) for piece in re.split(r"[.\[\]/>]+", path[-LONGEST:])) if part]
    if not parts:
        return
    if len(parts) > 1:
        yield parts[-2] + parts[-1], 1.0
    yield parts[-1], 0.95
    plain = tuple(word for word in parts[-1] if word not in _FILLERS)
    if plain and plain != parts[-1]:
        yield plain, 0.95


def _words(name: str) -> tuple[str, ...]:
    found = _WORD.findall(_HUMP.sub(" ", name))
    return tuple(fold(word) for word in found if not word.isdigit())


def _of_phrase(phrase: tuple[str, ...], weight: float) -> Iterator[tuple[str, Likeness]]:
    whole = "".join(phrase)
    known = _known()
    for field, spelling, language in known.get(whole, ()):
        yield field, Likeness(0.97 * weight, spelling, language, exact=True)
    if whole in known:
        return
    padded = f" {' '.join(phrase)} "
    for within, (field, spelling, language) in _within():
        if f" {within} " in padded and len(within) > 2:
            share = len(within) / len(padded.strip())
            last = padded.rstrip().endswith(f" {within}")
            yield field, Likeness((0.5 + 0.35 * share + (0.07 if last else 0.0)) * weight, spelling, language)
    if len(whole) >= SHORTEST:
        for near, likeness, _ in process.extract(
            whole, known.keys(), scorer=OSA.normalized_similarity, score_cutoff=NEAR, limit=5
        ):
            for field, spelling, language in known[near]:
                yield field, Likeness(0.9 * likeness * weight, spelling, language)


@cache
def spellings() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """field -> language -> names."""
    held = orjson.loads(files("tools.web.forms.mapping").joinpath("names.json").read_bytes())
    return {field: {lang: tuple(names) for lang, names in said.items()} for field, said in held.items()}


def _all() -> Iterator[tuple[str, str, str]]:
    for field, said in spellings().items():
        yield field, field.replace("_", " "), "en"
        for language, names in said.items():
            yield from ((field, name, language) for name in names)
    yield from ((KEPT, name, "en") for name in ABOUT_THE_PAGE)


@cache
def _known() -> Mapping[str, tuple[tuple[str, str, str], ...]]:
    found: dict[str, dict[str, tuple[str, str, str]]] = {}
    for field, spelling, language in _all():
        found.setdefault(fold(spelling), {}).setdefault(field, (field, spelling, language))
    return {key: tuple(held.values()) for key, held in found.items()}


@cache
def _within() -> tuple[tuple[str, tuple[str, str, str]], ...]:
    return tuple((" ".join(_words(spelling)), (field, spelling, lang)) for field, spelling, lang in _all())
