"""Types of events in the spellings of trackers: one list for what is stored and what a feature counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from graph.domain.activity import EventType
from graph.features.activity import CHANNELS, KINDS, TYPES, activity_type, event_type

NOON = datetime(2026, 4, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", get_args(EventType))
def test_every_type_is_known_by_its_own_name(kind: str):
    assert event_type(kind) == kind


@pytest.mark.parametrize(
    ("spelled", "kind"),
    [("Email Opened", "email_open"), ("page.view", "page_view"), (" bounce ", "email_bounce"), ("demo", "meeting"),
     ("email-unsubscribed", "unsubscribe"), ("file_download", "content_download"), ("dance", None), ("", None)],
)  # fmt: skip
def test_the_usual_other_spellings_are_read(spelled: str, kind: str | None):
    assert event_type(spelled) == kind


def test_whatever_a_feature_counts_is_stored_under_a_type_that_it_counts_again():
    for name in TYPES:
        stored = event_type(name)
        assert stored is not None
        assert activity_type(stored) == activity_type(name)
    assert set(KINDS) == set(TYPES.values())
    assert set(CHANNELS) == set(KINDS) - {"sent"}


@pytest.mark.parametrize("kind", ["unsubscribe", "email_bounce", "outcome"])
def test_what_is_no_activity_no_feature_sees(kind: str):
    assert activity_type(kind) is None


def test_a_download_counts_for_pace_and_variety_and_for_nothing_else():
    from graph.features.inputs import feature_input
    from graph.features.vector import NAMES, vector_of
    from graph.rules.identity import capture
    from tests.fixtures.ports import case

    held = case()
    lead = capture(held.submission.form, "ld_x", NOON)
    at = NOON - timedelta(hours=1)
    without = vector_of(feature_input(lead, None, NOON))
    seen = vector_of(feature_input(lead, None, NOON, None, (("content_download", at),)))
    changed = {name for name, a, b in zip(NAMES, without, seen, strict=True) if a != b and not (a != a and b != b)}
    assert changed == {
        "activityVelocity", "channelDiversity", "daysSinceCreated", "daysSinceLastActivity", "recencyScore"
    }  # fmt: skip
