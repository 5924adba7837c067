from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from graph.domain.lead import Form
from graph.rules.timing import sent_at, timing_findings

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
HOUR_MS = 3_600_000


def codes(**typed: object) -> list[str]:
    return [flag.code for flag in timing_findings(Form(**typed), NOW)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fill_time_ms", "expected"),
    [
        (None, []), (0, []), (1, ["bot_speed"]), (1_499, ["bot_speed"]), (1_500, []), (72 * HOUR_MS, []),
        (73 * HOUR_MS, ["bot_timing"]), (-1, ["bot_timing"]), (10**15, ["bot_timing"]),
    ],
)  # fmt: skip
def test_a_form_is_open_for_a_time_that_a_person_needs(fill_time_ms: int | None, expected: list[str]) -> None:
    assert codes(fill_time_ms=fill_time_ms) == expected


@pytest.mark.parametrize(
    ("submitted_at", "expected"),
    [
        ("2026-04-07T14:01:58Z", []), ("2026-04-07T16:10:00+02:00", []), ("2026-04-07T14:30:00Z", ["bot_timing"]),
        ("2026-04-08T03:00:00", []), ("2026-04-09T03:00:00", ["bot_timing"]), ("1970-01-01", ["bot_timing"]),
        ("2019-04-07", []), ("1775570400", []), ("1775570400000", []), ("1975570400", ["bot_timing"]), ("0", ["bot_timing"]),
        ("soon", []),
    ],
)  # fmt: skip
def test_a_form_is_not_sent_after_it_arrived(submitted_at: str, expected: list[str]) -> None:
    assert codes(submitted_at=submitted_at) == expected


def test_an_impossible_time_is_held_for_review_with_its_reason() -> None:
    (flag,) = timing_findings(Form(submitted_at=(NOW + timedelta(days=30)).isoformat()), NOW)
    assert flag.review
    assert flag.reason == "The form says that it was sent 30 days after it arrived."
    (flag,) = timing_findings(Form(fill_time_ms=-5), NOW)
    assert (flag.review, flag.reason) == (True, "The form says that it was sent before it was opened.")


@pytest.mark.parametrize("typed", ["", "soon", "nan", "inf", "-5", "1e300", "12/31/2026"])
def test_what_is_no_time_is_none(typed: str) -> None:
    assert sent_at(typed) is None
