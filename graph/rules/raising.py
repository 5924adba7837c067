"""What would raise a score: changes that were made and scored again by the same scorer, never promised.

Single changes first; where none reaches the next tier, pairs and then triples of those that helped. Which changes there
are, and how they are made, is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Final, TypeAlias

from graph.domain.insights import Option, Raise, Raising
from graph.domain.scoring import Score, Tier
from graph.rules.scoring import DEFAULT_RULES, ScoringRules

Rescore: TypeAlias = Callable[[Sequence[tuple[int, ...]]], Sequence[Score]]
"""The lead with each of these sets of options made, by their places in the list, scored as the lead was."""
LEAST_GAIN: Final = 0.01
LEAST_DAYS: Final = 0.5
COMBINED: Final = 8
"""The best single changes that are tried together: 28 pairs and 56 triples, some 10 ms with exact explanations."""
MOST_TOGETHER: Final = 3


def raising(now: Score, options: Sequence[Option], rescore: Rescore, rules: ScoringRules = DEFAULT_RULES) -> Raising:
    """options of one key are answers to the same question: the best stands for it, with the gain of each beside it."""
    sets: list[tuple[int, ...]] = [(place,) for place in range(len(options))]
    scores = rescore(sets) if sets else ()
    best = _best_of_each(now, options, scores)
    target = next_tier(now.points, rules)
    found = None if target is None else next((one for _, one in best if one.points >= target[1]), None)
    tried = len(sets)
    helpful = [place for place, _ in best[:COMBINED]]
    for size in range(2, MOST_TOGETHER + 1):
        if target is None or found is not None or len(helpful) < size:
            break
        sets = list(combinations(helpful, size))
        tried += len(sets)
        found = _reaching(now, options, sets, rescore(sets), target[1])
    faster = _faster(now, options, scores)
    return Raising(tuple([one for _, one in best]), None if target is None else target[0], found, tried, faster)


def next_tier(points: float, rules: ScoringRules = DEFAULT_RULES) -> tuple[Tier, float] | None:
    """(name, points from which it holds) of the tier above; None in the highest."""
    return next(((name, least) for name, least in reversed(rules.tiers) if points < least), None)


def _best_of_each(now: Score, options: Sequence[Option], scores: Sequence[Score]) -> list[tuple[int, Raise]]:
    """(place, raise) of the best answer to each question that helps, the largest gain first."""
    by_key: dict[str, list[int]] = {}
    for place, option in enumerate(options):
        by_key.setdefault(option.key, []).append(place)
    best = []
    for places in by_key.values():
        top = max(places, key=lambda place: scores[place].points)
        gains = [(options[place].answer, _gain(now, scores[place])) for place in places]
        if _gain(now, scores[top]) >= LEAST_GAIN:
            best.append((top, _raise(now, (options[top],), scores[top], tuple(gains) if len(gains) > 1 else ())))
    return sorted(best, key=lambda pair: -pair[1].gain)


def _faster(now: Score, options: Sequence[Option], scores: Sequence[Score]) -> tuple[Raise, ...]:
    """What one could do that shortens the days to close; none where the scorer knows no days. An answer changes what we
    expect, not how long they take, so questions do not count."""
    found = [
        _raise(now, (option,), score, ())
        for option, score in zip(options, scores, strict=True)
        if option.kind == "do" and _saved(now, score) >= LEAST_DAYS
    ]
    return tuple(sorted(found, key=lambda one: one.days or 0.0))


def _saved(now: Score, then: Score) -> float:
    return 0.0 if now.days is None or then.days is None else now.days - then.days


def _reaching(
    now: Score, options: Sequence[Option], sets: Sequence[tuple[int, ...]], scores: Sequence[Score], least: float
) -> Raise | None:
    """The best of the sets that reach `least` points."""
    reached = [
        (score.points, chosen, score) for chosen, score in zip(sets, scores, strict=True) if score.points >= least
    ]
    if not reached:
        return None
    _, chosen, score = max(reached, key=lambda one: one[0])
    return _raise(now, tuple([options[place] for place in chosen]), score, ())


def _raise(now: Score, options: tuple[Option, ...], score: Score, answers: tuple[tuple[str, float], ...]) -> Raise:
    return Raise(options, _gain(now, score), score.points, score.tier, score.days, answers)


def _gain(now: Score, then: Score) -> float:
    return round(then.points - now.points, 2)
