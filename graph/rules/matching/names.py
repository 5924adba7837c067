"""How alike two names are: which words of the one stand in the other, and what is left over on both sides.

Words meet exactly, run together (`Borg Warner`, `BorgWarner`), misspelt by one slip of the fingers, or as initials.
Never compares a name with itself under another spelling of the rules: both sides come from `tokens`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from rapidfuzz.distance import OSA

from graph.rules.matching.tokens import initials
from graph.rules.matching.words import is_numeral, worth

Likeness: TypeAlias = Literal["whole", "spelt", "inside", "part", "brand", "initials"]
Weight: TypeAlias = Callable[[str], float]

SHORTEST_MISSPELT: Final = 5
"""Letters of a word in which one slip still leaves no doubt; of four letters every second word is one slip away."""
WEAK: Final = 0.35
"""What is left over may be ignored up to this worth: places and forms of business, no trade and no second brand."""
_SLIP: Final = 0.9
_NOT_FIRST: Final = 0.8


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


def compare(asked: tuple[str, ...], known: tuple[str, ...], weight: Weight) -> Alike | None:
    """How the name asked for is like a known one; None where they share nothing that counts.

    weight: 0..1 of a word, see `words.worth`, by how rare it is in the book. Words without weight of their own never make
    two names alike.
    """
    if not asked or not known:
        return None
    likenesses = [found for found in (_by_words(asked, known, weight), _by_initials(asked, known, weight)) if found]
    return max(likenesses, key=lambda found: found.strength) if likenesses else None


def _by_words(asked: tuple[str, ...], known: tuple[str, ...], weight: Weight) -> Alike | None:
    by_asked, by_known, slips = _aligned(asked, known)
    if not by_known:
        return None
    if _numerals_differ(asked, known, by_asked, by_known):
        return None
    shared = sum(weight(known[at]) for at in by_known)
    left_known = sum(weight(word) for at, word in enumerate(known) if at not in by_known)
    left_asked = [word for at, word in enumerate(asked) if at not in by_asked]
    covered = shared / (shared + left_known)
    strength = min(1.0, shared) * covered * (_SLIP if slips else 1.0)
    whole = len(by_known) == len(known)
    if whole and not left_asked:
        return Alike("spelt" if slips else "whole", strength)
    first = 0 in by_asked and 0 in by_known
    strength *= 1.0 if first else _NOT_FIRST
    if whole:
        return Alike("inside", strength)
    if not left_asked:
        return Alike("part", strength)
    weak = first and all(_is_weak(word) for word in left_asked) and _weak_rest(known, by_known)
    return Alike("brand", strength) if weak else None


def _is_weak(word: str) -> bool:
    return worth(word) <= WEAK and not is_numeral(word)


def _weak_rest(parts: tuple[str, ...], used: set[int]) -> bool:
    return all(_is_weak(word) for at, word in enumerate(parts) if at not in used)


def _aligned(asked: tuple[str, ...], known: tuple[str, ...]) -> tuple[set[int], set[int], int]:
    """(positions used of the one, of the other, slips). Exact words first, then words run together, then misspelt."""
    used_asked: set[int] = set()
    used_known: set[int] = set()
    places: dict[str, list[int]] = {}
    for at, word in enumerate(known):
        places.setdefault(word, []).append(at)
    for at, word in enumerate(asked):
        if places.get(word):
            used_asked.add(at)
            used_known.add(places[word].pop(0))
    if len(used_asked) < len(asked) or len(used_known) < len(known):
        _join(asked, known, used_asked, used_known)
        _join(known, asked, used_known, used_asked)
    return used_asked, used_known, _misspelt(asked, known, used_asked, used_known)


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


def _misspelt(asked: tuple[str, ...], known: tuple[str, ...], used_asked: set[int], used_known: set[int]) -> int:
    slips = 0
    for at, word in enumerate(asked):
        if at in used_asked:
            continue
        for there, other in enumerate(known):
            if there not in used_known and misspelt(word, other):
                used_asked.add(at)
                used_known.add(there)
                slips += 1
                break
    return slips


def _numerals_differ(asked: tuple[str, ...], known: tuple[str, ...], by_asked: set[int], by_known: set[int]) -> bool:
    """`Acme II` and `Acme III` are two companies; `Acme II` may well belong to `Acme`."""
    only_known = any(is_numeral(word) for at, word in enumerate(known) if at not in by_known)
    only_asked = any(is_numeral(word) for at, word in enumerate(asked) if at not in by_asked)
    return only_known and only_asked


def _by_initials(asked: tuple[str, ...], known: tuple[str, ...], weight: Weight) -> Alike | None:
    """`AEP Texas` and American Electric Power, or the other way round. Whether the book has others with these initials is
    for the caller to ask."""
    short = initials(known)
    if short is not None and short in asked:
        first = asked[0] == short
        return Alike("initials", _initials_worth(short) * (1.0 if first else _NOT_FIRST))
    if len(known) == 1 and initials(asked) == known[0]:
        return Alike("initials", _initials_worth(known[0]) * weight(known[0]))
    return None


def _initials_worth(short: str) -> float:
    return {3: 0.6, 4: 0.9}.get(len(short), 1.0)
