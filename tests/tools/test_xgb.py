"""The scorer: exact, explained, independent of the batch, and quick."""

import math
import timeit

import numpy as np
import pytest
import xgboost

from graph.features.vector import FEATURES_DIGEST, NAMES
from graph.rules.scoring import logit
from tests.tools.ml.archetypes import ARCHETYPES, company, lead, row
from tools.ml import registry
from tools.ml.generator import draw
from tools.ml.registry import ModelError
from tools.ml.train import train_bootstrap
from tools.ml.tree_tables import TreeTables
from tools.xgb import BoosterTrees, XgbScorer, trees_of


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


def test_margins_and_base_are_the_log_odds_of_the_propensity(scorer, rows):
    for output in scorer.score(rows):
        assert len(output.margins) == len(NAMES)
        assert math.fsum((output.base_margin, *output.margins)) == pytest.approx(logit(output.propensity), abs=1e-12)


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


def test_the_range_is_the_cards_calibration_at_these_log_odds(scorer):
    for rows, *_ in ARCHETYPES.values():
        output = scorer.score(rows)[0]
        margin = math.fsum((output.base_margin, *output.margins))
        assert (output.propensity, output.low, output.high) == pytest.approx(
            scorer.card.heads["propensity"].calibration.at(margin), abs=1e-12
        )
        assert output.low < output.propensity < output.high


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


def test_a_lead_in_a_batch_of_32_costs_less_than_110_microseconds(scorer, rows):
    batch = rows[:32]
    best = min(timeit.repeat(lambda: scorer.score(batch), number=10, repeat=10)) / 10 / 32
    assert best < 110e-6
