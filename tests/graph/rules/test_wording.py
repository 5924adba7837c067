from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from graph.domain.scoring import Contribution
from graph.features.vector import FEATURES
from graph.rules.wording import (
    _LABELS,
    _NUMBERS,
    clock_time,
    day_and_time,
    duration,
    first_name,
    money,
    people,
    reasons,
    said,
)


@pytest.mark.parametrize(
    ("usd", "expected"),
    [
        (0, "$0"), (950, "$950"), (999.6, "$1,000"), (1_000, "$1k"), (1_500, "$1.5k"), (9_940, "$9.9k"),
        (9_960, "$10k"), (140_400, "$140k"), (999_400, "$999k"), (999_600, "$1M"), (1_240_000, "$1.2M"),
        (2_500_000_000, "$2,500M"),
    ],
)  # fmt: skip
def test_money_is_short(usd, expected):
    assert money(usd) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"), (45, "45 s"), (60, "1 min"), (72, "1 min 12 s"), (300, "5 min"), (5_400, "1 h 30 min"),
        (3_599.7, "1 h"), (86_400, "24 h"), (259_200, "3 days"),
    ],
)  # fmt: skip
def test_a_duration_has_at_most_two_units(seconds, expected):
    assert duration(seconds) == expected


def test_people_are_counted_with_thousands():
    assert (people(1), people(4_000)) == ("1 person", "4,000 people")


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("dee@company.com", "Dee"),
        ("ana.maria@company.com", "Ana"),
        ("us-team@company.com", "us-team@company.com"),
        ("Dee", "Dee"),
    ],
)
def test_a_person_is_called_by_their_first_name_and_a_team_by_its_address(email, expected):
    assert first_name(email) == expected


def test_times_are_said_in_english_in_the_zone_given():
    at, zone = datetime(2026, 4, 7, 14, 7, tzinfo=UTC), ZoneInfo("America/New_York")
    assert clock_time(at, zone) == "10:07 EDT"
    assert day_and_time(at, zone) == "Tue 7 Apr 10:07 EDT"


def test_every_feature_of_the_vector_has_words_for_what_it_may_hold():
    for feature in FEATURES:
        assert feature.name in (_LABELS if feature.labels else _NUMBERS), feature
        for value in (*feature.labels, None) if feature.labels else (0.0, 1.0, 7.26, None):
            words = said(feature.name, value)
            assert words.strip(), feature
            assert "{" not in words, feature
            assert feature.name not in words, feature
            assert not feature.labels or words in _LABELS[feature.name].values(), feature


def test_a_feature_nobody_has_worded_is_said_by_its_name():
    assert said("funnyThingCount", 3.0) == "funny thing count 3"
    assert said("funnyThingCount", 0.0) == "no funny thing count"
    assert said("funnyThing", "very_odd") == "funny thing: very odd"


def test_reasons_are_the_largest_both_ways_without_the_unnamed_rest():
    points = {
        "hasPhone": 2.0,
        "hasTitle": 9.0,
        "hasCompany": 0.4,
        "other": 20.0,
        "dayPattern": -7.0,
        "hasFullName": 3.0,
    }
    given = tuple(Contribution(name, "demographic", 1.0, value) for name, value in points.items())
    assert reasons(given, None, up=2) == ("title given +9, full name given +3", "sent on a working day -7")
    assert reasons((), None) == ("", "")


def test_of_equal_reasons_the_earlier_one_is_named_whatever_the_rest():
    given = tuple(Contribution(f"f{i}", "temporal", None, -2.0) for i in range(5))
    assert reasons(given, None)[1] == "f0 unknown -2, f1 unknown -2"


def test_the_judgement_is_said_by_what_the_message_was_read_as():
    given = (Contribution("judgement", "judgement", 0.9, 8.0),)
    assert reasons(given, "pricing")[0] == "message reads as pricing +8"
    assert reasons(given, "other")[0] == reasons(given, None)[0] == "the message +8"
