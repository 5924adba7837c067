"""Answers of a metered source: understood, kept in the store, and read again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import ValidationError

from graph.domain.account import CompanyProfile
from graph.domain.facts import Fact, Found, Unavailable
from tools.enrichment.fields import good, without_bad
from tools.enrichment.source import Answer
from tools.shape import Shape
from tools.store.enriching import Kept

_PROFILE: Final[Shape[CompanyProfile]] = Shape(CompanyProfile)


def refused(outcome: str, now: datetime) -> Answer:
    return Answer(outcome, None, now, known=False)


def understood(fact: Fact[CompanyProfile], now: datetime) -> Answer:
    if isinstance(fact, Found):
        held = good(fact.value)
        if not held:
            return Answer("empty", None, now)
        return Answer("found", without_bad(fact.value, held), now, good=held)
    if isinstance(fact, Unavailable):
        return Answer(fact.reason, None, now, known=fact.reason == "another company")
    return Answer("absent", None, now)


def again(outcome: str) -> str:
    """What the record says when the answer comes from the cache."""
    return "cached" if outcome == "found" else outcome if outcome.startswith("cached") else f"cached {outcome}"


def to_keep(source: str, domain: str, answer: Answer, expires_at: datetime) -> Kept:
    value = None if answer.profile is None else _PROFILE.dump_json(answer.profile)
    return Kept(source, domain, answer.outcome, value, answer.at, expires_at)


def answer_of(kept: Kept) -> Answer | None:
    """None for what a release with another form of profiles kept."""
    if kept.value is None:
        return Answer(again(kept.outcome), None, kept.at)
    try:
        profile = _PROFILE.validate_json(kept.value)
    except ValidationError:
        return None
    return Answer(again(kept.outcome), profile, kept.at, good=good(profile))
