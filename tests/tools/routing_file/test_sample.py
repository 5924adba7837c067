from __future__ import annotations

from pathlib import Path

from tools.routing_file import load, run_tests

SAMPLE = Path(__file__).parents[3] / "infra" / "routing.json"


def test_the_sample_file_is_valid_and_keeps_its_own_promises():
    table = load(SAMPLE)
    assert len(table.tests) >= 11
    assert all(result.passed for result in run_tests(table))
