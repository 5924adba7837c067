"""What could be learned or done: only what is missing, and never who the person is."""

from __future__ import annotations

from dataclasses import fields

import pytest

from graph.domain.lead import Lead
from graph.domain.values import evolve
from graph.features.changes import changes
from graph.features.probes import PROBES
from graph.features.vector import NAMES, vector_of

EMPTY, FULL, WITH_COMPANY, STUDENT = PROBES[:4]


def keys(inp) -> list[str]:
    return [change.option.key for change in changes(inp)]


def test_of_a_full_lead_only_actions_are_left():
    assert keys(WITH_COMPANY) == ["meeting", "call", "reply"]


def test_what_is_missing_can_be_asked_for_once():
    assert keys(EMPTY) == [
        "phone", "title", "name", "company", "company_size", "company_size", "company_size", "company_size", "timeline", "scale",
        "stack", "meeting", "reply",
    ]  # fmt: skip


def test_free_mail_asks_for_a_work_address():
    assert "work_email" in keys(STUDENT)
    assert "work_email" not in keys(FULL)


def test_nobody_is_called_without_a_number():
    assert "call" not in keys(EMPTY)
    assert "call" in keys(FULL)


@pytest.mark.parametrize("probe", range(len(PROBES)))
def test_who_the_person_is_stays_as_it_is(probe: int):
    """Where a value is known, no change touches it, but the message, which gets the answers, and free mail."""
    inp = PROBES[probe]
    for change in changes(inp):
        after = change.made(inp)
        for name in (field.name for field in fields(Lead)):
            before, now = getattr(inp.lead, name), getattr(after.lead, name)
            if before != now:
                assert name == "message" or before is None or change.option.key in ("work_email", "name"), name
        assert after.received_at == inp.received_at
        assert (after.profile, after.prior) == (inp.profile, inp.prior)
        assert "seniority" not in str(change.option)
        assert after.lead.seniority == inp.lead.seniority
        assert after.lead.country == inp.lead.country


@pytest.mark.parametrize(
    ("key", "moved"),
    [
        ("phone", {"hasPhone"}),
        ("title", {"hasTitle"}),
        ("company", {"hasCompany"}),
        ("timeline", {"namesTimeline", "messageLength"}),
        ("scale", {"namesScale", "messageLength"}),
        ("stack", {"namesStack", "messageLength"}),
        ("company_size", {"companySizeEstimate", "logEmployees"}),
    ],
)
def test_a_change_moves_the_features_it_names(key: str, moved: set[str]):
    change = next(change for change in changes(EMPTY) if change.option.key == key)
    before, after = vector_of(EMPTY), vector_of(change.made(EMPTY))
    differ = {name for name, one, other in zip(NAMES, before, after, strict=True) if repr(one) != repr(other)}
    assert differ == moved


def test_a_meeting_counts_like_one_that_was_held():
    change = next(change for change in changes(FULL) if change.option.key == "meeting")
    values = dict(zip(NAMES, vector_of(change.made(FULL)), strict=True))
    assert (values["meetingCount"], values["highValueActionCount"], values["recencyScore"]) == (1, 1, 1)


def test_sizes_are_asked_only_where_nobody_knows_them():
    known = evolve(EMPTY, lead=evolve(EMPTY.lead, employees=5))
    assert "company_size" not in keys(known)
    assert len({change.option.answer for change in changes(EMPTY) if change.option.key == "company_size"}) == 4
