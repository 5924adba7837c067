from __future__ import annotations

import json
import random

import pytest

from graph.domain.routing import RoutingFacts
from graph.rules.conditions import ConditionIndex, bits, holds, is_exact, view_of, word
from tools.routing_file import parse

# What the file's page says, written a second time and as plainly as possible: True, False, or None for unknown.

REGIONS = {"WEST": ["US-CA", "US-OR"], "DACH": ["DE", "AT"], "NYC": ["US-NY:100-104"], "EMEA": ["DACH", "GB"]}
SEGMENTS = {"smb": {"employees": "<200"}, "big": {"employees": ">=1000", "where": ["US", "EMEA"]}}


def all_of(found):
    return False if False in found else None if None in found else True


def any_of(found):
    return True if True in found else None if None in found else False


def in_place(written, lead):
    if written in REGIONS:
        return any_of([in_place(item, lead) for item in REGIONS[written]])
    area, _, prefixes = written.partition(":")
    country, _, part = area.partition("-")
    if lead.country is None:
        return None
    if lead.country != country:
        return False
    inside = True if not part else None if lead.state is None else lead.state == area
    if not prefixes or inside is False:
        return inside
    if lead.postal is None:
        return None
    low, _, high = prefixes.partition("-")
    return int(low) <= int(lead.postal[: len(low)]) <= int(high or low)


def in_range(written, value):
    if value is None:
        return None
    if written.startswith(">="):
        return value >= float(written[2:])
    if written.startswith("<"):
        return value < float(written[1:])
    low, high = written.split("..")
    return float(low) <= value <= float(high)


def says(condition, lead):
    found = []
    for key, written in condition.items():
        items = written if isinstance(written, list) else [written]
        if key == "where":
            found.append(any_of([in_place(item, lead) for item in items]))
        elif key == "segment":
            found.append(any_of([says(SEGMENTS[item], lead) for item in items]))
        elif key == "any":
            found.append(any_of([says(item, lead) for item in items]))
        elif key == "not":
            inner = says(written, lead)
            found.append(None if inner is None else not inner)
        elif key in ("employees", "score"):
            found.append(any_of([in_range(item, getattr(lead, key)) for item in items]))
        else:
            value = getattr(lead, key)
            found.append(None if value is None else value in items)
    return all_of(found)


def some(draw, values):
    return draw.choice(values) if draw.random() < 0.6 else draw.sample(values, 2)


def a_condition(draw, depth=2):
    condition = {}
    if draw.random() < 0.5:
        condition["where"] = some(draw, ["US", "DE", "US-CA", "US-NY:101-102", "DE:80", "US:97", *REGIONS])
    if draw.random() < 0.3:
        condition["source"] = some(draw, ["event", "demo", "web"])
    if draw.random() < 0.3:
        condition["segment"] = some(draw, list(SEGMENTS))
    if draw.random() < 0.3:
        condition["employees"] = some(draw, ["<200", "200..999", ">=1000", ">=50", "<1000"])
    if draw.random() < 0.2:
        condition["score"] = some(draw, ["<0.5", ">=0.5", "0.25..0.75"])
    if draw.random() < 0.2:
        condition["tier"] = some(draw, ["top", "low"])
    if depth and draw.random() < 0.25:
        condition["not"] = a_condition(draw, depth - 1)
    if depth and draw.random() < 0.25:
        condition["any"] = [a_condition(draw, depth - 1) for _ in range(2)]
    return condition or {"industry": some(draw, ["energy", "media"])}


def a_lead(draw):
    country = draw.choice(["US", "US", "DE", "GB", "JP", None])
    return RoutingFacts(
        country=country,
        state=draw.choice(["US-CA", "US-NY", "US-TX", None]) if country == "US" else None,
        postal=draw.choice(["10113", "10413", "80331", "97201", None]),
        source=draw.choice(["event", "demo", "other", None]),
        industry=draw.choice(["energy", "farming", None]),
        employees=draw.choice([0, 49, 50, 199, 200, 500, 999, 1000, 20_000, None]),
        score=draw.choice([0.0, 0.25, 0.5, 0.75, 1.0, None]),
        tier=draw.choice(["top", "medium", None]),
    )


@pytest.mark.parametrize("seed", range(150))
def test_conditions_and_their_index_agree_with_the_plain_reading(seed):
    draw = random.Random(seed)
    written = [a_condition(draw) for _ in range(draw.choice([1, 5, 70]))]
    file = {
        "DEFAULT": "g@company.com",
        "regions": REGIONS,
        "segments": SEGMENTS,
        "rules": [{"id": f"r{at}", "if": item, "to": "a@company.com"} for at, item in enumerate(written)],
    }
    conditions = [rule.condition for rule in parse(json.dumps(file)).rules]
    index = ConditionIndex(conditions)
    outcomes = {True: 1, False: 2, None: 0}
    for _ in range(40):
        lead = a_lead(draw)
        view = view_of(lead)
        expected = [says(item, lead) for item in written]
        assert [bits(condition, view) for condition in conditions] == [outcomes[item] for item in expected]
        candidates = index.candidates(lead)
        assert index.possible(view) == candidates
        assert all(candidates >> at & 1 for at, item in enumerate(expected) if item)
        exact = [at for at, condition in enumerate(conditions) if is_exact(condition)]
        assert all(bool(candidates >> at & 1) is (expected[at] is True) for at in exact)


def only(**keys):
    file = {"DEFAULT": "g@company.com", "rules": [{"id": "r", "if": keys, "to": "a@company.com"}]}
    return parse(json.dumps(file)).rules[0].condition


def test_unknown_matches_nothing_also_under_not():
    nobody = view_of(RoutingFacts())
    assert not holds(only(source="event"), nobody)
    assert not holds(only(**{"not": {"source": "event"}}), nobody)
    assert not holds(only(any=[{"employees": "<200"}, {"employees": ">=200"}]), nobody)


def test_not_holds_when_one_known_fact_already_contradicts():
    condition = only(**{"not": {"where": "US", "source": "event"}})
    assert holds(condition, view_of(RoutingFacts(country="DE")))
    assert not holds(condition, view_of(RoutingFacts(country="US")))


def test_the_index_drops_what_cannot_hold():
    wheres = ["US", "DE", "GB", "FR"]
    index = ConditionIndex([only(where=where, employees=">=100") for where in wheres])
    assert index.candidates(RoutingFacts(country="GB", employees=100)) == 0b100
    assert index.candidates(RoutingFacts(country="GB", employees=99)) == 0
    assert index.candidates(RoutingFacts(country="GB")) == 0


def test_the_memory_of_places_is_bounded():
    index = ConditionIndex([only(where="US")])
    for number in range(25_000):
        index.candidates(RoutingFacts(country=f"?{number}"))
    assert len(index._places) <= 10_000


def test_the_memory_of_words_is_bounded_and_answers_the_same_after_it_was_full():
    index = ConditionIndex([only(industry="banking")])
    for number in range(25_000):
        assert index.candidates(RoutingFacts(industry=f"trade {number}")) == 0
        assert index.candidates(RoutingFacts(industry="Banking")) == 1
    assert len(index._words[0][-1]) <= 10_000


@pytest.mark.parametrize(
    "typed", ["Financial Services", "financial-services", " FINANCIAL_services ", "financial  services"]
)
def test_words_are_compared_without_case_and_separators(typed):
    assert word(typed) == "financial_services"
    assert holds(only(industry=typed), view_of(RoutingFacts(industry="Financial services")))
