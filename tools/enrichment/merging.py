"""One profile of several sources' answers: each field from the source that was chosen for it, with its origin, and a
dispute for every other source that was asked and says something else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from graph.domain.account import CompanyProfile
from graph.domain.evidence import AccountMatch, Dispute, Origin, Tried
from graph.domain.values import evolve
from tools.enrichment.fields import PARENT, contradicts, parts_of, said
from tools.enrichment.planning import Choice
from tools.enrichment.source import Answer

_EMPTY: Final = CompanyProfile("")
_MOST_KNOWN: Final = 5_000


class Merger:
    """names: of the sources, by number. Keeps the origins that it made: companies that were asked for together share
    them."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._made: dict[tuple[str, tuple[str, ...], datetime], tuple[Origin, ...]] = {}

    def merged(
        self, answers: Sequence[Answer | None], choice: Choice, main: int, tried: tuple[Tried, ...]
    ) -> CompanyProfile:
        """answers: by source. main: the source whose company it is."""
        base = _profile(answers, main)
        changes: dict[str, Any] = {"tried": tried, "match": base.match or _match(answers)}
        origins: list[Origin] = []
        for source, fields in choice.won:
            profile, answer = _profile(answers, source), answers[source]
            assert answer is not None
            if source != main:
                changes |= {part: getattr(profile, part) for field in fields for part in parts_of(field)}
            origins += self._origins(self._names[source], fields, profile, answer.at)
        for field in choice.blank:  # what is there all the same is no good value, but for a family of one
            for part in parts_of(field):
                if part != "family" and getattr(base, part):
                    changes[part] = getattr(_EMPTY, part)
        if choice.moved:
            origins = _one_place(answers, choice, changes, origins)
        if choice.doubted or base.disputes:
            changes["disputes"] = self._disputes(answers, choice, main)
        return evolve(base, origins=tuple(origins), **changes)

    def _origins(self, name: str, fields: tuple[str, ...], profile: CompanyProfile, at: datetime) -> Sequence[Origin]:
        """A source that itself says where it has a value from is believed."""
        parts = fields
        if fields[-1] == "parent":  # the last of all fields
            parts = (*fields[:-1], *(part for part in PARENT if getattr(profile, part)))
        if profile.origins:
            inner = {origin.field: origin for origin in profile.origins}
            return [inner.get(part) or Origin(part, name, at) for part in parts]
        made = self._made.get((name, parts, at))
        if made is None:
            if len(self._made) >= _MOST_KNOWN:
                self._made.clear()
            made = self._made[name, parts, at] = tuple([Origin(part, name, at) for part in parts])
        return made

    def _disputes(self, answers: Sequence[Answer | None], choice: Choice, main: int) -> tuple[Dispute, ...]:
        """Those that the main source brings for the fields it gave, then ours."""
        found: list[Dispute] = []
        if brought := _profile(answers, main).disputes:
            own = next(fields for source, fields in choice.won if source == main)
            found += [dispute for dispute in brought if dispute.field in own]
        for field, taken, other in choice.doubted:
            one, two = answers[taken], answers[other]
            assert one is not None
            assert one.profile is not None
            assert two is not None
            assert two.profile is not None
            if contradicts(field, one.profile, two.profile):
                name = "parent_domain" if field == "parent" else field
                found.append(Dispute(name, self._names[other], said(field, two.profile)))
        return tuple(found)


def _profile(answers: Sequence[Answer | None], source: int) -> CompanyProfile:
    answer = answers[source]
    if answer is None or answer.profile is None:
        raise RuntimeError("a source was chosen that gave no profile")
    return answer.profile


def _match(answers: Sequence[Answer | None]) -> AccountMatch | None:
    return next((a.profile.match for a in answers if a and a.profile and a.profile.match), None)


def _one_place(
    answers: Sequence[Answer | None], choice: Choice, changes: dict[str, Any], origins: list[Origin]
) -> list[Origin]:
    """A state or city from another source than the country stays only where that source means the same country."""
    for field, source, of_country in choice.moved:
        country = None if of_country is None else _profile(answers, of_country).country
        if _profile(answers, source).country != country:
            changes[field] = None
            origins = [origin for origin in origins if origin.field != field]
    return origins
