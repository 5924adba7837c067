"""What would raise a score: only what was scored again counts, the fewest changes win."""

from __future__ import annotations

from collections.abc import Sequence

from graph.domain.insights import Option, Raising
from graph.domain.scoring import Score
from graph.rules.raising import COMBINED, next_tier, raising
from graph.rules.scoring import DEFAULT_RULES


def score(points: float, days: float | None = None) -> Score:
    return Score(
        points=points, probability=points / 100, low=0, high=1, propensity=points / 100, tier=DEFAULT_RULES.tier(points),
        temperature=DEFAULT_RULES.temperature(points), base_points=points, contributions=(), shares={}, acv_usd=0,
        acv_low_usd=0, acv_high_usd=0, scorer="test", days=days,
    )  # fmt: skip


def option(key: str, answer: str = "", kind: str = "ask") -> Option:
    return Option(key, kind, f"do {key}", answer)  # type: ignore[arg-type]


class World:
    """Each option adds its points; sets add up. Remembers what was tried."""

    def __init__(self, now: float, adds: dict[Option, float], days: dict[Option, float] | None = None) -> None:
        self.now, self.adds, self.days = now, adds, days or {}
        self.options = list(adds)
        self.tried: list[tuple[int, ...]] = []

    def rescore(self, sets: Sequence[tuple[int, ...]]) -> list[Score]:
        self.tried += sets
        return [
            score(
                min(99.0, self.now + sum(self.adds[self.options[i]] for i in places)),
                60.0 - sum(self.days.get(self.options[i], 0.0) for i in places) if self.days else None,
            )
            for places in sets
        ]

    def raising(self) -> Raising:
        return raising(score(self.now, 60.0 if self.days else None), self.options, self.rescore)


def test_changes_that_help_come_by_gain_and_others_not_at_all():
    world = World(30, {option("a"): 2.0, option("b"): 9.5, option("c"): -4.0, option("d"): 0.0})
    found = world.raising()
    assert [(one.options[0].key, one.gain, one.points) for one in found.single] == [("b", 9.5, 39.5), ("a", 2.0, 32.0)]


def test_one_change_that_reaches_the_next_tier_is_enough():
    found = World(45, {option("a"): 4.0, option("b"): 6.0}).raising()
    assert found.next_tier == "high"
    assert found.to_next_tier is not None
    assert [one.key for one in found.to_next_tier.options] == ["b"]
    assert found.tried == 2


def test_a_pair_is_looked_for_where_no_single_change_reaches_it_and_a_triple_after_that():
    pair = World(40, {option("a"): 4.0, option("b"): 6.0, option("c"): 3.0}).raising().to_next_tier
    assert pair is not None
    assert {one.key for one in pair.options} == {"a", "b"}
    assert pair.gain == 10.0
    triple = World(38, {option("a"): 4.0, option("b"): 6.0, option("c"): 3.0}).raising().to_next_tier
    assert triple is not None
    assert len(triple.options) == 3
    assert World(30, {option("a"): 4.0, option("b"): 6.0, option("c"): 3.0}).raising().to_next_tier is None


def test_answers_to_one_question_stand_together_with_each_gain():
    small, large = option("size", "small"), option("size", "large")
    world = World(30, {small: 1.5, large: 4.0, option("a"): 2.0})
    one, _ = world.raising().single
    assert one.options == (large,)
    assert one.answers == (("small", 1.5), ("large", 4.0))
    assert [places for places in world.tried if len(places) > 1] == [(1, 2)]


def test_the_highest_tier_has_nothing_above_it():
    found = World(80, {option("a"): 4.0}).raising()
    assert (found.next_tier, found.to_next_tier, len(found.single)) == (None, None, 1)
    assert next_tier(74.99) == ("top", 75.0)
    assert next_tier(0) == ("medium", 25.0)
    assert next_tier(75) is None


def test_nothing_to_change_is_nothing_to_raise():
    assert World(30, {}).raising().single == ()


def test_combinations_are_tried_of_the_best_few_only():
    world = World(1, {option(f"o{n}"): 0.1 + n / 1000 for n in range(20)})
    found = world.raising()
    pairs = [places for places in world.tried if len(places) == 2]
    assert len(pairs) == COMBINED * (COMBINED - 1) // 2
    assert found.tried == len(world.tried) == 20 + 28 + 56


def test_only_what_one_does_makes_it_faster():
    call, ask, slow = option("call", kind="do"), option("size", "small"), option("mail", kind="do")
    found = World(30, {call: 1.0, ask: 1.0, slow: 1.0}, {call: 9.0, ask: 20.0, slow: -3.0}).raising()
    assert [(one.options[0].key, one.days) for one in found.faster] == [("call", 51.0)]
    assert World(30, {call: 1.0}).raising().faster == ()
