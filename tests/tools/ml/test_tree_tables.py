"""The tables against xgboost itself, on trees of every shape that fits, and against a tree worked out by hand."""

import numpy as np
import pytest
import xgboost

from tools.ml.tree_tables import TooDeepError, TreeTables


def trained(depth, seed, *, features=9, trees=30, objective="binary:logistic", rows=600, policy="depthwise", leaves=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features)).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    x[:, 0] = rng.integers(0, 3, rows)
    filled = np.nan_to_num(x)
    signal = filled[:, 0] + filled[:, 1] * filled[:, 2] - np.isnan(x[:, 3])
    y = (signal + rng.normal(size=rows) > 0.5).astype(float) if objective.startswith("binary") else signal
    settings = {
        "max_depth": depth,
        "objective": objective,
        "seed": seed,
        "nthread": 1,
        "tree_method": "hist",
        "eta": 0.3,
    }
    settings |= {"grow_policy": policy, "max_leaves": leaves}
    return xgboost.train(settings, xgboost.DMatrix(x, y), trees), x


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:squarederror"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(("policy", "leaves"), [("depthwise", 0), ("lossguide", 4)])
def test_contributions_are_those_of_xgboost(objective, depth, policy, leaves):
    booster, x = trained(depth, 7, objective=objective, policy=policy, leaves=leaves)
    tables, matrix = TreeTables(bytes(booster.save_raw("json"))), xgboost.DMatrix(x)
    theirs = booster.predict(matrix, pred_contribs=True)
    np.testing.assert_allclose(tables.contributions(x), theirs[:, :-1], atol=5e-6)
    assert tables.base == pytest.approx(theirs[0, -1], abs=5e-6)
    np.testing.assert_allclose(tables.outputs(x), booster.predict(matrix, output_margin=True), atol=5e-6)


def censored(seed=3, rows=600):
    """Days that grow with a feature; every third lead is still open and was watched for half of its time."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 5)).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    days = np.exp(3 + np.nan_to_num(x[:, 0]) + 0.3 * rng.normal(size=rows))
    is_open = np.arange(rows) % 3 == 0
    at_least, at_most = np.where(is_open, days / 2, days), np.where(is_open, np.inf, days)
    settings = {"objective": "survival:aft", "max_depth": 3, "nthread": 1, "aft_loss_distribution": "normal"}
    return settings, x, {"label_lower_bound": at_least, "label_upper_bound": at_most}


@pytest.mark.parametrize("base_score", [None, 20.0])
def test_times_with_censored_rows_are_those_of_xgboost_and_their_logarithm_is_explained(base_score):
    settings, x, bounds = censored()
    settings |= {} if base_score is None else {"base_score": base_score}
    matrix = xgboost.DMatrix(x, **bounds)
    booster = xgboost.train(settings, matrix, 30)
    tables = TreeTables(bytes(booster.save_raw("json")))
    np.testing.assert_allclose(np.exp(tables.outputs(x)), booster.predict(matrix), rtol=5e-6)
    theirs = booster.predict(matrix, pred_contribs=True)
    np.testing.assert_allclose(tables.contributions(x), theirs[:, :-1], atol=5e-6)
    assert tables.base == pytest.approx(theirs[0, -1], abs=5e-6)


def test_contributions_and_base_add_up_to_the_output():
    booster, x = trained(3, 11)
    tables = TreeTables(bytes(booster.save_raw("json")))
    np.testing.assert_allclose(tables.contributions(x).sum(axis=1) + tables.base, tables.outputs(x), atol=1e-12)


def test_values_on_a_threshold_go_the_way_that_xgboost_sends_them():
    booster, _ = trained(3, 5)
    splits = [float(part.split("<")[1].split("]")[0]) for part in "".join(booster.get_dump()).split("[f0")[1:]]
    x = np.zeros((len(splits), 9), dtype=np.float32)
    x[:, 0] = splits
    tables = TreeTables(bytes(booster.save_raw("json")))
    np.testing.assert_allclose(tables.outputs(x), booster.predict(xgboost.DMatrix(x), output_margin=True), atol=5e-6)


def test_the_bits_do_not_depend_on_the_batch():
    booster, x = trained(3, 3)
    tables = TreeTables(bytes(booster.save_raw("json")))
    whole, outputs = tables.contributions(x), tables.outputs(x)
    for size in (1, 7, 32):
        cut = [x[i : i + size] for i in range(0, len(x), size)]
        assert np.concatenate([tables.contributions(rows) for rows in cut]).tobytes() == whole.tobytes()
        assert np.concatenate([tables.outputs(rows) for rows in cut]).tobytes() == outputs.tobytes()


def test_a_deeper_tree_is_refused():
    booster, _ = trained(4, 3)
    with pytest.raises(TooDeepError, match="deeper than 3"):
        TreeTables(bytes(booster.save_raw("json")))


def test_one_split_gives_each_side_its_distance_from_the_mean():
    x = np.array([[0.0], [0.0], [0.0], [1.0]], dtype=np.float32)
    settings = {"max_depth": 1, "objective": "reg:squarederror", "eta": 1, "lambda": 0, "base_score": 0, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(x, np.array([0.0, 0.0, 0.0, 8.0])), 1)
    tables = TreeTables(bytes(booster.save_raw("json")))
    assert tables.base == pytest.approx(2)
    assert tables.contributions(x)[:, 0].tolist() == pytest.approx([-2, -2, -2, 6])
