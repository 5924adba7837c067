"""A verdict says no where there is nothing, and which of two models is better only beyond chance."""

import numpy as np

from tools.ml import signal


def losses(n, gain, seed=0):
    random = np.random.default_rng(seed)
    plain = random.gamma(2.0, 0.3, n)
    return plain - gain + random.normal(0, 0.2, n), plain


def test_a_gain_beyond_chance_is_seen_and_none_is_not_invented():
    assert signal.paired(*losses(500, 0.05), seed=1) < 0.01
    found = [signal.paired(*losses(200, 0.0, seed), seed=1) < 0.05 for seed in range(40)]
    assert sum(found) <= 6


def test_a_ranking_that_is_no_accident_but_of_no_use_is_no_signal():
    model, constant = losses(5_000, 0.05)
    verdict = signal.judge_ranking(model, constant, constant, 0.55, seed=1)
    assert verdict.signal == "none"
    assert verdict.p_value < 0.01
    assert verdict.text.startswith("no usable signal")
    assert signal.judge_ranking(model, constant, constant, 0.70, seed=1).signal == "found"


def test_a_model_behind_its_plain_baseline_is_called_so():
    model, constant = losses(2_000, 0.3)
    assert "worse than its plain baseline" in signal.judge_values(model, model - 0.05, constant, 1).text
    assert "better than its plain baseline" in signal.judge_values(model, constant, constant + 0.1, 1).text
    assert "as good as" in signal.judge_values(model, np.roll(model, 1), constant, 1).text


def test_a_model_behind_its_plain_baseline_has_no_signal_unless_the_difference_is_of_no_account():
    model, constant = losses(2_000, 0.3)
    behind = signal.judge_values(model, model - 0.05, constant, 1)
    assert (behind.signal, behind.behind) == ("none", True)
    little = signal.judge_values(model, model - 0.005, constant, 1)
    assert (little.signal, little.behind) == ("found", False)


def test_days_that_are_all_the_same_have_no_signal_and_divide_by_nothing():
    with np.errstate(all="raise"):
        assert signal.judge_values(np.zeros(50), np.zeros(50), np.zeros(50), 1).signal == "none"
