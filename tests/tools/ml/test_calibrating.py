"""Log-odds that are off are put right, the order of leads is kept, and the simplest way wins when it is as good."""

import numpy as np
import pytest

from tools.ml import calibrating
from tools.ml.evaluate import auc, ece
from tools.ml.predict import calibrated, sigmoid

METHODS = calibrating.METHODS


def drawn(distort, n=6_000, seed=0):
    random = np.random.default_rng(seed)
    truth = random.normal(-0.7, 1.2, n)
    return distort(truth), (random.random(n) < sigmoid(truth)).astype(np.int8)


DISTORTIONS = {
    "true already": lambda m: m,
    "too sure": lambda m: 2.5 * m + 1,
    "bent": lambda m: np.where(m > -0.5, 3 * m + 1.3, 0.4 * m),
}


@pytest.mark.parametrize("name", DISTORTIONS)
def test_probabilities_come_true_whatever_bent_the_log_odds(name):
    margins, converted = drawn(DISTORTIONS[name])
    chosen = calibrating.choose(margins, converted)
    new, outcome = drawn(DISTORTIONS[name], 40_000, seed=1)
    assert ece(chosen.curve(new), outcome) < 0.02
    assert auc(chosen.curve(new), outcome) > auc(new, outcome) - 0.002


def test_the_simplest_way_wins_when_others_are_no_better():
    assert calibrating.choose(*drawn(DISTORTIONS["true already"])).method == "sigmoid"
    assert calibrating.choose(*drawn(DISTORTIONS["too sure"])).method == "platt"
    assert calibrating.choose(*drawn(DISTORTIONS["bent"])).method in {"venn-abers", "isotonic"}


@pytest.mark.parametrize("method", ["venn-abers", "isotonic"])
def test_steps_do_not_lose_the_order_of_leads(method):
    margins, converted = drawn(DISTORTIONS["bent"], 1_000)
    new = np.sort(np.random.default_rng(3).normal(0, 3, 5_000))
    assert np.all(np.diff(METHODS[method](margins, converted)(np.unique(new))) > 0)


def test_venn_abers_is_the_merged_pair_of_isotonic_fits():
    margins, converted = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 0, 1, 1], dtype=np.int8)
    # At 1.0, with one more row: as 0 the fit gives 0; as 1 the rows at 1.0 (0 and 1, one half) give p1 = .5.
    curve = METHODS["venn-abers"](margins, converted)
    mixed = calibrating.MIXED * METHODS["platt"](margins, converted)(np.array([1.0]))[0]
    assert curve(np.array([1.0]))[0] == pytest.approx((1 - calibrating.MIXED) * (0.5 / 1.5) + mixed)


def test_the_card_and_the_arrays_answer_alike():
    margins, converted = drawn(DISTORTIONS["bent"], 1_500)
    chosen = calibrating.choose(margins, converted)
    table = calibrating.table(
        chosen, margins, len(margins), 0.8, lambda grid: (chosen.curve(grid) * 0.8, chosen.curve(grid) * 1.1)
    )
    new = np.concatenate((np.random.default_rng(5).normal(0, 4, 300), [-99.0, 99.0, table.margins[7]]))
    point, low, high = calibrated(table, new)
    one_by_one = [table.at(float(m)) for m in new]
    assert list(zip(point.tolist(), low.tolist(), high.tolist(), strict=True)) == one_by_one


def test_a_constant_covers_the_rate_it_was_drawn_from():
    random = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        table = calibrating.constant((random.random(200) < 0.1).astype(np.int8), 0.8)
        _, low, high = table.at(0.3)
        inside += low <= 0.1 <= high
    assert 0.74 < inside / 400 < 0.87
