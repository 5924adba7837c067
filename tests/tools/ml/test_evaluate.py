"""Figures against values worked out by hand."""

import math

import numpy as np
import pytest

from tools.ml.evaluate import auc, brier, ece, error_bands


def labels(*values):
    return np.array(values, dtype=np.int8)


def test_auc_is_the_chance_that_a_converted_lead_scores_higher():
    assert auc(np.array([0.1, 0.2, 0.3, 0.4]), labels(0, 0, 1, 1)) == 1
    assert auc(np.array([0.1, 0.2, 0.3, 0.4]), labels(1, 1, 0, 0)) == 0
    assert auc(np.array([0.1, 0.4, 0.3, 0.2]), labels(0, 1, 0, 1)) == 0.75


def test_ties_count_half():
    assert auc(np.array([0.5, 0.5, 0.5, 0.5]), labels(0, 1, 0, 1)) == 0.5
    assert auc(np.array([0.2, 0.5, 0.5]), labels(0, 0, 1)) == 0.75


def test_auc_of_one_kind_alone_is_not_a_number():
    assert math.isnan(auc(np.array([0.2, 0.5]), labels(1, 1)))


def test_brier_is_the_mean_squared_distance():
    assert brier(np.array([0.0, 1.0, 0.5]), labels(0, 0, 1)) == pytest.approx((0 + 1 + 0.25) / 3)


def test_ece_weighs_each_bin_by_its_leads():
    predicted = np.array([0.05, 0.05, 0.95, 1.0])
    assert ece(predicted, labels(0, 1, 1, 1)) == pytest.approx((2 * 0.45 + 2 * 0.025) / 4)


def test_bands_cover_the_stated_share_and_an_empty_band_takes_the_overall_width():
    predicted, actual = np.array([0.1, 0.1, 0.1, 0.7]), np.array([0.1, 0.2, 0.4, 0.9])
    bands = error_bands(predicted, actual, (0.5, 0.6, 1.01), 1.0)
    assert [(edge, leads) for edge, _, leads in bands] == [(0.5, 3), (0.6, 0), (1.01, 1)]
    assert [width for _, width, _ in bands] == pytest.approx([0.3, 0.3, 0.2])
