"""One profile of several sources' answers: each field from the source that was chosen for it, with its origin, and a
dispute for every other source that was asked and says something else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from graph.domain.account import CompanyProfile
from graph.domain.evidence import Dispute, Origin, Tried
from graph.domain.values import evolve
from tools.enrichment.fields import PARENT, contradicts, parts_of, said
from tools.enrichment.planning import Choice
from tools.enrichment.source import Answer

_EMPTY: Final = CompanyProfile("")
_PLACE: Final = ("country", "state", "city")


def merged(
    names: Sequence[str], answers: Sequence[Answer | None], choice: Choice, main: int, tried: tuple[Tried, ...]
) -> CompanyProfile:
    """names, answers: by source. main: the source whose company it is."""
    base = _profile(answers, main)
    changes: dict[str, Any] = {}
    origins: list[Origin] = []
    placed = dict.fromkeys(_PLACE, main)
    for source, fields in choice.won:
        profile, answer = _profile(answers, source), answers[source]
        assert answer is not None
        inner = {origin.field: origin for origin in profile.origins} if profile.origins else None
        for field in fields:
            if field in placed:
                placed[field] = source
            if field == "parent":
                _take(PARENT, profile, base, changes, origins, names[source], answer.at, inner)
                continue
            if profile is not base:
                changes[field] = getattr(profile, field)
            origins.append((inner and inner.get(field)) or Origin(field, names[source], answer.at))
    for field in choice.blank:  # what is there all the same is no good value
        for part in parts_of(field):
            if getattr(base, part):
                changes[part] = getattr(_EMPTY, part)
    if placed["country"] != placed["state"] or placed["country"] != placed["city"]:
        _one_place(answers, placed, base, changes, origins)
    return evolve(
        base,
        **changes,
        match=_match(answers),
        origins=tuple(origins),
        disputes=_disputes(names, answers, choice) if choice.doubted else (),
        tried=tried,
    )


def _profile(answers: Sequence[Answer | None], source: int) -> CompanyProfile:
    answer = answers[source]
    if answer is None or answer.profile is None:
        raise RuntimeError("a source was chosen that gave no profile")
    return answer.profile


def _take(
    parts: tuple[str, ...],
    profile: CompanyProfile,
    base: CompanyProfile,
    changes: dict[str, Any],
    origins: list[Origin],
    name: str,
    at: datetime,
    inner: dict[str, Origin] | None,
) -> None:
    """The parts of a group, all of them from this one source."""
    for part in parts:
        value = getattr(profile, part)
        if profile is not base:
            changes[part] = value
        if value:
            origins.append((inner and inner.get(part)) or Origin(part, name, at))


def _one_place(
    answers: Sequence[Answer | None],
    placed: dict[str, int],
    base: CompanyProfile,
    changes: dict[str, Any],
    origins: list[Origin],
) -> None:
    """A state or city from another source than the country stays only where that source means the same country."""
    country = changes.get("country", base.country)
    for field in ("state", "city"):
        theirs = _profile(answers, placed[field]).country
        if theirs != country and changes.get(field, getattr(base, field)) is not None:
            changes[field] = None
            origins[:] = [origin for origin in origins if origin.field != field]


def _match(answers: Sequence[Answer | None]) -> Any:
    return next((a.profile.match for a in answers if a and a.profile is not None and a.profile.match is not None), None)


def _disputes(names: Sequence[str], answers: Sequence[Answer | None], choice: Choice) -> tuple[Dispute, ...]:
    found = []
    for field, taken, other in choice.doubted:
        one, two = _profile(answers, taken), _profile(answers, other)
        if contradicts(field, one, two):
            found.append(Dispute(field, names[other], said(field, two)))
    return tuple(found)
