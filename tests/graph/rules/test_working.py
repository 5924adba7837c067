"""Hours and holidays as instants: what a clock on the wall says, also where the clock jumps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.working import ALWAYS, Holidays, Hours, Span
from graph.rules.places import subdivisions
from graph.rules.public_holidays import holidays_of
from graph.rules.working import Calendar

BERLIN = "Europe/Berlin"
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def calendar(*spans: Span, holidays: tuple[Holidays, ...] = (), zone: str = "UTC") -> Calendar:
    return Calendar(Hours(tuple(spans), "text"), holidays, zone)


def office(zone: str = BERLIN, start: int = 540, end: int = 1080) -> Span:
    return Span((0, 1, 2, 3, 4), start, end, zone)


def open_between(found: Calendar, start: str, end: str) -> list[tuple[datetime, datetime]]:
    return [(max(a, at(start)), min(b, at(end))) for a, b in found.intervals(at(start)) if a < at(end)][:50]


@pytest.mark.parametrize(
    ("now", "works", "until"),
    [
        ("2026-03-09T07:59", False, "2026-03-09T08:00"),
        ("2026-03-09T08:00", True, "2026-03-09T17:00"),
        ("2026-03-09T16:59", True, "2026-03-09T17:00"),
        ("2026-03-09T17:00", False, "2026-03-10T08:00"),
        ("2026-03-13T17:00", False, "2026-03-16T08:00"),  # over the weekend
        ("2026-03-27T17:00", False, "2026-03-30T07:00"),  # over the weekend of the clock change
    ],
)
def test_work_begins_with_the_first_minute_and_ends_before_the_last(now, works, until):
    found = calendar(office())
    assert (found.works(at(now)), found.until(at(now))) == (works, (works, at(until)))
    assert found.opening(at(now)) == (at(now) if works else at(until))


def test_who_has_no_hours_always_works():
    found = Calendar(ALWAYS, (), "UTC")
    assert found.works(at("2026-12-25T03:00"))
    assert found.after(at("2026-12-25T03:00"), timedelta(seconds=300)) == at("2026-12-25T03:05")
    assert found.opening(at("2026-12-25T03:00")) == at("2026-12-25T03:00")


def test_hours_always_still_end_at_a_holiday_of_the_files_zone():
    found = Calendar(ALWAYS, (Holidays(days=(date(2026, 12, 25),)),), "America/New_York")
    assert not found.works(at("2026-12-25T05:00"))
    assert not found.works(at("2026-12-26T04:59"))
    assert found.works(at("2026-12-26T05:00"))
    assert found.after(at("2026-12-25T04:00"), timedelta(seconds=7200)) == at("2026-12-26T06:00")


def test_parts_that_touch_or_overlap_are_one_time_of_work():
    found = calendar(Span((0,), 540, 720, "UTC"), Span((0,), 720, 900, "UTC"), Span((0,), 600, 660, "UTC"))
    assert found.until(at("2026-03-09T09:30")) == (True, at("2026-03-09T15:00"))


def test_a_night_in_two_parts_is_one_time_of_work():
    found = calendar(Span((4,), 1320, 1440, BERLIN), Span((5,), 0, 360, BERLIN))
    assert found.until(at("2026-03-13T22:00")) == (True, at("2026-03-14T05:00"))


def test_a_holiday_is_the_day_of_the_hours_own_zone():
    holiday = Holidays(days=(date(2026, 3, 10),))
    found = calendar(Span((0, 1), 480, 1020, "Pacific/Auckland"), holidays=(holiday,), zone="America/New_York")
    assert found.works(at("2026-03-08T20:00"))  # Monday the 9th there
    assert not found.works(at("2026-03-09T20:00"))  # Tuesday the 10th there, the 9th in UTC
    assert found.opening(at("2026-03-09T20:00")) == at("2026-03-15T19:00")


def test_holidays_of_a_subdivision_are_those_of_its_country_and_its_own():
    assert date(2026, 1, 6) in holidays_of("DE-BY", 2026)
    assert date(2026, 1, 6) not in holidays_of("DE-BE", 2026)
    assert date(2026, 7, 3) in holidays_of("US", 2026), "the Friday that stands in for a Saturday"
    assert holidays_of("NL-NH", 2026) == holidays_of("NL", 2026)


def test_every_country_and_subdivision_that_a_file_may_write_is_known():
    for code in ("XK", "TW", "PS", "VA", *list(subdivisions())[::150]):
        assert holidays_of(code, 2026) is not None


# The clock jumps: what RFC 5545 says of times that do not exist, and of times that exist twice.


@pytest.mark.parametrize(
    ("zone", "start", "end", "opens", "closes"),
    [
        # Berlin, 29 March 2026: 02:00 CET is 03:00 CEST. 02:30 is skipped, so it is 150 minutes after midnight: 03:30.
        (BERLIN, 150, 360, "2026-03-29T01:30", "2026-03-29T04:00"),
        (BERLIN, 60, 150, "2026-03-29T00:00", "2026-03-29T01:30"),
        (BERLIN, 60, 360, "2026-03-29T00:00", "2026-03-29T04:00"),
        # New York, 8 March 2026.
        ("America/New_York", 150, 360, "2026-03-08T07:30", "2026-03-08T10:00"),
        # Cairo, 24 April 2026, begins at 01:00.
        ("Africa/Cairo", 0, 360, "2026-04-23T22:00", "2026-04-24T03:00"),
        # Lord Howe jumps by half an hour, 4 October 2026.
        ("Australia/Lord_Howe", 135, 360, "2026-10-03T15:45", "2026-10-03T19:00"),
        # Berlin, 25 October 2026: 02:30 comes twice; the first is meant.
        (BERLIN, 150, 360, "2026-10-25T00:30", "2026-10-25T05:00"),
        (BERLIN, 60, 150, "2026-10-24T23:00", "2026-10-25T00:30"),
        ("America/New_York", 60, 90, "2026-11-01T05:00", "2026-11-01T05:30"),
        # Havana, 1 November 2026: 00:00 comes twice; the day begins with the first.
        ("America/Havana", 0, 120, "2026-11-01T04:00", "2026-11-01T07:00"),
    ],
)
def test_a_time_that_the_clock_skips_or_shows_twice_is_defined(zone, start, end, opens, closes):
    found = calendar(Span((0, 1, 2, 3, 4, 5, 6), start, end, zone))
    before = at(opens) - timedelta(minutes=1)
    assert found.opening(before) == at(opens)
    assert found.until(at(opens)) == (True, at(closes))


def test_hours_that_fall_into_the_gap_alone_are_as_long_as_on_any_day():
    found = calendar(Span((6,), 135, 165, BERLIN))
    assert found.until(at("2026-03-29T01:15")) == (True, at("2026-03-29T01:45"))


@pytest.mark.parametrize(
    ("now", "due"), [("2026-03-27T16:00", "2026-03-30T09:00"), ("2026-10-23T15:00", "2026-10-26T10:00")]
)
def test_business_hours_are_hours_of_work_over_a_clock_change(now, due):
    """Three hours, one of them on Friday afternoon, two from Monday morning on."""
    assert calendar(office()).after(at(now), timedelta(seconds=3 * 3600)) == at(due)


def test_a_shift_over_the_clock_change_is_an_hour_shorter_or_longer():
    found = calendar(Span((6,), 0, 360, BERLIN))
    assert found.until(at("2026-03-28T23:00"))[1] - at("2026-03-28T23:00") == timedelta(hours=5)
    assert found.until(at("2026-10-24T22:00"))[1] - at("2026-10-24T22:00") == timedelta(hours=7)


def test_no_business_time_at_all_is_the_next_opening():
    assert calendar(office()).after(at("2026-03-13T18:00"), timedelta(seconds=0)) == at("2026-03-16T08:00")


def test_years_of_holidays_leave_no_opening_in_sight():
    years = Holidays(days=tuple(date(2026, 1, 1) + DAY * number for number in range(366 * 7)))
    found = calendar(office(), holidays=(years,))
    assert found.opening(at("2026-03-09T10:00")) is None
    assert found.after(at("2026-03-09T10:00"), timedelta(seconds=60)) is None
    assert not found.works(at("2026-03-09T10:00"))


ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago")
spans = st.builds(
    lambda days, one, other, zone: Span(tuple(sorted(days)), min(one, other), max(one, other) + 15, zone),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 95).map(lambda quarter: quarter * 15),
    st.integers(0, 94).map(lambda quarter: quarter * 15),
    st.sampled_from(ZONES),
)


def shown_open(now: datetime, wanted: Span) -> bool:
    """Whether the clock on the wall says so. True to the definition on all days on which no clock jumps."""
    local = now.astimezone(ZoneInfo(wanted.zone))
    return local.weekday() in wanted.days and wanted.start_min <= local.hour * 60 + local.minute < wanted.end_min


def jumps(now: datetime, zone: str) -> bool:
    there = ZoneInfo(zone)
    return (now - DAY).astimezone(there).utcoffset() != (now + DAY).astimezone(there).utcoffset()


@settings(max_examples=150, deadline=None)
@given(st.lists(spans, min_size=1, max_size=3), st.integers(0, 2 * 365 * 96), st.integers(0, 20 * 3600))
def test_the_calendar_agrees_with_the_clock_on_the_wall(hours, quarter, seconds):
    found = calendar(*hours)
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    if not any(jumps(now, one.zone) for one in hours):
        assert found.works(now) == any(shown_open(now, one) for one in hours)
    works, until = found.until(now)
    assert until > now
    assert found.works(until - timedelta(seconds=1)) == works
    due = found.after(now, timedelta(seconds=seconds))
    assert due is not None
    worked = sum(
        (min(closes, due) - max(opens, now) for opens, closes in found.intervals(now) if opens < due), timedelta()
    )
    assert worked == timedelta(seconds=seconds)
    assert found.works(due) or found.works(due - timedelta(microseconds=1))


@settings(max_examples=40, deadline=None)
@given(st.lists(spans, min_size=1, max_size=3), st.lists(st.integers(0, 365 * 96), min_size=2, max_size=8))
def test_what_a_calendar_remembers_changes_no_answer(hours, quarters):
    kept = calendar(*hours)
    for quarter in quarters:
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
        fresh = calendar(*hours)
        assert (kept.works(now), kept.opening(now), kept.after(now, timedelta(seconds=5000))) == (
            fresh.works(now),
            fresh.opening(now),
            fresh.after(now, timedelta(seconds=5000)),
        )
