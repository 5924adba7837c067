"""Which events no person made: by themselves, and by what happened within seconds of them, in whatever order it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.rules.activity_bots import BURST, NEAR_S, Trace, verdicts

NOON = datetime(2026, 4, 7, 12, tzinfo=UTC)


def trace(key: str, kind: str = "email_open", seconds: float = 0.0, **more: Any) -> Trace:
    return Trace(key, kind, NOON + timedelta(seconds=seconds), **more)


def doubted(*events: Trace) -> set[str]:
    return set(verdicts(events))


@pytest.mark.parametrize("sign", ["agent", "machine", "network"])
def test_what_an_event_says_of_itself_is_enough(sign: str):
    assert doubted(trace("a", **{sign: True}), trace("b", seconds=60)) == {"a"}


@pytest.mark.parametrize("kind", ["reply", "meeting", "call", "unsubscribe", "email_bounce", "outcome", "email_sent"])
def test_what_is_done_on_purpose_is_never_doubted(kind: str):
    assert not doubted(*[trace(f"{n}", kind, 0.1 * n, agent=True, machine=True, network=True) for n in range(50)])


def test_a_mail_opened_within_seconds_of_sending_was_loaded_by_a_program():
    sent = trace("s", "email_sent", mail="m1")
    assert doubted(sent, trace("a", seconds=3, mail="m1"), trace("b", seconds=300, mail="m1")) == {"a"}
    assert doubted(sent, trace("c", "email_click", 2)) == {"c"}, "a mail that nobody names may be any"
    assert not doubted(sent, trace("d", seconds=3, mail="m0")), "the mail of last week may be opened now"


def test_whoever_follows_every_link_at_once_is_a_scanner():
    clicks = [trace(f"k{n}", "email_click", 2.0 * n, mail="m", link=f"/{n}") for n in range(3)]
    assert doubted(*clicks) == {"k0", "k1", "k2"}
    assert not doubted(*clicks[:2]), "two links are a person's"
    again = [trace(f"k{n}", "email_click", 2.0 * n, mail="m", link="/same") for n in range(5)]
    assert not doubted(*again), "one link again and again is an impatient person's"
    slow = [trace(f"k{n}", "email_click", 9.0 * n, mail="m", link=f"/{n}") for n in range(3)]
    assert not doubted(*slow)


def test_a_burst_beyond_a_persons_pace_does_not_count_and_what_comes_later_does():
    burst = [trace(f"v{n:02}", "page_view", 0.2 * n) for n in range(BURST)]
    assert doubted(*burst, trace("later", "page_view", 60)) == {one.event_key for one in burst}
    assert not doubted(*burst[1:])


KINDS = st.sampled_from(["email_sent", "email_open", "email_click", "page_view", "reply"])
EVENTS = st.lists(
    st.builds(
        lambda kind, seconds, link, mail: (kind, seconds, link, mail),
        KINDS,
        st.integers(0, 60),
        st.sampled_from(["", "/a", "/b", "/c"]),
        st.sampled_from(["", "m1", "m2"]),
    ),
    max_size=60,
)


def _traces(rows: list[tuple[str, int, str, str]]) -> list[Trace]:
    return [trace(f"e{n:03}", kind, at, link=link, mail=mail) for n, (kind, at, link, mail) in enumerate(rows)]


@given(EVENTS, st.randoms())
def test_the_order_in_which_events_are_told_changes_no_verdict(rows: list[tuple[str, int, str, str]], random: Any):
    events = _traces(rows)
    shuffled = list(events)
    random.shuffle(shuffled)
    assert verdicts(shuffled) == verdicts(events)


@given(EVENTS)
def test_what_is_further_away_than_the_reach_changes_no_verdict(rows: list[tuple[str, int, str, str]]):
    """So that the store may judge anew the neighbours of a new event alone."""
    events = _traces(rows)
    whole = verdicts(events)
    for one in events:
        near = [each for each in events if abs((each.at - one.at).total_seconds()) <= NEAR_S]
        assert verdicts(near).get(one.event_key) == whole.get(one.event_key)
