"""Families against a slow and simple oracle, and the cases that people ask about."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.rules.families import Claim, Standing, families, standing

NAMES = st.sampled_from("abcdefgh")
PARENTS = st.dictionaries(NAMES, NAMES).map(lambda links: {a: b for a, b in links.items() if a != b})
CLAIMS = st.lists(
    st.builds(
        Claim,
        parent=NAMES,
        source=st.sampled_from(["import", "crm"]),
        rank=st.integers(0, 2),
        pct=st.none() | st.sampled_from([0.0, 20.0, 50.0, 50.1, 75.0, 100.0]),
    ),
    max_size=6,
)


def walked(company: str, parents: dict[str, str]) -> tuple[str, set[str]]:
    """(head, members of the circle that the line runs into), step by step with a list."""
    line = [company]
    while line[-1] in parents:
        above = parents[line[-1]]
        if above in line:
            ring = set(line[line.index(above) :])
            return (company if company in ring else next(one for one in line if one in ring)), ring
        line.append(above)
    return line[-1], set()


@given(PARENTS)
@settings(max_examples=500)
def test_every_company_has_the_head_and_the_circle_that_a_slow_walk_finds(parents):
    found = families(parents)
    everybody = {*parents, *parents.values()}
    assert found.ultimate == {one: walked(one, parents)[0] for one in everybody}
    rings = {frozenset(ring) for one in everybody if (ring := walked(one, parents)[1])}
    assert {frozenset(ring) for ring in found.circles} == rings
    for ring in found.circles:
        assert ring[0] == min(ring)
        assert all(parents[one] == above for one, above in zip(ring, (*ring[1:], ring[0]), strict=True))


@given(PARENTS, st.randoms())
def test_the_order_in_which_links_are_told_does_not_count(parents, random):
    told = list(parents.items())
    random.shuffle(told)
    assert families(dict(told)) == families(parents)


@given(NAMES, CLAIMS)
@settings(max_examples=500)
def test_the_parent_is_the_one_that_the_rules_in_words_leave(company, claims):
    """Share of an owner: the highest source's that states one, of equal ones the larger."""

    def share(owner):
        stated = [(c.rank, c.source, -c.pct) for c in claims if c.parent == owner and c.pct is not None]
        return -min(stated)[2] if stated else None

    def rank(owner):
        return min(c.rank for c in claims if c.parent == owner)

    owners = {c.parent for c in claims}
    minority = {o for o in owners if o != company and share(o) is not None and share(o) <= 50}
    control = owners - minority
    majority = {o for o in control if o != company and share(o) is not None}
    among = majority or control
    best = {o for o in among if rank(o) == min(map(rank, among))} if among else set()
    found = standing(company, claims)
    assert {c.parent for c in found.minority} == minority
    assert found.parent == (next(iter(best - {company}), None) if len(best) == 1 else None)
    assert {c.parent for c in found.disputed} == (best if len(best) > 1 else set())
    assert {c.parent for c in found.outranked} == control - best


@given(NAMES, CLAIMS, st.randoms())
def test_the_order_of_claims_does_not_count(company, claims, random):
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert standing(company, shuffled) == standing(company, claims)


def test_a_line_may_be_as_long_as_there_are_companies():
    count = 200_000
    parents = {f"c{n}": f"c{n + 1}" for n in range(count)}
    found = families(parents)
    assert set(found.ultimate.values()) == {f"c{count}"}
    assert found.circles == []
    parents[f"c{count}"] = "c0"
    (ring,) = families(parents).circles
    assert len(ring) == count + 1


def test_half_is_no_majority_and_is_kept_as_a_share():
    joint = [Claim("a", "import", 0, 50.0), Claim("b", "import", 0, 50.0)]
    assert standing("x", joint) == Standing(minority=tuple(joint))
    assert standing("x", [*joint, Claim("c", "crm", 1)]).parent == "c"


def test_a_majority_wins_over_a_higher_source_that_states_no_share():
    found = standing("x", [Claim("a", "import", 0), Claim("b", "crm", 1, 60.0)])
    assert (found.parent, [one.parent for one in found.outranked]) == ("b", ["a"])


def test_the_higher_source_wins_where_no_majority_is_stated():
    assert standing("x", [Claim("a", "crm", 1), Claim("b", "import", 0)]).parent == "b"


def test_two_of_one_rank_are_a_dispute_and_nobody_is_the_parent():
    found = standing("x", [Claim("b", "import", 0), Claim("a", "import", 0), Claim("c", "crm", 1)])
    assert (found.parent, [one.parent for one in found.disputed]) == (None, ["a", "b"])


def test_who_is_its_own_parent_has_none_even_if_a_lower_source_names_one():
    assert standing("x", [Claim("x", "import", 0), Claim("a", "crm", 1)]).parent is None
    assert standing("x", [Claim("x", "import", 0), Claim("a", "crm", 1, 80.0)]).parent == "a"
