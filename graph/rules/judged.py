"""What a judgement did to a score, in words; and what one that came after the decision would change. Asks nobody.

A judgement moves a score within its band and can never decide alone. A late one is a note to the owner, unless it gives
the lead another tier or brings it out of a sequence of mails: then the lead is decided again.
"""

from __future__ import annotations

from graph.domain.lead import Path
from graph.domain.routing import RoutingFacts
from graph.domain.scoring import Judgement, Score, Tier
from graph.domain.table import RoutingTable
from graph.domain.values import evolve, value
from graph.rules.judging import SOURCE
from graph.rules.nurture import sequence_for
from graph.rules.scoring import DEFAULT_RULES, ScoringRules
from graph.rules.wording import plain


@value(frozen=True)
class Late:
    """A decision under the judgement that came late. moved: points that the judgement adds, within its band; before: those
    that the judgement it was decided with had added; anew: whether the lead is to be decided again."""

    points: float
    tier: Tier
    path: Path
    moved: float
    before: float
    anew: bool


def told(judgement: Judgement, source: str, score: Score, rules: ScoringRules = DEFAULT_RULES) -> str:
    """How the message was judged, and what that may do and did to the score."""
    by = "the rules" if source == SOURCE else source
    return f"By {by} the message {reads_as(judgement)}. {_quoted(moved_by(score), rules)}"


def reads_as(judgement: Judgement) -> str:
    """ "reads as demo request, urgency high, mood positive (asks for a demonstration)" """
    reasons = f" ({'; '.join(judgement.reasons)})" if judgement.reasons else ""
    return (
        f"reads as {plain(judgement.intent)}, urgency {judgement.urgency}, mood {judgement.sentiment}"
        f", {100 * judgement.score:.0f} in 100{reasons}"
    )


def _quoted(moved: float, rules: ScoringRules) -> str:
    return (
        f"A judgement may move the score by at most {100 * rules.judgement_band:g} points; it moved it by {moved:+g}."
    )


def moved_by(score: Score) -> float:
    """Points that the judgement added to this score; 0 without one."""
    return sum(part.points for part in score.contributions if part.category == "judgement")


def late(
    judgement: Judgement,
    score: Score,
    facts: RoutingFacts,
    path: Path,
    table: RoutingTable,
    rules: ScoringRules = DEFAULT_RULES,
) -> Late:
    """The decision (its score, what routing was given, its way and the routing file it was made under) as it would be with
    this judgement. The points are those of `scoring.blend`."""
    model = rules.clamp(score.propensity)
    shift = rules.judgement_band * (2.0 * min(1.0, max(0.0, judgement.score)) - 1.0)
    by_model, hundredths = (round(10_000 * p) for p in (model, rules.clamp(model + shift)))
    points = hundredths / 100
    tier = rules.tier(points)
    if path == "nurture" and sequence_for(evolve(facts, score=hundredths / 10_000, tier=tier), table) is None:
        path, freed = "qualify", True
    else:
        freed = False
    return Late(points, tier, path, (hundredths - by_model) / 100, moved_by(score), freed or tier != score.tier)


def late_note(judgement: Judgement, source: str, found: Late, tier: str, rules: ScoringRules = DEFAULT_RULES) -> str:
    """What the owner reads of it. tier: the one it was decided with."""
    band = f"at most {100 * rules.judgement_band:g} points"
    change = f"{found.moved:+g} points instead of {found.before:+g} ({band})"
    if found.tier != tier:
        end = f"That makes it {found.points:g} of 100, tier {found.tier} instead of {tier}."
    elif found.anew:
        end = f"That makes it {found.points:g} of 100, enough to answer it now."
    else:
        end = f"The tier stays {tier}."
    return f"{source} has read the message: it {reads_as(judgement)}, {change}. {end}"
