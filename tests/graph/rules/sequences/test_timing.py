from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from graph.domain.sequence import Addressee, Sequence, Step
from graph.domain.working import Hours, Span
from graph.rules.sequences.timing import due_after, opening

WORK = Hours((Span((0, 1, 2, 3, 4), 540, 1020, "UTC"),), "work")
WAIT = Step("w", "WAIT", "END")


def sequence(**changes: object) -> Sequence:
    return Sequence("s", (WAIT,), **{"hours": WORK, "zone": "Europe/Berlin", **changes})  # type: ignore[arg-type]


def person(country: str | None = None, state: str | None = None) -> Addressee:
    return Addressee("ld", "a@b.example", country, state, True, 0.1, "low", {})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("began", "days", "due"),
    [
        (
            "2026-03-27T09:00",
            3,
            "2026-03-30T08:00",
        ),  # Berlin's clocks go forward on the 29th: ten o'clock stays ten o'clock
        ("2026-10-23T08:00", 3, "2026-10-26T09:00"),  # and back on the 25th
        ("2026-03-28T01:30", 1, "2026-03-29T01:30"),  # half past two does not exist on the 29th: half past three
    ],
)
def test_a_day_is_a_day_on_the_persons_calendar_over_a_change_of_clocks(began: str, days: int, due: str):
    wait = Step("w", "WAIT", "END", until_day=days)
    assert due_after(sequence(), person("DE"), wait, at(began), at(began)) == at(due)


def test_days_count_from_the_beginning_and_a_time_that_is_over_is_now():
    wait = Step("w", "WAIT", "END", until_day=7)
    assert due_after(sequence(), person("DE"), wait, at("2026-06-01T10:00"), at("2026-06-20T10:00")) == at(
        "2026-06-20T10:00"
    )


def test_hours_are_waited_on_the_wall_and_days_on_the_calendar():
    wait = Step("w", "WAIT", "END", for_=timedelta(days=1, hours=2))
    assert due_after(sequence(), person("DE"), wait, at("2026-03-28T12:00"), at("2026-03-28T12:00")) == at(
        "2026-03-29T13:00"
    )


def test_at_is_that_hour_there_and_the_next_day_when_it_is_over():
    wait = Step("w", "WAIT", "END", at=time(10))
    tokyo = person("JP")
    assert due_after(sequence(), tokyo, wait, at("2026-06-01T00:00"), at("2026-06-01T00:00")) == at("2026-06-01T01:00")
    assert due_after(sequence(), tokyo, wait, at("2026-06-01T02:00"), at("2026-06-01T02:00")) == at("2026-06-02T01:00")


@pytest.mark.parametrize(
    ("country", "state", "now", "opens"),
    [
        ("US", "US-CA", "2026-06-06T18:00", "2026-06-08T16:00"),  # Saturday: Monday at nine there
        ("US", None, "2026-06-08T03:00", "2026-06-08T07:00"),  # four zones: the sequence's own
        ("JP", None, "2026-06-08T07:59", "2026-06-08T07:59"),  # a minute before five
        ("JP", None, "2026-06-08T08:00", "2026-06-09T00:00"),
    ],
)
def test_mails_arrive_within_the_hours_where_the_person_is(country: str, state: str | None, now: str, opens: str):
    assert opening(sequence(), person(country, state), at(now)) == at(opens)


def test_public_holidays_there_are_quiet_where_the_sequence_says_so():
    friday = at("2026-05-01T08:00")  # a holiday in Germany
    assert opening(sequence(), person("DE"), friday) == friday
    assert opening(sequence(holidays=True), person("DE"), friday) == at("2026-05-04T07:00")
