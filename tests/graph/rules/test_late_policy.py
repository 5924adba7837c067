"""What facts that came late may do: nothing, a note, another decision."""

from __future__ import annotations

import pytest

from graph.domain.late_facts import FactChange, Shift
from graph.domain.values import evolve
from graph.rules.late_policy import LatePolicy, Standing, follows, late_note, shifts

BEFORE = Standing("medium", "acme.com", "dee@x.example", "qualify")
SIZE = FactChange("employees", None, "4,200", "apollo")
TIER = Shift("tier", "medium", "high")


@pytest.mark.parametrize(
    ("field", "now"),
    [("tier", "high"), ("account", "parent.com"), ("owner", "tom@x.example"), ("way", "manual_review")],
)
def test_tier_account_owner_and_way_are_worth_another_decision(field: str, now: str):
    found = shifts(BEFORE, evolve(BEFORE, **{field: now}))
    assert found == (Shift(field, getattr(BEFORE, field), now),)  # type: ignore[arg-type]
    assert follows(found, accepted=False) == "anew"


def test_the_same_is_worth_nothing():
    assert shifts(BEFORE, BEFORE) == ()
    assert follows((), accepted=False) == "kept"


def test_a_lead_that_somebody_was_alerted_of_goes_into_no_sequence():
    assert shifts(BEFORE, evolve(BEFORE, way="nurture")) == ()
    assert shifts(evolve(BEFORE, way="nurture"), BEFORE) == (Shift("way", "nurture", "qualify"),)


def test_an_accepted_lead_is_told_of_and_left_where_it_is():
    assert follows((TIER,), accepted=True) == "told"


def test_the_policy_is_data():
    assert shifts(BEFORE, evolve(BEFORE, tier="high"), LatePolicy(anew=("account",))) == ()
    assert follows((TIER,), accepted=False, policy=LatePolicy(most="told")) == "told"
    assert follows((TIER,), accepted=True, policy=LatePolicy(most="kept")) == "kept"


def test_the_note_names_the_facts_and_what_they_did():
    assert late_note((SIZE,), (TIER,), stays=False) == (
        "Company facts came late: employees unknown -> 4,200 (apollo): tier medium -> high."
    )
    assert late_note((SIZE,), (TIER,), stays=True) == (
        "Company facts came late: employees unknown -> 4,200 (apollo): it would be tier medium -> high. "
        "It stays where it is."
    )
    assert late_note((SIZE,), (), stays=False) == "Company facts came late: employees unknown -> 4,200 (apollo)."


def test_a_long_difference_is_counted_and_fields_are_called_as_people_call_them():
    many = tuple(FactChange(name, None, "1", "crm") for name in ("crm.owner", "funding_stage", "city", "state", "name"))
    assert late_note(many, (), stays=False) == (
        "Company facts came late: owner in the CRM unknown -> 1 (crm); funding stage unknown -> 1 (crm); "
        "city unknown -> 1 (crm); state unknown -> 1 (crm); and 1 more."
    )
