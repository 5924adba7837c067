"""The bootstrap model: quick, repeatable, honest about itself, and of the opinions it was taught."""

import time

import numpy as np
import pytest

from graph.features.vector import FEATURES_DIGEST, NAMES
from tests.tools.ml.archetypes import ARCHETYPES, BROWSING, CONCRETE, company, lead, row
from tools.ml import registry
from tools.ml.generator import draw
from tools.ml.train import SIZE, train_bootstrap
from tools.xgb import XgbScorer


@pytest.fixture(scope="module")
def path(model_path):
    return model_path


def propensity(path, rows):
    return XgbScorer(path).score(rows)[0].propensity


def test_training_takes_seconds(tmp_path):
    started = time.process_time()
    train_bootstrap(tmp_path)
    assert time.process_time() - started < 3


def test_the_same_seed_trains_the_same_model(path, tmp_path):
    assert train_bootstrap(tmp_path).name == path.name
    assert train_bootstrap(tmp_path, seed=5).name != path.name


def test_the_card_says_that_it_is_synthetic_and_how_good_it_is(path):
    card = registry.load(path).card
    assert card.synthetic
    assert "synthetic" in card.name
    assert "opinions" in card.note
    assert (card.features, card.features_digest) == (NAMES, FEATURES_DIGEST)
    figures = card.heads["propensity"].figures
    assert 0.2 < figures["base_rate"] < 0.32
    assert figures["auc_of_the_stated_odds"] - 0.03 < figures["auc"] < figures["auc_of_the_stated_odds"] + 0.005
    assert figures["brier"] < figures["base_rate"] * (1 - figures["base_rate"])
    assert figures["ece"] < 0.05
    assert card.heads["acv"].figures["r2_of_log"] > 0.3
    assert {"python", "xgboost", "numpy", "machine"} <= card.environment.keys()
    assert card.created


def test_the_range_about_a_probability_is_narrow_enough_to_mean_something(path):
    calibration = registry.load(path).card.heads["propensity"].calibration
    assert calibration.method == "sigmoid"
    assert list(calibration.margins) == sorted(calibration.margins)
    for margin in calibration.margins:
        point, low, high = calibration.at(margin)
        assert 0 <= low < point < high <= 1
        assert high - low < 0.4


def test_the_range_of_a_contract_value_covers_what_it_says(path):
    spread = registry.load(path).card.heads["acv"].spread
    fresh = draw(2000, seed=77)
    known = ~np.isnan(fresh.rows[:, SIZE])
    low, high = np.array([spread.groups["size_known" if k else "size_unknown"] for k in known]).T
    point = np.array([output.acv_usd for output in XgbScorer(path).score(fresh.rows)])
    assert np.mean((fresh.acv_usd >= point * low) & (fresh.acv_usd <= point * high)) == pytest.approx(0.8, abs=0.05)


def test_the_range_of_the_days_covers_what_it_says_though_late_contracts_were_not_seen(path):
    fresh = draw(2000, seed=78)
    outputs = XgbScorer(path).score(fresh.rows)
    inside = [output.days_low <= days <= output.days_high for output, days in zip(outputs, fresh.days, strict=True)]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.05)
    ratio = np.median([days / output.days for output, days in zip(outputs, fresh.days, strict=True)])
    assert ratio == pytest.approx(1, abs=0.1), "dropping the open leads would make it too short"


@pytest.mark.parametrize("name", ARCHETYPES)
def test_the_model_scores_as_people_agree(path, name):
    rows, least, most = ARCHETYPES[name]
    assert least <= propensity(path, rows) <= most


def test_more_of_what_helps_never_lowers_the_score(path):
    def vp(**more):
        return lead("VP Engineering", "website_demo", CONCRETE, **more)

    assert propensity(path, row(vp(phone="+14155550132"), company(500))) >= propensity(path, row(vp(), company(500)))
    assert propensity(path, row(vp(), company(5000))) >= propensity(path, row(vp(), company(150)))
    ranks = ("Engineer", "Engineering Manager", "Director of Engineering", "VP Engineering")
    scores = [propensity(path, row(lead(rank, "contact_form", BROWSING), company(500))) for rank in ranks]
    assert scores == sorted(scores)
