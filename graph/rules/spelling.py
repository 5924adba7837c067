"""What a misspelt or shortened name was meant to be, where that is clear; nothing where it is not. For people to confirm:
routing itself never guesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from graph.rules.conditions import word
from graph.rules.text import fold

NEAR: Final = 0.8  # one slip in five letters
AHEAD: Final = 0.1  # of the next best meaning: "Austrlia" is as near to Austria as to Australia
SHORTEST: Final = 4  # of three letters every second word is one slip away


def clear_meaning(typed: str, names: Mapping[str, str]) -> str | None:
    """names: name -> meaning. The one meaning that a slip of the fingers or an abbreviation word by word explains."""
    folded = fold(typed)
    if len(folded) < SHORTEST:
        return None
    meanings = {meaning for name, meaning in names.items() if _shortens(word(typed), word(name))}
    if meanings:
        return meanings.pop() if len(meanings) == 1 else None
    best: dict[str, float] = {}
    alike = process.extract(
        folded, names.keys(), processor=fold, scorer=OSA.normalized_similarity, score_cutoff=NEAR - AHEAD, limit=None
    )
    for name, similarity, _ in alike:
        if fold(name)[0] == folded[0]:  # fingers slip, but hardly at the first letter: rental is not dental
            best[names[name]] = max(similarity, best.get(names[name], 0.0))
    ranked = sorted(((similarity, meaning) for meaning, similarity in best.items()), reverse=True)
    if not ranked or ranked[0][0] < NEAR or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < AHEAD):
        return None
    return ranked[0][1]


def _shortens(short: str, long: str) -> bool:
    """Word by word, as `fin_svcs` and `fin_services` shorten `financial_services`. One word alone says too little."""
    shorts, longs = short.split("_"), long.split("_")
    return len(shorts) == len(longs) > 1 and short != long and all(map(_abbreviates, shorts, longs))


def _abbreviates(short: str, long: str) -> bool:
    """The same first letter, and the others in their order."""
    rest = iter(long)
    return short == long or (len(short) > 1 and short[:1] == long[:1] and all(letter in rest for letter in short))
