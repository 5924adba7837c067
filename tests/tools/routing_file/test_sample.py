from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.routing_file import load, run_tests

SAMPLE = Path(__file__).parents[3] / "infra" / "routing.json"


def test_the_sample_file_is_valid_and_keeps_its_own_promises():
    table = load(SAMPLE)
    assert len(table.tests) >= 11
    assert all(result.passed for result in run_tests(table))


def test_the_file_of_the_specification_keeps_all_its_promises():
    """Hours, leave with a cover, caps and leads that wait are among them."""
    data = Path(os.environ.get("LEAD_DATA", Path(__file__).parents[4] / "shared" / "data"))
    path = data.parent / "design" / "routing.example.json"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    results = run_tests(load(path))
    assert len(results) == 11
    assert all(result.passed for result in results)
