"""The synthetic leads: repeatable, with gaps, and with the odds that were stated."""

import numpy as np
import pytest

from graph.features.vector import NAMES, vector_of
from tests.tools.ml.archetypes import ARCHETYPES, CONCRETE, company, lead, row
from tools.ml import generator, truth
from tools.ml.generator import draw
from tools.ml.truth import probabilities


@pytest.fixture(scope="module")
def sample():
    return draw(4000, seed=3)


def column(sample, name):
    return sample.rows[:, NAMES.index(name)]


def test_it_says_plainly_that_everything_is_invented():
    assert "invented" in generator.__doc__
    assert "none\nis\nmeasured" in truth.__doc__.replace(" ", "\n")


def test_the_same_seed_draws_the_same_leads_and_another_seed_others(sample):
    again, other = draw(300, seed=3), draw(300, seed=4)
    assert again.rows.tobytes() == draw(300, seed=3).rows.tobytes()
    assert again.converted.tolist() == draw(300, seed=3).converted.tolist()
    assert again.rows.tobytes() != other.rows.tobytes()


def test_rows_are_what_serving_would_compute(sample):
    for index in (0, 17, 999):
        expected = np.array(vector_of(sample.inputs[index]), dtype=np.float32)
        np.testing.assert_array_equal(sample.rows[index], expected)


def test_about_one_in_four_converts(sample):
    assert 0.2 < sample.converted.mean() < 0.32
    assert abs(sample.converted.mean() - sample.probability.mean()) < 0.03


def test_unknown_values_are_common(sample):
    for name, least in (("logEmployees", 0.4), ("titleSeniority", 0.05), ("sourceIntent", 0.05), ("logRevenue", 0.5)):
        assert np.isnan(column(sample, name)).mean() > least, name


def test_every_code_and_every_yes_or_no_is_drawn(sample):
    for name, (weights, _) in truth.CODES.items():
        seen = set(np.unique(column(sample, name)[~np.isnan(column(sample, name))]).tolist())
        assert seen == set(range(len(weights))), name
    for name in truth.PER_UNIT:
        assert np.nanmax(column(sample, name)) > np.nanmin(column(sample, name)), name


@pytest.mark.parametrize("name", ARCHETYPES)
def test_the_stated_odds_are_what_people_agree_about(name):
    rows, least, most = ARCHETYPES[name]
    assert least <= probabilities(rows)[0] <= most


def test_not_knowing_the_company_lowers_the_odds_moderately():
    known = probabilities(row(lead("VP Engineering", "website_demo", CONCRETE), company(500)))[0]
    unknown = probabilities(row(lead("VP Engineering", "website_demo", CONCRETE)))[0]
    assert 0.03 < known - unknown < 0.25


def test_larger_parents_sign_larger_contracts(sample):
    employees = column(sample, "logEmployees")
    known = ~np.isnan(employees)
    assert np.corrcoef(employees[known], np.log(sample.acv_usd[known]))[0, 1] > 0.7


def test_contracts_signed_after_the_end_of_the_history_are_censored(sample):
    at_least, at_most = sample.days_bounds()
    still_open = np.isinf(at_most)
    assert 0.05 < still_open.mean() < 0.3
    assert (at_least[still_open] == sample.seen_days[still_open]).all()
    assert (sample.days[still_open] > sample.seen_days[still_open]).all()
    assert (at_least[~still_open] == sample.days[~still_open]).all()


def test_who_names_a_time_signs_sooner_and_larger_companies_later(sample):
    asked = column(sample, "namesTimeline") == 1
    assert np.median(sample.days[asked]) < 0.85 * np.median(sample.days[~asked])
    employees = column(sample, "logEmployees")
    known = ~np.isnan(employees)
    assert np.corrcoef(employees[known], np.log(sample.days[known]))[0, 1] > 0.1
