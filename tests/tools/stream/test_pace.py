"""How often a vendor has its turn."""

from __future__ import annotations

import pytest

from tools.stream.pace import DispatcherOptions


@pytest.mark.parametrize(
    ("waiting", "found", "pauses"),
    [
        (True, 100, [0.5, 2.0, 0.5]),
        (False, 99, [0.1, 0.4, 0.1]),
        (False, 100, [0.002, 0.002, 0.1]),  # more is due than a round takes
    ],
)
def test_alerts_and_vendors_outside_get_four_rounds_for_one_of_our_own_rows(
    waiting: bool, found: int, pauses: list[float]
):
    vendors = {"notifier": True, "crm": True, "outside": False}
    options = DispatcherOptions()
    assert [options.pause(name, found, own=own, crowded=waiting) for name, own in vendors.items()] == pauses
