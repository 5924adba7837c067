"""The choice between accounts, and how sure it is."""

from __future__ import annotations

from itertools import permutations

from graph.domain.evidence import MatchCode
from graph.rules.matching.confidence import LEAST_CONFIDENCE, NEVER_ALONE, confidence, least_strength
from graph.rules.matching.deciding import MOST_RIVALS, decide
from graph.rules.matching.evidence import Evidence


def piece(
    key: str,
    kind: str = "name/whole",
    strength: float = 1.0,
    *,
    near: int = 0,
    parent: str | None = None,
    rank: int = 0,
):
    head = kind.partition("/")[0]
    code: MatchCode = head if head != "name" else "name"  # type: ignore[assignment]
    return Evidence(key, parent, code, kind, strength, near, "said", rank)


def test_one_account_that_is_sure_enough_is_the_answer():
    found = decide([piece("a")])
    assert (found.key, found.code, found.rivals) == ("a", "name", ())
    assert found.confidence == confidence("name/whole", 1.0) >= LEAST_CONFIDENCE


def test_too_little_is_none_and_says_what_came_nearest():
    found = decide([piece("a", "name/begins", 0.4)])
    assert (found.key, found.code) == (None, "none")
    assert found.why == "too little for a: said"
    assert found.confidence < LEAST_CONFIDENCE


def test_two_that_are_as_good_are_rivals_in_whatever_order_they_come():
    for order in permutations([piece("a"), piece("b"), piece("c", "name/begins", 0.3)]):
        found = decide(order)
        assert (found.key, found.code, found.rivals) == (None, "rivals", ("a", "b"))


def test_rivals_are_named_up_to_a_few():
    found = decide([piece(f"k{at}") for at in range(20)])
    assert len(found.rivals) == MOST_RIVALS
    assert "and 15 more" in found.why


def test_the_nearer_of_two_is_the_answer():
    assert decide([piece("a", near=1), piece("b", near=-1)]).key == "a"


def test_of_one_family_the_head_is_the_answer_and_without_it_they_are_rivals():
    assert decide([piece("b", parent="a"), piece("a"), piece("c", parent="a")]).key == "a"
    assert decide([piece("b", parent="a"), piece("c", parent="a")]).code == "rivals"


def test_a_domain_of_its_own_outweighs_everything_else():
    assert decide([piece("a", "domain"), piece("b"), piece("c", "phone")]).key == "a"
    assert decide([piece("a", "domain", rank=1), piece("b", "domain", rank=0)]).key == "b", "its key comes first"


def test_sources_that_name_two_accounts_contradict_each_other():
    found = decide([piece("a"), piece("b", "domain_family/label+phone")])
    assert (found.code, set(found.rivals)) == ("rivals", {"a", "b"})


def test_nothing_at_all_is_none():
    assert decide([]).code == "none"
    assert "free mail" in decide([], claimed=True).why


def test_confidence_rises_with_strength_and_falls_back_to_the_plain_kind():
    steps = [at / 20 for at in range(21)]
    for kind in ("name/whole", "name/inside", "domain_family/label", "name/spelt+place"):
        shares = [confidence(kind, strength) for strength in steps]
        assert shares == sorted(shares)
        assert max(shares) < 1, "nothing is certain"
    assert confidence("name/inside+address", 1.0) == confidence("name/inside", 1.0)
    assert confidence("no such kind", 1.0) == 0.0


def test_what_nothing_has_measured_is_never_enough_alone():
    assert all(confidence(kind, 1.0) == 0.0 for kind in NEVER_ALONE)
    assert 0 < least_strength() < 1
