"""When a source is switched off for filling less than it used to, and how it comes back. By day and number, without chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from tools.enrichment.switch import (
    LEAST_PAST,
    LEAST_RECENT,
    TRIES,
    WINDOW,
    Switch,
    Terms,
    answered,
    asked,
    by_person,
    new,
    room,
    to_rule,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TERMS = Terms(share=0.5, rest_s=600)


def after(switch: Switch, *answers: tuple[int, int], now: datetime = NOW, terms: Terms = TERMS) -> Switch:
    """(filled, empty) of each batch, the filled ones first."""
    for filled, empty in answers:
        switch = answered(switch, [True] * filled + [False] * empty, now, terms)
    return switch


def used_to_fill(share: float) -> Switch:
    """A source with a past of 400 answers of this rate."""
    one = (round(share * 20), 20 - round(share * 20))
    return after(new(NOW), *[one] * 20)


def test_a_source_that_fills_as_ever_stays_on():
    assert after(used_to_fill(0.6), *[(12, 8)] * 40).state == "on"


def test_a_source_that_stops_filling_is_switched_off_with_its_figures():
    switch = after(used_to_fill(0.6), *[(0, 20)] * 5)
    assert (switch.state, switch.by) == ("off", "rule")
    assert switch.reason.endswith("60% before")
    assert switch.until == NOW + timedelta(seconds=600)


def test_half_of_its_rate_is_not_below_half_of_its_rate():
    assert after(used_to_fill(0.6), *[(6, 14)] * 20).state == "on"


def test_without_a_past_of_its_own_nothing_is_concluded():
    assert after(new(NOW), *[(0, 10)] * 30).state == "on"
    assert LEAST_PAST >= 100
    assert LEAST_RECENT >= 40


def test_a_share_of_zero_never_switches_off():
    assert after(used_to_fill(0.9), *[(0, 20)] * 10, terms=Terms(share=0.0)).state == "on"


def test_a_source_that_has_not_changed_is_hardly_ever_switched_off_by_mistake():
    """200 sources that fill one question in five, 2,000 questions each, looked at after every 20."""
    random = np.random.default_rng(7)
    wrong = 0
    for _ in range(200):
        switch = new(NOW)
        for _ in range(100):
            switch = answered(switch, list(random.random(20) < 0.2), NOW, TERMS)
        wrong += switch.state != "on"
    assert wrong == 0


def test_while_it_rests_nothing_is_asked_and_then_a_few():
    switch = after(used_to_fill(0.6), *[(0, 20)] * 5)
    assert room(switch, NOW + timedelta(seconds=599)) == (switch, 0)
    trying, questions = room(switch, NOW + timedelta(seconds=600))
    assert (trying.state, questions) == ("trying", TRIES)
    assert room(asked(trying, TRIES), NOW + timedelta(seconds=601))[1] == 0


def test_it_comes_back_when_the_tries_fill_again_and_keeps_its_past():
    switch = after(used_to_fill(0.6), *[(0, 20)] * 5)
    trying, _ = room(switch, NOW + timedelta(seconds=600))
    back = after(asked(trying, TRIES), (12, 8))
    assert back.state == "on"
    assert round(back.past_rate or 0, 2) == 0.6


def test_it_rests_again_when_they_do_not():
    switch = after(used_to_fill(0.6), *[(0, 20)] * 5)
    later = NOW + timedelta(seconds=600)
    trying, _ = room(switch, later)
    again = after(asked(trying, TRIES), (2, 18), now=later)
    assert (again.state, again.until) == ("off", later + timedelta(seconds=600))


def test_tries_whose_answers_never_come_are_given_again():
    trying, _ = room(after(used_to_fill(0.6), *[(0, 20)] * 5), NOW + timedelta(seconds=600))
    lost = asked(trying, TRIES)
    assert room(lost, NOW + timedelta(seconds=700))[1] == 0
    assert room(lost, NOW + timedelta(seconds=1300))[1] == TRIES // 2


def test_a_persons_word_stands_until_a_person_takes_it_back():
    off = by_person(used_to_fill(0.6), on=False, reason="contract ended", now=NOW)
    assert room(off, NOW + timedelta(days=400)) == (off, 0)
    on = by_person(off, on=True, reason="new contract", now=NOW)
    assert after(on, *[(0, 20)] * 10).state == "on"
    assert after(to_rule(on, NOW), *[(0, 20)] * 10).state == "off"


def test_what_is_kept_does_not_grow():
    switch = after(new(NOW), *[(15, 5)] * 500)
    assert len(switch.recent) == WINDOW
    assert switch.past_answers <= 2_000
