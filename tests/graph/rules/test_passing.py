from __future__ import annotations

from datetime import date

import pytest

from graph.rules.passing import DETAIL, PASS_REASONS, NoReason, pass_reason

DAY = date(2026, 4, 17)


def test_a_reason_is_recorded_in_its_words_with_what_was_typed():
    assert pass_reason("time") == "no time"
    assert pass_reason("conflict", "  my \n brother ") == "conflict: my brother"
    assert pass_reason("cover", until=DAY) == "cover me until 2026-04-17"
    assert pass_reason("cover", "ask Ana", DAY, DAY) == "cover me until 2026-04-17: ask Ana"
    assert pass_reason("time", until=DAY) == "no time", "a day counts for cover alone"


def test_what_no_database_or_person_can_read_is_taken_out_of_what_was_typed():
    assert pass_reason("time", "a\x00b\u202e\ud800c") == "no time: a b c"
    assert len(pass_reason("time", "x" * 5_000)) <= DETAIL + len("no time: ")
    assert pass_reason("time", " \x00 ") == "no time"


@pytest.mark.parametrize(
    ("code", "until", "field"), [("", None, "reason"), ("laziness", DAY, "reason"), ("cover", None, "until")]
)
def test_what_is_no_reason_yet_names_the_field(code: str, until: date | None, field: str):
    with pytest.raises(NoReason) as raised:
        pass_reason(code, until=until)
    assert raised.value.field == field


def test_cover_for_a_day_that_is_over_is_refused_where_today_is_known():
    with pytest.raises(NoReason, match="is over"):
        pass_reason("cover", until=DAY, today=date(2026, 4, 18))


def test_the_form_offers_what_the_design_names():
    assert list(PASS_REASONS.values()) == ["not my territory", "conflict", "no time", "bad fit", "cover me until"]
