"""What a model's folder keeps: rows it has seen, without their names, and its plain baseline."""

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tools.ml import splits
from tools.ml.data import Data
from tools.ml.evaluating import reference


@pytest.fixture
def table():
    random = np.random.default_rng(1)
    rows = random.normal(size=(600, 4)).astype(np.float32)
    rows[random.random(rows.shape) < 0.1] = np.nan
    value = (random.random(600) < 1 / (1 + np.exp(-np.nan_to_num(rows[:, 0])))).astype(float)
    keys = [f"person-{n}@company.com" for n in range(600)]
    return Data(rows, ("a", "b", "c", "d"), keys), value, splits.by_hash(keys)


def test_rows_of_the_training_are_recognised_in_any_order_and_others_are_not(table):
    data, value, parts = table
    record = reference.files_of("propensity", data, value, parts)[reference.KNOWN_ROWS]
    order = np.random.default_rng(2).permutation(600)
    assert (reference.seen(record, [data.keys[i] for i in order]) == parts.known[order]).all()
    assert not reference.seen(record, [f"new-{n}" for n in range(600)]).any()


def test_the_record_holds_nobodys_address(table):
    data, value, parts = table
    files = reference.files_of("propensity", data, value, parts)
    assert not any(b"company.com" in content for content in files.values())


def test_after_a_time_split_the_same_words_again_later_are_a_new_row():
    keys, order = ["same"] * 100, np.arange(100.0)
    parts = splits.by_time(order)
    data = Data(np.zeros((100, 1), dtype=np.float32), ("a",), keys, order)
    record = reference.files_of("time-to-close", data, order + 1, parts)[reference.KNOWN_ROWS]
    assert (reference.seen(record, keys, order) == parts.known).all()
    assert reference.seen(record, keys).all()  # without a time the cautious answer


def test_a_record_can_be_extended(table):
    data, value, parts = table
    record = reference.files_of("propensity", data, value, parts)[reference.KNOWN_ROWS]
    longer = reference.extended(record, ["another"])
    assert reference.seen(longer, ["another", "a third"]).tolist() == [True, False]
    assert (reference.seen(longer, data.keys) == parts.known).all()


def test_the_kept_baseline_is_the_logistic_regression_of_the_library(table):
    data, value, parts = table
    kept = reference.baseline_of(reference.files_of("propensity", data, value, parts))
    fitted = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=1.0, max_iter=1_000),
    ).fit(data.rows[parts.known], value[parts.known])
    assert kept.name == "logistic regression"
    assert kept.answers(data.rows) == pytest.approx(fitted.predict_proba(data.rows)[:, 1], abs=1e-6)


def test_amounts_have_a_ridge_regression_and_days_no_line(table):
    data, _, parts = table
    amount = np.exp(8 + np.nan_to_num(data.rows[:, 0].astype(float)))
    kept = reference.baseline_of(reference.files_of("acv", data, amount, parts))
    assert kept.name == "ridge regression"
    assert np.corrcoef(np.log(kept.answers(data.rows)), np.log(amount))[0, 1] > 0.99
    assert reference.baseline_of(reference.files_of("time-to-close", data, amount, parts)) is None
