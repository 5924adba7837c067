from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from graph.rules.people.golden import Chosen, Member, golden

START = datetime(2026, 4, 7, tzinfo=UTC)


def member(lead_id: str, hours: int, *, private: bool = False, submissions: int = 1, **fields: Any) -> Member:
    at = START + timedelta(hours=hours)
    return Member(lead_id, at, at - timedelta(days=1), submissions, private, fields)


def test_the_newest_value_that_is_not_blank_is_taken_with_the_lead_it_came_from():
    one = member("ld_1", 0, phone="+1", title="CTO", consent=True)
    two = member("ld_2", 5, phone="", title=None, consent=False)
    found = golden([one, two])
    assert found.fields["phone"] == Chosen("+1", "ld_1", "newest not blank")
    assert found.fields["title"].value == "CTO"
    assert found.fields["consent"] == Chosen(False, "ld_2", "newest not blank"), "a withdrawal is a statement"
    assert "company" not in found.fields


def test_a_work_address_goes_before_a_newer_private_one_and_all_are_listed():
    work, home = member("ld_1", 0, email="maya@acme.com"), member("ld_2", 9, private=True, email="m@gmail.com")
    found = golden([home, work])
    assert found.fields["email"].value == "maya@acme.com"
    assert found.emails == ("m@gmail.com", "maya@acme.com")
    assert golden([home]).fields["email"].value == "m@gmail.com"


def test_the_name_with_most_words_is_taken_and_of_equals_the_newest():
    names = [member("ld_1", 0, full_name="Maya B. Ortiz"), member("ld_2", 5, full_name="M. Ortiz")]
    assert golden(names).fields["full_name"].value == "Maya B. Ortiz"
    assert golden([*names, member("ld_3", 9, full_name="Maya Beatriz Ortiz")]).fields["full_name"].lead_id == "ld_3"


def test_the_first_time_and_all_submissions_count():
    found = golden([member("ld_1", 0, submissions=2), member("ld_2", 5, submissions=3)])
    assert (found.since, found.submissions) == (START - timedelta(days=1), 5)
    assert found.lead_ids == ("ld_2", "ld_1")


def test_the_order_in_which_leads_come_does_not_matter():
    random = Random(3)
    held = [member(f"ld_{n}", n % 3, phone=str(n) if n % 2 else None, full_name=f"A {n}") for n in range(6)]
    expected = golden(held)
    for _ in range(20):
        random.shuffle(held)
        assert golden(held) == expected
