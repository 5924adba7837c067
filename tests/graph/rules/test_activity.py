"""What a person did, in our words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graph.domain.late_facts import Shift
from graph.rules.activity import activity_note, did_said

NOON = datetime(2026, 4, 7, 12, tzinfo=UTC)


def ago(minutes: float, kind: str) -> tuple[str, datetime]:
    return kind, NOON - timedelta(minutes=minutes)


def test_counts_come_in_the_order_of_their_weight_with_the_last_one_s_age():
    did = [ago(60, "page_view"), ago(50, "page_view"), ago(40, "email_open"), ago(5, "meeting")]
    assert did_said(did, NOON) == "1 meeting, 1 mail opened, 2 pages viewed; the last 5 min earlier"


def test_mails_that_we_sent_are_nothing_that_they_did():
    assert did_said([ago(60, "email_sent")], NOON) == ""
    assert did_said([ago(60, "email_open"), ago(1, "email_sent")], NOON) == "1 mail opened; the last 1 h earlier"


def test_a_note_says_what_they_did_and_what_that_changes():
    found = (Shift("tier", "low", "high"), Shift("way", "nurture", "qualify"))
    note = activity_note([ago(1, "email_click")], NOON, found, stays=False)
    assert (
        note == "Since the decision: 1 link followed; the last 1 min earlier: tier low -> high, way nurture -> qualify."
    )
    told = activity_note([], NOON, found[:1], stays=True)
    assert told == "Since the decision: nothing that counts: it would be tier low -> high. It stays where it is."
