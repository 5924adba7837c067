"""Plots are pictures of their numbers: the same numbers give the same bytes, whatever was drawn before."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from tools.ml import plots
from tools.ml.evaluating import calibration, ranges
from tools.ml.evaluating.ranking import Ranking


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(1)
    said = random.beta(2, 3, 800)
    outcome = (random.random(800) < said).astype(float)
    amount = np.exp(8 + said)
    model, beside = Ranking(said, outcome), ("logistic regression", Ranking(np.round(said, 1), outcome))
    groups = ranges.ranges_by_group(said, said - 0.05, said + 0.05, outcome, 0.8).groups
    return {
        "calibration": lambda: plots.calibration(calibration.curve(said, outcome), said),
        "roc": lambda: plots.roc(model, beside),
        "precision_recall": lambda: plots.precision_recall(model, None),
        "gains": lambda: plots.gains(model, beside),
        "lift": lambda: plots.lift(model, beside),
        "scores": lambda: plots.scores(said, outcome),
        "ranges": lambda: plots.ranges(groups),
        "amounts": lambda: plots.predicted_and_actual(amount, amount / 2, amount * 2, amount * random.lognormal(0, 0.3, 800)),
        "open": lambda: plots.open_by_third(said, random.exponential(20, 800), outcome == 1),
    }  # fmt: skip


def test_every_plot_is_an_svg_without_text_that_needs_a_font(pictures):
    for name, picture in pictures.items():
        root = ET.fromstring(picture())
        assert root.tag.endswith("svg"), name
        assert not list(root.iter("{http://www.w3.org/2000/svg}text")), name
        assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 10, name


def test_the_same_numbers_give_the_same_bytes(pictures):
    for name in ("calibration", "gains", "ranges"):
        assert pictures[name]() == pictures[name](), name


def test_extreme_tables_can_be_drawn():
    one = np.array([0.5, 0.5, 0.5])
    outcome = np.array([1.0, 0.0, 0.0])
    assert plots.calibration(calibration.curve(one, outcome), one)
    assert plots.roc(Ranking(one, outcome), None)
    assert plots.lift(Ranking(one, outcome), None)
    assert plots.open_by_third(one, np.array([1.0, 2.0, 3.0]), np.array([False, False, False]))
    many = np.linspace(1, 2, 20_000)
    assert len(plots.predicted_and_actual(many, many, many, many)) < 2_000_000
