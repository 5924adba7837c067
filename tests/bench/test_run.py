"""The file that a whole run writes is JSON for every reader."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench import run


def test_a_figure_that_does_not_exist_is_null():
    written = run.as_json({"slope": float("nan"), "detail": {"mae": np.float32(0.5), "file": Path("a.csv")}})
    assert json.loads(written, parse_constant=lambda name: f"no JSON: {name}") == {
        "slope": None,
        "detail": {"mae": 0.5, "file": "a.csv"},
    }
