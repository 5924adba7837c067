"""The scorer: exact, explained, independent of the batch, and quick."""

import math

import numpy as np
import pytest
import xgboost

from graph.features.vector import FEATURES_DIGEST, NAMES
from graph.rules.scoring import logit
from tests.tools.ml.archetypes import company, lead, row
from tools.ml import registry
from tools.ml.card import Calibration
from tools.ml.generator import draw
from tools.ml.registry import ModelError
from tools.ml.train import train_bootstrap
from tools.ml.tree_tables import TreeTables
from tools.ml.trees import BoosterTrees, trees_of
from tools.xgb import XgbScorer


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return train_bootstrap(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def scorer(path):
    return XgbScorer(path)


@pytest.fixture(scope="module")
def rows():
    return draw(96, seed=42).rows


def test_the_name_says_what_the_model_is(scorer, path):
    assert scorer.name == f"bootstrap-synthetic@{path.name[:8]}"
    assert scorer.digest == path.name


def with_calibration(path, root, method):
    """The model under another calibration: a table with a flat part and a step."""
    model = registry.load(path)
    table = Calibration(
        method=method, margins=(-6.0, -2.0, -1.0, -0.99, 6.0), probability=(0.02, 0.1, 0.1, 0.3, 0.9),
        low=(0.01, 0.05, 0.05, 0.2, 0.8), high=(0.03, 0.2, 0.2, 0.4, 0.95), coverage=0.8, rows=2000,
    )  # fmt: skip
    head = model.card.heads["propensity"].model_copy(update={"calibration": table})
    card = model.card.model_copy(update={"heads": model.card.heads | {"propensity": head}})
    return XgbScorer(registry.save(root, card, model.files)), table


def test_without_a_table_the_propensity_is_the_trees_own(scorer, rows):
    base, _ = scorer.factors("propensity", rows)
    for output in scorer.score(rows):
        assert len(output.margins) == len(NAMES)
        assert logit(output.base) == pytest.approx(base, abs=1e-9)
        assert math.fsum((base, *output.margins)) == pytest.approx(logit(output.propensity), abs=1e-9)


@pytest.mark.parametrize("method", ["isotonic", "venn-abers", "platt"])
def test_propensity_base_and_range_are_calibrated_and_the_margins_are_not(scorer, path, rows, tmp_path, method):
    other, table = with_calibration(path, tmp_path, method)
    base, _ = other.factors("propensity", rows)
    for output, plain in zip(other.score(rows), scorer.score(rows), strict=True):
        assert output.margins == plain.margins
        assert (output.propensity, output.low, output.high) == table.at(base + math.fsum(output.margins))
        assert output.base == table.at(base)[0]


def test_without_signal_the_base_rate_answers_and_nothing_adds_to_it(path, rows, tmp_path):
    model = registry.load(path)
    head = model.card.heads["propensity"].model_copy(update={"signal": "none", "fallback": 0.28})
    card = model.card.model_copy(update={"heads": model.card.heads | {"propensity": head}})
    for output in XgbScorer(registry.save(tmp_path, card, model.files)).score(rows):
        assert (output.propensity, output.base, set(output.margins)) == (0.28, 0.28, {0.0})


def test_the_days_to_close_are_those_of_xgboost_with_both_ends(scorer, path, rows):
    booster = xgboost.Booster(model_file=bytearray(registry.load(path).files[registry.TIME]))
    theirs = booster.predict(xgboost.DMatrix(rows), validate_features=False)
    outputs = scorer.score(rows)
    np.testing.assert_allclose([output.days for output in outputs], theirs, atol=0.0501)
    assert all(output.days_low < output.days < output.days_high for output in outputs)


def test_the_factors_of_the_days_multiply_to_the_days(scorer, rows):
    base, parts = scorer.factors("time-to-close", rows)
    days = [output.days for output in scorer.score(rows)]
    np.testing.assert_allclose(np.exp(base + parts.sum(axis=1)), days, atol=0.0501)


def test_a_model_without_days_says_none_and_has_no_factors_for_them(path, rows, tmp_path):
    model = registry.load(path)
    heads = {task: head for task, head in model.card.heads.items() if task != "time-to-close"}
    scorer = XgbScorer(registry.save(tmp_path, model.card.model_copy(update={"heads": heads}), model.files))
    assert {(output.days, output.days_low, output.days_high) for output in scorer.score(rows)} == {(None, None, None)}
    with pytest.raises(KeyError, match="time-to-close"):
        scorer.factors("time-to-close", rows)


def test_propensity_explanation_and_contract_value_are_those_of_xgboost(scorer, path, rows):
    files, matrix = registry.load(path).files, xgboost.DMatrix(rows)
    theirs = xgboost.Booster(model_file=bytearray(files[registry.PROPENSITY]))
    parts = theirs.predict(matrix, pred_contribs=True, validate_features=False)
    chances = theirs.predict(matrix, validate_features=False)
    values = xgboost.Booster(model_file=bytearray(files[registry.ACV])).predict(matrix, validate_features=False)
    outputs = scorer.score(rows)
    np.testing.assert_allclose([output.margins for output in outputs], parts[:, :-1], atol=5e-6)
    np.testing.assert_allclose([output.propensity for output in outputs], chances, atol=1e-6)
    np.testing.assert_allclose([output.acv_usd for output in outputs], np.exp(values), rtol=1e-5)


@pytest.mark.parametrize("size", [1, 7, 32])
def test_the_bits_do_not_depend_on_the_batch(scorer, rows, size):
    whole = scorer.score(rows)
    pieces = [output for i in range(0, len(rows), size) for output in scorer.score(rows[i : i + size])]
    assert pieces == whole


def test_a_second_load_gives_the_same_bits(scorer, path, rows):
    assert XgbScorer(path).score(rows) == scorer.score(rows)


def test_xgboost_itself_serves_models_that_the_tables_cannot_hold(rows):
    noise = np.random.default_rng(1).integers(0, 2, len(rows))
    settings = {"max_depth": 5, "objective": "binary:logistic", "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(rows, noise), 5)
    trees = trees_of(bytes(booster.save_raw("json")))
    assert isinstance(trees, BoosterTrees)
    whole = trees.contributions(rows)
    np.testing.assert_allclose(whole.sum(axis=1) + trees.base, trees.outputs(rows), atol=1e-5)
    for size in (1, 7):
        cut = [trees.contributions(rows[i : i + size]) for i in range(0, len(rows), size)]
        assert np.concatenate(cut).tobytes() == whole.tobytes()


def test_the_bootstrap_model_fits_the_tables(path):
    for content in registry.load(path).files.values():
        assert isinstance(trees_of(content), TreeTables)


def test_a_model_without_contract_values_claims_none(path, tmp_path, rows):
    model = registry.load(path)
    heads = {"propensity": model.card.heads["propensity"]}
    alone = XgbScorer(registry.save(tmp_path, model.card.model_copy(update={"heads": heads}), model.files))
    assert {output.acv_usd for output in alone.score(rows)} == {0.0}


def test_a_contract_value_without_signal_is_the_cards_fallback(path, tmp_path, rows):
    model = registry.load(path)
    acv = model.card.heads["acv"].model_copy(update={"signal": "none", "fallback": 12_000.0})
    heads = model.card.heads | {"acv": acv}
    scorer = XgbScorer(registry.save(tmp_path, model.card.model_copy(update={"heads": heads}), model.files))
    outputs = scorer.score(rows)
    assert {output.acv_usd for output in outputs} == {12_000.0}
    assert all(output.acv_low_usd < 12_000 < output.acv_high_usd for output in outputs)


def test_a_model_of_a_table_does_not_serve_leads(path, tmp_path):
    model = registry.load(path)
    table = registry.save(tmp_path, model.card.model_copy(update={"kind": "table"}), model.files)
    with pytest.raises(ModelError, match="scores files, not leads"):
        XgbScorer(table)


def test_a_contract_value_is_vaguer_when_the_size_is_unknown(scorer):
    def spread(profile):
        output = scorer.score(row(lead("VP Engineering", "website_demo"), profile))[0]
        assert output.acv_low_usd < output.acv_usd < output.acv_high_usd
        return output.acv_high_usd / output.acv_low_usd

    assert spread(None) > 1.5 * spread(company(500))


def test_a_contract_value_grows_with_the_company(scorer):
    values = [scorer.score(row(lead("CTO"), company(size)))[0].acv_usd for size in (10, 100, 1000, 10_000)]
    assert values == sorted(values)
    assert values[-1] > 5 * values[0]


def test_no_rows_are_no_outputs(scorer):
    assert scorer.score(np.empty((0, len(NAMES)), dtype=np.float32)) == []


def test_rows_of_another_width_are_refused_with_both_shapes(scorer):
    with pytest.raises(ValueError, match=rf"\(n, {len(NAMES)}\), got \(2, 3\)"):
        scorer.score(np.zeros((2, 3), dtype=np.float32))


def test_a_model_of_other_features_does_not_serve(path, tmp_path):
    model = registry.load(path)
    strange = model.card.model_copy(update={"features_digest": "0123456789abcdef"})
    with pytest.raises(ModelError, match=f"0123456789abcdef.*{FEATURES_DIGEST}"):
        XgbScorer(registry.save(tmp_path, strange, model.files))
