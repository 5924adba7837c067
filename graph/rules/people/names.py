"""Person names for comparing: order, case, accents, titles, middle names, initials and short forms do not make two people.

`read_name` takes a name apart, `alike` says how two of them agree, `name_key` is one spelling for counting. A key is never
shown. Says nothing about a name of one word, which is no person's whole name, except in scripts that write names as one word.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple, TypeAlias

from rapidfuzz.distance import OSA

from graph.rules.text import fold, words

Likeness: TypeAlias = Literal["same", "initial", "typo", "different"]

_TITLES = words(
    "mr mrs ms miss mx dr prof herr frau sir madam dipl ing mag rer nat hc sr sra srta dott eng monsieur mme m"
)
_BEHIND = words("phd md mba cpa esq pmp msc bsc ma ba dds rn jd cfa ceo cto cfo coo cissp mag dr")
_GENERATIONS = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_PARTICLES = words(
    "van von der den de del della dello di da das dos du la le el al bin ibn ben ten ter zu zum zur y af av"
)
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|[\"“”„«»][^\"“”„«»]*[\"“”„«»]")
_SHORTEST_TYPO, _LONG = 4, 9


def _short_forms() -> dict[str, str]:
    text = files("graph.rules").joinpath("people", "data", "nicknames.txt").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in text.splitlines():
        full, *short = line.partition("#")[0].split() or [""]
        found |= dict.fromkeys(short, full)
    return found


SHORT_FORMS = _short_forms()


class Name(NamedTuple):
    """Folded words. first: full form of the first name, or an initial; last: the surname, "" for a name of one word that is
    whole; typed: first as typed; middle: the others in order; generation: jr, sr, ii, ... or ""."""

    first: str
    last: str
    typed: str = ""
    middle: tuple[str, ...] = ()
    generation: str = ""

    @property
    def full(self) -> bool:
        return len(self.first) > 1 and len(self.last) != 1


@lru_cache(8_192)
def read_name(typed: str | None) -> Name | None:
    """The name taken apart; None where there is none, or only a part of one. "Ortiz, Maya", "Dr. Maya B. Ortiz PhD"."""
    if not typed or "@" in typed or len(typed) > 120:
        return None
    text = _ASIDE.sub(" ", typed)
    behind, comma, before = text.partition(",")
    parts, generation = _words(behind)
    if comma:
        others, younger = _words(before)
        generation = generation or younger
        parts = [*others, *parts]  # what follows a comma is a first name, or was taken out as a suffix
    parts = [part for part in parts if part not in _PARTICLES] if len(parts) > 2 else parts
    if not parts:
        return None
    if len(parts) == 1:
        whole = parts[0]
        return (
            Name(whole, "", whole, (), generation)
            if len(whole) > 1 and not whole.isascii() and not _cased(whole)
            else None
        )
    first, *middle, last = parts
    return Name(SHORT_FORMS.get(first, first), last, first, tuple(middle), generation)


def _words(text: str) -> tuple[list[str], str]:
    """Folded words without titles and degrees, and the generation that stood behind them."""
    found = [part for word in text.replace(".", ". ").split() if (part := fold(word))]
    while len(found) > 1 and found[0] in _TITLES and not (len(found[0]) == 1 and len(found) == 2):
        found.pop(0)
    generation = ""
    while found and (found[-1] in _GENERATIONS or (found[-1] in _BEHIND and len(found) > 2)):
        generation = _GENERATIONS.get(found.pop(), generation)
    if len(found) == 1 and found[0] in _BEHIND:
        return [], generation
    return found, generation


def _cased(word: str) -> bool:
    return word.upper() != word.lower()


def name_key(name: Name | None) -> str | None:
    """One spelling for all orders of first and last name, short forms and accents; None without a full name."""
    if name is None or not name.full:
        return None
    return " ".join(sorted((name.first, name.last))).strip()


def alike(one: Name, other: Name) -> Likeness:
    """How two names agree. `different` for anything that tells two people apart: a generation, another middle name,
    first names that differ by more than a slip."""
    if one.generation and other.generation and one.generation != other.generation:
        return "different"
    if _middles_differ(one, other):
        return "different"
    straight = _alike(one.first, one.last, other.first, other.last)
    if straight == "same" or not (one.last and other.last):
        return straight
    swapped = _alike(one.first, one.last, SHORT_FORMS.get(other.last, other.last), other.typed)
    if swapped == "same":
        return "same"
    if _part_of(one, other) or _part_of(other, one):
        return "same"
    return straight if straight != "different" else swapped


def _middles_differ(one: Name, other: Name) -> bool:
    if not one.middle or not other.middle:
        return False
    a, b = one.middle[0], other.middle[0]
    return not (a.startswith(b) or b.startswith(a))


def _alike(first: str, last: str, first_other: str, last_other: str) -> Likeness:
    if last == last_other:
        if first == first_other:
            return "same"
        if (len(first) == 1) != (len(first_other) == 1) and first[0] == first_other[0]:
            return "initial"
    if len(first) == 1 or len(first_other) == 1:
        return "different"
    return "typo" if _slip(first, first_other, ends=True) and _slip(last, last_other, ends=False) else "different"


def _slip(one: str, other: str, *, ends: bool) -> bool:
    """A slip of the fingers: never at the first letter, one in a word of four letters, two in a long one. ends: of first
    names the last two letters must agree: Mario and Maria, Christian and Christina are two people."""
    if one == other:
        return True
    short, long = sorted((len(one), len(other)))
    if short < _SHORTEST_TYPO or one[0] != other[0] or (ends and one[-2:] != other[-2:]):
        return False
    most = 2 if short >= _LONG else 1
    return long - short <= most and OSA.distance(one, other, score_cutoff=most) <= most


def _part_of(short: Name, long: Name) -> bool:
    """All words of one among the other's: "Maria Garcia" and "Maria Garcia Lopez"."""
    held = {long.first, *long.middle, long.last}
    return short.full and not short.middle and short.first == long.first and short.last in held
