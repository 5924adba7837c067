from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.editing.days import Unclear, day_in_words, spoken

TUESDAY, FRIDAY = date(2026, 4, 7), date(2026, 4, 10)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("friday", "2026-04-10"),
        (" This  Friday. ", "2026-04-10"),
        ("on Fri", "2026-04-10"),
        ("monday", "2026-04-13"),
        ("next monday", "2026-04-13"),
        ("today", "2026-04-07"),
        ("tomorrow", "2026-04-08"),
        ("in 2 weeks", "2026-04-21"),
        ("in a month", "2026-05-07"),
        ("2026-05-01", "2026-05-01"),
        ("24 dec", "2026-12-24"),
        ("dec 24", "2026-12-24"),
        ("the 17th", "2026-04-17"),
        ("24.12.", "2026-12-24"),
        ("12/24", "2026-12-24"),
        ("24.12.2027", "2027-12-24"),
        ("5/5", "2026-05-05"),
        ("7 april", "2026-04-07"),
        ("friday 17 april", "2026-04-17"),
    ],
)
def test_a_day_is_read_as_people_say_it(words: str, day: str):
    assert day_in_words(words, TUESDAY).isoformat() == day


@pytest.mark.parametrize(
    ("words", "both"),
    [("next friday", ("2026-04-10", "2026-04-17")), ("3/4", ("2027-03-04", "2027-04-03")), ("1.5.", ("2026-05-01",))],
)
def test_what_can_mean_two_days_is_asked_back_with_both(words: str, both: tuple[str, ...]):
    with pytest.raises(Unclear) as raised:
        day_in_words(words, TUESDAY)
    assert all(day in str(raised.value) for day in both)


def test_the_day_of_the_week_that_it_is_may_mean_today_or_in_a_week():
    with pytest.raises(Unclear, match=r"2026-04-10.*2026-04-17"):
        day_in_words("friday", FRIDAY)
    assert day_in_words("next friday", FRIDAY) == FRIDAY + timedelta(days=7)


@pytest.mark.parametrize(
    "words",
    ["", "someday", "april", "next week", "end of next week", "easter", "12", "10:30", "2026-02-30", "31/31",
     "friday 18 april", "x" * 5_000, "\x00", "😀", "in 100000 years"],
)  # fmt: skip
def test_what_names_no_day_is_asked_back(words: str):
    with pytest.raises(Unclear) as raised:
        day_in_words(words, TUESDAY)
    assert len(str(raised.value)) < 200


@given(st.text(max_size=60))
def test_no_text_breaks_it(words: str):
    try:
        assert isinstance(day_in_words(words, TUESDAY), date)
    except Unclear as error:
        assert "<" not in str(error)


def test_a_day_is_said_in_english():
    assert spoken(FRIDAY) == "Fri 10 April"
