"""Which of the candidates is the person who wrote, if that can be said. Between two plausible answers there is none.

Pure: the store looks candidates up by key, people's verdicts come with them, and what follows from a match is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graph.domain.evidence import PersonCode, PersonMatch
from graph.domain.person import Candidate
from graph.rules.people.evidence import PLAUSIBLE, SAID, SURE, confidences, evidence
from graph.rules.people.traits import Traits, traits_of

AHEAD: Final = 0.1
"""How much surer the best must be than the next person."""
NOBODY: Final = PersonMatch(None, "none", 0.0, "Nobody who wrote before is the same person as far as can be said.")


NEVER_SURE: Final[frozenset[PersonCode]] = frozenset(("typed_name", "common_typed_name", "statistical"))
"""Codes that rest on words which anybody may type above a private address, or on no rule: a person looks first."""


def is_sure(match: PersonMatch) -> bool:
    """Whether the two leads are linked without asking."""
    return match.lead_id is not None and match.confidence >= SURE and match.code not in NEVER_SURE


def best_match(asked: Traits, candidates: Sequence[Candidate]) -> PersonMatch:
    """candidates: without those that people said are somebody else. Of one person's leads (`group`) the one that fits best
    stands for all. A lead that it is linked with already goes before everything."""
    linked = next((candidate for candidate in candidates if candidate.merged), None)
    if linked is not None:
        return PersonMatch(linked.who.lead_id, "merged", 1.0, _why(linked, SAID["merged"]))
    best: dict[str, tuple[float, Candidate, PersonCode]] = {}
    known = confidences()
    for candidate in candidates:
        code = evidence(
            asked, traits_of(candidate.who), name_leads=candidate.name_leads, phone_names=candidate.phone_names
        )
        confidence = known.get(code, 0.0)
        group = candidate.group or candidate.who.lead_id
        if confidence >= PLAUSIBLE and (group not in best or confidence > best[group][0]):
            best[group] = confidence, candidate, code
    if not best:
        return NOBODY
    ranked = sorted(best.values(), key=lambda found: (-found[0], found[1].who.lead_id))
    confidence, first, code = ranked[0]
    rivals = [candidate for other, candidate, _ in ranked[1:] if confidence - other < AHEAD]
    if rivals:
        several = (first, *rivals)
        ids = tuple(candidate.who.lead_id for candidate in several)
        return PersonMatch(None, "rivals", confidence, f"{len(several)} people fit about equally.", ids)
    return PersonMatch(first.who.lead_id, code, confidence, _why(first, SAID[code]))


def _why(candidate: Candidate, said: str) -> str:
    return f"{said[:1].upper()}{said[1:]} as lead {candidate.who.lead_id}."
