"""The choice between accounts that evidence speaks for: one, or none because all are too weak, or rivals because two are
about as good. Never chooses by the order of accounts, by their size, or by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graph.domain.evidence import AccountMatch
from graph.rules.matching.confidence import LEAST_CONFIDENCE, confidence
from graph.rules.matching.evidence import Evidence

CLOSE: Final = 0.08
"""Difference in strength below which two pieces of evidence of one kind are equally good."""
MOST_RIVALS: Final = 5

_NOTHING: Final = AccountMatch(
    None, "none", 0.0, "no known account shares a domain, a name, a phone number or an address"
)
CLAIMED: Final = AccountMatch(
    None, "none", 0.0, "the name was typed above a free mail address, and no phone number or address supports it"
)
_SOURCES: Final = {
    "domain": "domain", "domain_family": "family", "name": "name", "name_place": "name", "name_phone": "name",
    "phone": "phone", "address": "address",
}  # fmt: skip
_TIERS: Final = {"whole": 3, "spelt": 2, "inside": 1, "initials": 1, "label": 2, "name": 2, "affix": 1}


def decide(found: Sequence[Evidence], *, claimed: bool = False) -> AccountMatch:
    """found: one piece for each account, in any order."""
    if not found:
        return CLAIMED if claimed else _NOTHING
    sure = {piece.key: confidence(piece.kind, piece.strength) for piece in found}
    ranked = sorted(found, key=lambda piece: (-sure[piece.key], -piece.strength, -piece.near, piece.key))
    best = ranked[0]
    if sure[best.key] < LEAST_CONFIDENCE:
        return AccountMatch(None, "none", sure[best.key], f"too little for {best.key}: {best.said}")
    by_source: dict[str, list[Evidence]] = {}
    for piece in ranked:
        if sure[piece.key] >= LEAST_CONFIDENCE:
            by_source.setdefault(source_of(piece), []).append(piece)
    if "domain" in by_source:  # nothing else outweighs an account's own domain
        by_source = {"domain": by_source["domain"]}
    left = [piece for pieces in by_source.values() for piece in leaders(pieces)]
    plausible = {piece.key: piece for piece in left}
    if len(plausible) == 1:
        return _answer(left[0], sure[left[0].key])
    if (head := _head_of_family(list(plausible.values()))) is not None:
        return _answer(head, sure[head.key], "; others of its family fit as well")
    return _rivals(left, sure)


def source_of(piece: Evidence) -> str:
    """Evidence of one source competes; that of several adds up, or contradicts."""
    return _SOURCES[piece.code]


def leaders(pieces: Sequence[Evidence]) -> list[Evidence]:
    """Those of one source that none of the others beats: the deepest domain, the better kind, clearly stronger, nearer."""
    top = max(tier(piece) for piece in pieces)
    left = [piece for piece in pieces if tier(piece) == top]
    strongest = max(piece.strength for piece in left)
    left = [piece for piece in left if piece.strength > strongest - CLOSE]
    nearest = max(piece.near for piece in left)
    return [piece for piece in left if piece.near == nearest]


def tier(piece: Evidence) -> int:
    """Of one source the higher tier is the better kind, however strong the other."""
    if piece.code == "domain":
        return -piece.rank
    likeness = piece.kind.partition("/")[2].partition("+")[0].partition("-")[0]
    return _TIERS.get(likeness, 0)


def _head_of_family(plausible: Sequence[Evidence]) -> Evidence | None:
    """The ultimate parent, where all are of one family and it is one of them."""
    roots = {piece.root for piece in plausible}
    if len(roots) > 1:
        return None
    return next((piece for piece in plausible if piece.key in roots), None)


def _answer(piece: Evidence, sure: float, more: str = "") -> AccountMatch:
    return AccountMatch(piece.key, piece.code, sure, piece.said + more)


def _rivals(found: Sequence[Evidence], sure: dict[str, float]) -> AccountMatch:
    keys = tuple(dict.fromkeys(piece.key for piece in found))
    shown = keys[:MOST_RIVALS]
    others = f" and {len(keys) - len(shown)} more" if len(keys) > len(shown) else ""
    why = f"fits {', '.join(shown)}{others} about equally: {found[0].said}"
    return AccountMatch(None, "rivals", round(sure[keys[0]] / len(keys), 3), why, shown)
