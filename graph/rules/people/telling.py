"""A known person in words, for the trace and the reasons of an assignment. Says what follows from a match, and no more."""

from __future__ import annotations

from graph.domain.person import KnownPerson
from graph.rules.people.matching import is_sure
from graph.rules.wording import first_name


def told(person: KnownPerson) -> str:
    """A part of a sentence: who it is or may be, by which code, how sure."""
    match = person.match
    if match.lead_id is None:
        return f"may be the same person as one of {', '.join(match.rivals[:3])}, which of them is unknown"
    said = f"({match.code}, {match.confidence:.0%})"
    if is_sure(match):
        return f"same person as lead {match.lead_id} {said}"
    return f"may be the same person as lead {match.lead_id} {said}, which changes nothing"


def as_one_person(person: KnownPerson) -> str:
    """Why a turn was not taken anew."""
    through = person.emails[0] if person.emails else person.phone or "another key"
    whose = f", whom {first_name(person.owner)} has" if person.open and person.owner else ""
    return f"The same person wrote from {through[:80]} before{whose}: the turn of that lead counts for this one too."
