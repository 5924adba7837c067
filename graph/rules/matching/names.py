"""How alike two names are: which words of the one stand in the other, and what is left over on both sides.

Words meet exactly, run together (`Borg Warner`, `BorgWarner`), misspelt by one slip of the fingers, or as initials.
Never compares a name with itself under another spelling of the rules: both sides come from `tokens`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from rapidfuzz.distance import OSA

from graph.rules.matching.tokens import initials
from graph.rules.matching.words import class_of, is_common, is_numeral

Likeness: TypeAlias = Literal["whole", "spelt", "inside", "slipped", "part", "begins", "brand", "initials"]

SHORTEST_MISSPELT: Final = 5
"""Letters of a word in which one slip still leaves no doubt; of four letters every second word is one slip away."""
FULL: Final = 1.5
"""Weight of shared words at which nothing is left to wish for: a brand that nobody else has, and half another word."""
_SLIP: Final = 0.9
_NOT_FIRST: Final = 0.8
_TURNED: Final = 0.75
"""For words in another order: Bank First is not First Bank."""
_LONG_BRAND: Final = 8
"""Letters of a word that hardly two companies choose independently."""
_WEAK: Final = frozenset(("structure", "place", "glue"))


class Vocabulary(Protocol):
    """The words of all known names."""

    def weight(self, word: str) -> float:
        """0..1: what the word says, by how few accounts have it (`words.weight`)."""
        ...

    def knows(self, word: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Alike:
    """kind: how they are alike. strength: 0..1, the worth of the words they share, less what the known name lacks."""

    kind: Likeness
    strength: float


def misspelt(one: str, other: str) -> bool:
    """One slip apart: a letter wrong, missing, doubled or two exchanged, and not the first."""
    if len(one) < SHORTEST_MISSPELT or len(other) < SHORTEST_MISSPELT or one[0] != other[0]:
        return False
    return OSA.distance(one, other, score_cutoff=1) == 1


def compare(asked: tuple[str, ...], known: tuple[str, ...], book: Vocabulary) -> Alike | None:
    """How the name asked for is like a known one; None where they share nothing that counts."""
    if not asked or not known:
        return None
    likenesses = [found for found in (_by_words(asked, known, book), _by_initials(asked, known, book)) if found]
    return max(likenesses, key=lambda found: found.strength) if likenesses else None


def _by_words(asked: tuple[str, ...], known: tuple[str, ...], book: Vocabulary) -> Alike | None:
    by_asked, by_known, slips, ordered = _aligned(asked, known, book)
    if not by_known:
        return None
    left_asked = [word for at, word in enumerate(asked) if at not in by_asked]
    left_known = [word for at, word in enumerate(known) if at not in by_known]
    if any(map(is_numeral, left_asked)) and any(map(is_numeral, left_known)):
        return None  # Acme II and Acme III are two companies; Acme II may well belong to Acme
    shared = sum(book.weight(known[at]) for at in by_known)
    strength = min(1.0, shared / FULL) * shared / (shared + sum(map(book.weight, left_known)))
    first = 0 in by_asked and 0 in by_known
    if not ordered:
        strength *= _TURNED
    if slips:
        strength *= _SLIP
        if left_known:
            return None
        return Alike("slipped", strength * (1.0 if first else _NOT_FIRST)) if left_asked else Alike("spelt", strength)
    if not left_known:
        return Alike("inside", strength * (1.0 if first else _NOT_FIRST)) if left_asked else Alike("whole", strength)
    if not left_asked:
        return Alike("part", strength * (1.0 if first else _NOT_FIRST))
    return _begun(asked[0], left_asked, left_known, strength) if first and is_brand(asked[0]) else None


def is_brand(word: str) -> bool:
    return class_of(word) == "brand"


def _begun(brand: str, left_asked: list[str], left_known: list[str], strength: float) -> Alike | None:
    """Both begin with the same brand; what follows are forms of business and places, or at least no second brand."""
    if any(map(is_brand, (*left_asked, *left_known))):
        return None
    weak = all(class_of(word) in _WEAK for word in (*left_asked, *left_known))
    return Alike("brand" if weak else "begins", strength * min(1.0, len(brand) / _LONG_BRAND))


def _aligned(asked: tuple[str, ...], known: tuple[str, ...], book: Vocabulary) -> tuple[set[int], set[int], int, bool]:
    """(positions used of the one, of the other, slips, whether exact words come in one order). Exact words first, then
    words run together, then misspelt ones."""
    used_asked: set[int] = set()
    used_known: set[int] = set()
    places: dict[str, list[int]] = {}
    for at, word in enumerate(known):
        places.setdefault(word, []).append(at)
    order = []
    for at, word in enumerate(asked):
        if places.get(word):
            used_asked.add(at)
            order.append(places[word].pop(0))
    used_known.update(order)
    if len(used_asked) < len(asked) and len(used_known) < len(known):
        _join(asked, known, used_asked, used_known)
        _join(known, asked, used_known, used_asked)
    slips = _misspelt(asked, known, used_asked, used_known, book)
    return used_asked, used_known, slips, order == sorted(order)


def _join(one: tuple[str, ...], other: tuple[str, ...], used_one: set[int], used_other: set[int]) -> None:
    """Two words in a row of the one that are one word of the other."""
    for at in range(len(one) - 1):
        if at in used_one or at + 1 in used_one:
            continue
        joined = one[at] + one[at + 1]
        for there, word in enumerate(other):
            if word == joined and there not in used_other:
                used_one.update((at, at + 1))
                used_other.add(there)
                break


def _misspelt(
    asked: tuple[str, ...], known: tuple[str, ...], used_asked: set[int], used_known: set[int], book: Vocabulary
) -> int:
    """How many words are taken for misspelt ones. One that is a word of its own is not: `Virtu` is not `Vitru`."""
    slips = 0
    for at, word in enumerate(asked):
        if at in used_asked or is_common(word):
            continue
        for there, other in enumerate(known):
            if there not in used_known and misspelt(word, other) and not book.knows(word):
                used_asked.add(at)
                used_known.add(there)
                slips += 1
                break
    return slips


def _by_initials(asked: tuple[str, ...], known: tuple[str, ...], book: Vocabulary) -> Alike | None:
    """`AEP Texas` and American Electric Power, or the other way round. Whether the book has others with these initials is
    for the caller to ask."""
    short = initials(known)
    if short is not None and short in asked:
        return Alike("initials", _initials_worth(short) * (1.0 if asked[0] == short else _NOT_FIRST))
    if len(known) == 1 and initials(asked) == known[0]:
        return Alike("initials", _initials_worth(known[0]) * _NOT_FIRST * book.weight(known[0]))
    return None


def _initials_worth(short: str) -> float:
    return {3: 0.6, 4: 0.9}.get(len(short), 1.0)
