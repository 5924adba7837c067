"""What to do with a lead next: rules over its score, its risks and what a re-scoring showed to help.

An impact in points is one that was tried (`graph.rules.raising`); advice that no scorer can try claims none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from graph.domain.insights import Priority, Raise, Raising, Recommendation, Risk
from graph.domain.scoring import Intent, Score

MUCH, SOME, LEAST = 8.0, 3.0, 0.5
"""Points from which a change is of high, of medium priority, and worth a word at all."""
MOST: Final = 8
NOT_SALES: Final = {
    "support": "Hand it to support first",
    "complaint": "Answer the complaint first",
    "partnership": "Hand it to whoever runs partnerships",
}
_ORDER: Final = {"urgent": 0, "high": 1, "medium": 2, "low": 3}


def recommend(
    score: Score, risks: tuple[Risk, ...], raising: Raising, *, intent: Intent | None, can_call: bool
) -> tuple[Recommendation, ...]:
    """The most urgent first, at most MOST. intent: as the message was judged; can_call: a phone number is known."""
    factors = {risk.factor: risk for risk in risks}
    if "reviewFlags" in factors:
        return (_advice("urgent", "Have a person look at it first", factors["reviewFlags"].description, "today"),)
    found = [
        *_first_of_all(score, intent, raising, can_call=can_call, fresh="silence" not in factors),
        *_against(factors),
        *_worth_asking(raising, hot=score.temperature == "hot"),
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER[one.priority], -(one.expected_impact or 0.0)))[:MOST])


def _first_of_all(
    score: Score, intent: Intent | None, raising: Raising, *, can_call: bool, fresh: bool
) -> Iterator[Recommendation]:
    """fresh: they were heard of within two weeks; after that an hour makes no difference."""
    if intent in NOT_SALES:
        yield _advice("high", NOT_SALES[intent], f"The message reads as a {intent} request.", "today")
    elif score.temperature == "hot":
        gain = next((one.gain for one in raising.single if one.options[0].key == "call"), None)
        action = "Call now" if can_call else "Write now and offer a time to talk"
        why = f"It is a hot lead: {score.points:.0f} in 100."
        when = "within the hour" if fresh else "today"
        yield Recommendation("urgent" if fresh else "high", action, why, gain if can_call else None, when)
    elif score.temperature == "dead":
        yield _advice("low", "Leave it to the nurture sequence", f"Only {score.points:.0f} in 100.", "no hurry")


def _against(factors: dict[str, Risk]) -> Iterator[Recommendation]:
    if (silence := factors.get("silence")) is not None:
        priority: Priority = "high" if silence.impact == "high" else "medium"
        yield _advice(
            priority, "Write once more with something new, then let it rest", silence.description, "this week"
        )
    if (opens := factors.get("emailOpenRate")) is not None:
        yield _advice("medium", "Try another channel than mail", opens.description, "this week")
    if (competitor := factors.get("usesCompetitor")) is not None:
        yield _advice("low", "Ask when the present contract ends", competitor.description, "in the first talk")
    if (low := factors.get("lowIntentWords")) is not None:
        yield _advice("low", "Ask what it is for before time is spent on it", low.description, "no hurry")


def _worth_asking(raising: Raising, *, hot: bool) -> Iterator[Recommendation]:
    """Each change that helped; what leads to the next tier is worth more."""
    leading = {option.key for option in raising.to_next_tier.options} if raising.to_next_tier else set()
    for one in raising.single:
        option = one.options[0]
        if one.gain < LEAST or (hot and option.key == "call"):
            continue
        priority: Priority = "high" if one.gain >= MUCH else "medium" if one.gain >= SOME else "low"
        if option.key in leading and priority != "high":
            priority = "high" if priority == "medium" else "medium"
        yield Recommendation(priority, option.action, _why(one, raising, option.key in leading), one.gain, _when(one))


def _why(one: Raise, raising: Raising, leads: bool) -> str:
    assumed = f" if the answer is '{one.options[0].answer}'" if one.options[0].answer else ""
    said = f"Scored again with it, the lead stands at {one.points:.0f}{assumed}."
    together = raising.to_next_tier
    if leads and together is not None:
        others = len(together.options) - 1
        said += f" It leads to tier {raising.next_tier}" + (f" together with {others} more." if others else ".")
    return said


def _when(one: Raise) -> str:
    return "this week" if one.options[0].kind == "do" else "with the next contact"


def _advice(priority: Priority, action: str, why: str, timeframe: str) -> Recommendation:
    return Recommendation(priority, action, why, None, timeframe)
