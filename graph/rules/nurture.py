"""Which leads get a sequence of mails instead of an alert, and which way a lead goes. Says only that; who owns the lead is
routing's business."""

from __future__ import annotations

from graph.domain.lead import GIVES_BACK, KEEPS_ITS_WAY, Cause, Path
from graph.domain.routing import RoutingFacts
from graph.domain.table import RoutingTable
from graph.domain.values import evolve
from graph.rules.conditions import holds, view_of
from graph.rules.scoring import DEFAULT_RULES, ScoringRules


def sequence_for(facts: RoutingFacts, table: RoutingTable) -> str | None:
    """The name of the sequence, or None for a lead that a person answers now."""
    nurture = table.nurture
    if nurture is None:
        return None
    view = view_of(facts)
    if not holds(nurture.when, view):
        return None
    if nurture.unless is not None and holds(nurture.unless, view):
        return None
    return nurture.sequence


def unsure_of(facts: RoutingFacts, table: RoutingTable, rules: ScoringRules = DEFAULT_RULES) -> str | None:
    """Why the score does not decide that this lead is nurtured, as a sentence, or None where it does: its likely range is
    too wide, or more than `rules.beyond` of it lies where the same lead would not be nurtured."""
    low, high = facts.score_low, facts.score_high
    if low is None or high is None or sequence_for(facts, table) is None:
        return None
    best = evolve(facts, score=rules.ceiling, tier=rules.tier(100 * rules.ceiling))
    if sequence_for(best, table) is not None:  # a sequence whatever the score, by the source for example
        return None
    span = f"its score likely lies between {100 * low:.0f} and {100 * high:.0f}"
    if high - low > rules.widest:
        return f"The score says too little: {span}."
    turning = high - rules.beyond * (high - low)
    other = evolve(facts, score=turning, tier=rules.tier(100 * turning))
    if turning <= low or sequence_for(other, table) is not None:
        return None
    return f"The score is not sure that mails are enough: {span}, and at {100 * turning:.0f} a person would answer now."


def way_for(sequence: str | None, cause: Cause, *, review: bool, accepted: bool, unsure: bool = False) -> Path:
    """unsure: a person decides what a sequence would have got (see unsure_of). review: something about the submission must be
    seen by a person; accepted: an owner has taken the lead before, or a reviewer let it pass, after which it is neither held
    nor put into a sequence."""
    if accepted or cause == "approved":
        return "qualify"
    if review:
        return "manual_review"
    if sequence is None or cause in GIVES_BACK:
        return "qualify"
    return "manual_review" if unsure else "nurture"


def stays(cause: Cause, *, accepted: bool, path: str) -> bool:
    """Whether the way of a lead that is decided again is settled: an owner has accepted it, or an owner was alerted and it
    is a late judgement, late facts, or a person's choice of another owner that decides again. What somebody has in front of
    them does not go back into a sequence because something became known afterwards."""
    return accepted or (cause in KEEPS_ITS_WAY and path == "qualify")


def work_moved(before: tuple[str, str | None] | None, after: tuple[str, str | None] | None) -> dict[str, int]:
    """How many open leads a decision adds to whom, by e-mail; before, after: (owner, way) of the lead. A lead in a sequence
    is nobody's work."""
    changes = {} if before is None or before[1] == "nurture" else {before[0]: -1}
    if after is not None and after[1] != "nurture":
        changes[after[0]] = changes.get(after[0], 0) + 1
    return changes
