"""What speaks against a lead, read off its features by fixed thresholds: each with its size, its trend and a sentence.

A risk is about what is known: a brand-new lead is not blamed for activity it could not have, and an unknown value counts
only where asking for it is the remedy. The trend is that of the person's activity; a fact of the form has none and is
stable.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from graph.domain.insights import Impact, Risk, Trend
from graph.domain.scoring import Feature, Score

Held: TypeAlias = Mapping[str, float | str | None]
SILENT: Final[tuple[tuple[float, Impact], ...]] = ((30.0, "high"), (14.0, "medium"))
"""Days of silence above which, as the rule-based scorer counts them."""
SETTLED_DAYS: Final = 7.0
"""Days from the first trace from which a pace can be told."""
SLOW_A_DAY: Final = 0.1
FEW_OPENS, SLOW_ANSWER_H, WIDE = 0.1, 72.0, 0.4
NO_TREND: Final = " There is no history to tell a trend from."
_ORDER: Final = {"high": 0, "medium": 1, "low": 2}
_MISSING: Final[tuple[tuple[str, Impact, str], ...]] = (
    ("hasCompany", "high", "No company is known, so nobody knows whose budget it would be."),
    ("hasTitle", "medium", "No job title is known, so nobody knows what the person decides."),
    ("hasPhone", "low", "No phone number is known; the person can only be written to."),
)
_CODED: Final[tuple[tuple[str, str, Impact, str], ...]] = (
    ("emailDomainType", "free", "medium", "The e-mail is at a free provider, so the employer is unproven."),
    ("emailDomainType", "edu", "low", "The e-mail is at a university: often study, seldom a purchase."),
    ("titleSeniority", "individual", "low", "The title names no rank that decides about a purchase alone."),
    ("titleFunctionFit", "other", "medium", "The role is far from those who use or buy the product."),
    ("titleFunctionFit", "education", "medium", "The role is in education, not in running software."),
)
_SET: Final[tuple[tuple[str, Impact, str], ...]] = (
    ("reviewFlags", "high", "The submission looks like one of a bot; a person has to look first."),
    ("lowIntentWords", "high", "The message reads like that of a student, applicant, seller or browser."),
    ("usesCompetitor", "low", "A competing product is in place and would have to be replaced."),
)


def held(vector: Sequence[float], features: Sequence[Feature]) -> dict[str, float | str | None]:
    """Each feature's value by name: a code as its label, unknown as None."""
    return {
        feature.name: None if math.isnan(value) else feature.labels[int(value)] if feature.labels else value
        for feature, value in zip(features, vector, strict=True)
    }


def risks(values: Held, score: Score, *, silent_days: float | None, trend: Trend | None) -> tuple[Risk, ...]:
    """Largest impact first.

    values: see `held`. silent_days: since the person was last heard of, to now; trend: of their activity, None where
    there is no history to tell one from.
    """
    found = [
        *_quiet(values, silent_days, trend),
        *_mails(values, trend),
        *_facts(values),
        *_unsure(score),
    ]
    return tuple(sorted(found, key=lambda risk: _ORDER[risk.impact]))


def _quiet(values: Held, silent_days: float | None, trend: Trend | None) -> Iterator[Risk]:
    for least, impact in SILENT:
        if silent_days is not None and silent_days > least:
            said = f"Nothing was heard of the person for {silent_days:.0f} days."
            yield _moving("silence", impact, trend, round(silent_days, 1), said)
            break
    created, velocity = _number(values, "daysSinceCreated"), _number(values, "activityVelocity")
    if created >= SETTLED_DAYS and velocity < SLOW_A_DAY:
        impact = "medium" if velocity else "high"
        yield _moving(
            "activityVelocity", impact, trend, velocity, f"They act {velocity:.2f} times a day: hardly at all."
        )


def _mails(values: Held, trend: Trend | None) -> Iterator[Risk]:
    opens, answers, in_sequence = (
        values.get(name) for name in ("emailOpenRate", "avgResponseTime", "sequenceEngagement")
    )
    if isinstance(opens, float) and opens < FEW_OPENS:
        yield _moving("emailOpenRate", "medium", trend, opens, f"They open {100 * opens:.0f} of 100 of our mails.")
    if in_sequence == 0.0:
        yield _moving(
            "sequenceEngagement", "medium", trend, 0.0, "The running sequence has drawn no click and no reply."
        )
    if isinstance(answers, float) and answers > SLOW_ANSWER_H:
        yield _moving("avgResponseTime", "low", trend, answers, f"They take {answers:.0f} hours to answer a mail.")


def _facts(values: Held) -> Iterator[Risk]:
    for name, impact, said in _MISSING:
        if values.get(name) == 0.0:
            yield Risk(name, impact, "stable", 0.0, said)
    for name, label, impact, said in _CODED:
        if values.get(name) == label:
            yield Risk(name, impact, "stable", label, said)
    for name, impact, said in _SET:
        value = values.get(name)
        if isinstance(value, float) and value > 0:
            yield Risk(name, impact, "stable", value, said)
    if values.get("hasCompany") == 1.0 and values.get("companySizeEstimate") is None:
        said = "The size of the company is not known, so neither is what a contract may be worth."
        yield Risk("companySizeEstimate", "low", "stable", None, said)


def _unsure(score: Score) -> Iterator[Risk]:
    width = round(score.high - score.low, 4)
    if width >= WIDE:
        said = f"The score is unsure: it likely lies between {100 * score.low:.0f} and {100 * score.high:.0f}."
        yield Risk("uncertainty", "medium", "stable", width, said)


def _moving(factor: str, impact: Impact, trend: Trend | None, value: float, said: str) -> Risk:
    return Risk(factor, impact, trend or "stable", value, said if trend else said + NO_TREND)


def _number(values: Held, name: str) -> float:
    """0 for unknown."""
    value = values.get(name)
    return value if isinstance(value, float) else 0.0
