"""Answers for many rows: the same in any batch, explained exactly, without xgboost where trees are shallow."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.tools.ml.worlds import World
from tools.ml import fit
from tools.ml.data import Settings
from tools.ml.predict import Predictor

QUICK = Settings(rounds=60, eta=0.15, worlds=2)


@pytest.fixture(scope="module", params=[3, 4])
def served(request):
    world = World(500, 21)
    settings = replace(QUICK, depth=request.param)
    return world, fit.fit_propensity(world.data, world.converted[: world.n], world.parts, settings=settings)


def test_a_row_is_answered_alike_in_any_batch(served):
    world, found = served
    predictor = Predictor(found.head, found.booster)
    together = predictor.predict(world.new)
    for size in (1, 3, 1_000):
        parts = [predictor.predict(world.new[at : at + size]) for at in range(0, 30 if size < 9 else 4_000, size)]
        for name in ("point", "low", "high", "margins"):
            alone = np.concatenate([getattr(part, name) for part in parts])
            assert np.array_equal(alone, getattr(together, name)[: len(alone)])


def test_contributions_add_up_to_the_margin(served):
    world, found = served
    predictor = Predictor(found.head, found.booster)
    parts = predictor.contributions(world.new[:500])
    assert parts.sum(axis=1) + predictor.base == pytest.approx(predictor.margins(world.new[:500]), abs=1e-5)


def test_the_answer_is_what_the_card_says_of_the_margin(served):
    world, found = served
    said = Predictor(found.head, found.booster).predict(world.new[:200])
    expected = [found.head.calibration.at(float(margin)) for margin in said.margins]
    assert np.column_stack((said.point, said.low, said.high)) == pytest.approx(np.array(expected), abs=1e-12)


def test_no_rows_have_no_answers(served):
    world, found = served
    predictor = Predictor(found.head, found.booster)
    assert len(predictor.predict(world.new[:0]).point) == 0
    assert predictor.contributions(world.new[:0]).shape == (0, world.new.shape[1])


def test_predicting_loads_neither_xgboost_nor_scikit_learn():
    code = "import sys, tools.ml.predict; print([m for m in ('xgboost', 'sklearn', 'optuna') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_groups_of_a_spread_have_their_own_range():
    world = World(400, 5)
    value = np.exp(9 + np.nan_to_num(world.rows[:400, 1]) + world.noise[:400] * (1 + np.arange(400) % 2) / 4)
    names = [("wide" if i % 2 else "narrow") for i in range(400)]
    found = fit.fit_acv(world.data, value.astype(np.float64), world.parts, groups=names, settings=QUICK)
    said = Predictor(found.head, found.booster).predict(world.new[:2].repeat(2, axis=0), ["narrow", "wide"] * 2)
    assert said.high[1] / said.point[1] > said.high[0] / said.point[0]
