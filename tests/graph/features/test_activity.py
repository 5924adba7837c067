"""What people did, summed up."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from graph.features import behavioural, engagement, temporal
from graph.features.activity import activity_of
from graph.features.probes import _PRIOR, PROBES

NEW = PROBES[1]


def after(*events, prior=None):
    """The summary after (type, hours ago) events."""
    at = NEW.received_at
    return activity_of(
        replace(NEW, prior=prior, activities=tuple((kind, at - timedelta(hours=h)) for kind, h in events))
    )


def behaviour(activity):
    return dict(zip((f.name for f in behavioural.FEATURES), behavioural.values(activity), strict=True))


def rates(activity, prior=None):
    return dict(zip((f.name for f in engagement.FEATURES), engagement.values(activity, prior, None), strict=True))


def times(activity):
    return dict(zip((f.name for f in temporal.FEATURES), temporal.values(activity, NEW.received_at), strict=True))


def test_a_new_lead_gets_no_credit_for_activity_it_does_not_have():
    values = times(after())
    assert values["recencyScore"] == 0
    assert math.isnan(values["daysSinceLastActivity"])
    assert not any(behaviour(after()).values())


def test_event_names_are_read_as_forms_and_trackers_spell_them():
    counted = behaviour(
        after(("email_opened", 1), ("Email Open", 2), ("EMAIL-CLICK", 3), ("Page View", 4), ("bounce", 5))
    )
    assert (counted["emailOpenCount"], counted["emailClickCount"], counted["pageViewCount"]) == (2, 1, 1)
    assert counted["channelDiversity"] == 2


def test_our_own_mails_are_no_activity_of_theirs():
    activity = after(("email_sent", 5), ("email_sent", 2))
    assert math.isnan(activity.silent_days)
    assert activity.velocity == activity.channels == 0
    assert rates(activity)["emailOpenRate"] == 0


def test_high_value_actions_are_meetings_calls_and_forms():
    counted = behaviour(after(("meeting", 1), ("call", 2), ("form_submit", 3), ("page_view", 4)))
    assert counted["highValueActionCount"] == 3


def test_recency_halves_every_seven_days():
    for days, score in ((0, 1.0), (7, 0.5), (14, 0.25)):
        assert times(after(("page_view", 24 * days)))["recencyScore"] == pytest.approx(score)


def test_three_actions_within_24_hours_are_a_burst_and_within_25_are_none():
    assert after(("page_view", 100), ("page_view", 90), ("call", 76)).burst
    assert not after(("page_view", 100), ("page_view", 90), ("call", 75)).burst
    assert not after(("page_view", 100), ("email_sent", 99), ("call", 98)).burst


def test_velocity_is_actions_a_day_since_the_first_trace_and_over_at_most_30_days():
    assert after(("page_view", 48), ("page_view", 24)).velocity == pytest.approx(1.0)
    assert after(("page_view", 24 * 60), ("page_view", 24 * 10)).velocity == pytest.approx(1 / 30)
    assert after(("page_view", 1)).velocity == pytest.approx(1.0), "a first hour is not extrapolated to a day"


def test_rates_are_unknown_until_a_mail_was_sent_and_at_most_one():
    assert math.isnan(rates(after(("email_open", 1)))["emailOpenRate"])
    assert rates(after(("email_sent", 9), ("email_open", 3), ("email_open", 1)))["emailOpenRate"] == 1


def test_the_response_time_runs_from_our_last_mail_to_their_answer_and_an_open_is_none():
    activity = after(("email_sent", 30), ("email_open", 29), ("email_sent", 20), ("email_click", 14), ("reply", 2))
    assert activity.response_h == pytest.approx(6)


def test_a_sequence_counts_only_while_it_runs():
    mailed = after(("email_sent", 30), ("email_click", 29), prior=_PRIOR)
    assert rates(mailed, _PRIOR)["sequenceEngagement"] == 1
    assert rates(mailed, _PRIOR)["isInActiveSequence"] == 1
    ended = replace(_PRIOR, path="qualify")
    assert math.isnan(rates(mailed, ended)["sequenceEngagement"])
    assert rates(mailed, ended)["isInActiveSequence"] == 0


def test_a_person_is_known_since_the_first_trace():
    assert after(("page_view", 48)).created_days == pytest.approx(2)
    assert after(("page_view", 48), prior=_PRIOR).created_days == pytest.approx(40)


def test_the_order_in_which_events_arrive_changes_nothing():
    events = [("email_sent", 30), ("page_view", 29), ("reply", 20), ("call", 3), ("call", 2), ("meeting", 1)]
    assert after(*events) == after(*reversed(events))
