"""How often a vendor has its turn."""

from __future__ import annotations

import pytest

from tools.stream.pace import DispatcherOptions, Waiting


@pytest.mark.parametrize(
    ("waiting", "found", "pauses"),
    [
        ("many", 100, [0.5, 2.0, 0.5]),
        ("some", 99, [0.1, 0.4, 0.1]),
        ("some", 100, [0.002, 0.002, 0.1]),  # more is due than a round takes
        ("none", 99, [0.1, 0.4, 0.1]),
        ("none", 100, [0.002, 0.002, 0.1]),
    ],
)
def test_alerts_and_vendors_outside_get_four_rounds_for_one_of_our_own_rows(
    waiting: Waiting, found: int, pauses: list[float]
):
    vendors = {"notifier": True, "crm": True, "outside": False}
    options = DispatcherOptions()
    assert [options.pause(name, found, own=own, waiting=waiting) for name, own in vendors.items()] == pauses


@pytest.mark.parametrize(
    ("took", "age", "waiting", "rest"),
    [
        (0.01, 1.0, "some", 0.02),
        (0.01, 1.0, "many", 0.02),
        (0.01, 1.0, "none", 0.0),
        (0.01, 6.0, "some", 0.0),  # it has waited enough
        (10.0, 1.0, "some", 0.4),  # it waited for the write lock itself
    ],
)
def test_after_a_round_of_our_own_rows_decisions_have_the_database_for_longer_than_it_took(
    took: float, age: float, waiting: Waiting, rest: float
):
    assert DispatcherOptions(yields=2.0, patient_s=5.0, gather_s=0.4).rest(took, age, waiting) == rest
