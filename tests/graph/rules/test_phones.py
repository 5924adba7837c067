from __future__ import annotations

import pytest

from graph.rules.phones import e164


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("+1 (415) 555-0132", None, "+14155550132"),
        ("(415) 555-0132", "US", "+14155550132"),
        ("1-415-555-0132", "US", "+14155550132"),
        ("+44 (0)20 7946 0123", None, "+442079460123"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("089 / 123 456", "DE", "+4989123456"),
        ("0049 89 123456", None, "+4989123456"),
        ("0049 89 123456", "US", "+4989123456"),
        ("+14155550132 ext. 12", "DE", "+14155550132"),
        ("＋１ ４１５ ５５５ ０１３２", None, "+14155550132"),
    ],
)
def test_numbers_become_e164(typed: str, country: str | None, number: str) -> None:
    assert e164(typed, country) == number


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        (None, "US"), ("", "US"), ("n/a", "US"), ("415 555 0132", None), ("12345", "US"), ("0000000000", "US"),
        ("+1 000 000 0000", None), ("+999 123 456 789", None), ("call me", "US"), ("9" * 100_000, "US"),
        ("415 555 0132", "XX"),
    ],
)  # fmt: skip
def test_what_no_exchange_could_reach_is_none(typed: str | None, country: str | None) -> None:
    assert e164(typed, country) is None
