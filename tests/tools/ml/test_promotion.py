"""A model is promoted when it is better, and hardly ever when it is not, however often somebody looks."""

from __future__ import annotations

import numpy as np
import pytest

from tools.ml.evaluate import auc
from tools.ml.promotion import Rules, alpha_of, auc_error, compare, delong, verdict

RULES = Rules()


def world(seed: int, n: int, noise: tuple[float, float], family: int = 1):
    """Outcomes, and two models' probabilities that see the truth through noise; families share theirs."""
    random = np.random.default_rng(seed)
    margin = np.repeat(random.normal(-1, 1.3, -(-n // family)), family)[:n]
    converted = (random.random(n) < 1 / (1 + np.exp(-margin))).astype(np.int8)
    models = [1 / (1 + np.exp(-(margin + sd * random.normal(size=n)))) for sd in noise]
    return models[0], models[1], converted, [str(i // family) for i in range(n)]


def test_a_model_that_knows_more_is_better_and_the_other_way_round_is_not():
    a, b, converted, accounts = world(1, 1500, (1.5, 0.1))
    found = compare(a, b, converted, accounts)
    assert verdict(found, RULES).better
    assert found.brier_low <= found.brier_gain <= found.brier_high
    assert found.log_loss_p < 0.01
    back = compare(b, a, converted, accounts)
    assert not verdict(back, RULES).better
    assert "not" in verdict(back, RULES).sentence


def test_the_same_model_is_not_better_than_itself():
    a, _, converted, accounts = world(2, 500, (0.5, 0.5))
    found = compare(a, a, converted, accounts)
    assert (found.brier_gain, found.auc_p, found.brier_p) == (0.0, 1.0, 1.0)
    assert not verdict(found, RULES).better


def test_too_few_outcomes_promote_nobody_and_say_how_many_are_asked():
    a, b, converted, accounts = world(3, 150, (3.0, 0.0))
    said = verdict(compare(a, b, converted, accounts), RULES)
    assert not said.better
    assert "at least 200 and 30" in said.sentence


def test_looking_again_and_again_promotes_a_model_that_is_no_better_no_more_often_than_alpha():
    wrong = 0
    for seed in range(40):
        a, b, converted, accounts = world(100 + seed, 750, (0.8, 0.8))
        for look in range(1, 4):
            upto = 250 * look
            found = compare(a[:upto], b[:upto], converted[:upto], accounts[:upto], seed)
            if verdict(found, RULES, look).better:
                wrong += 1
                break
    assert wrong <= 6  # 5% of 40 is 2; 7 or more would come by chance in 1 of 200 runs


def test_all_looks_that_will_ever_be_taken_spend_alpha_and_no_more():
    assert sum(alpha_of(0.05, look) for look in range(1, 100_000)) == pytest.approx(0.05, abs=1e-6)


def test_families_count_as_one_observation_each():
    a, b, converted, accounts = world(5, 1200, (1.0, 0.7))
    alone = compare(a, b, converted, accounts)
    together = compare(a, b, converted, [str(i // 100) for i in range(1200)])
    assert together.accounts == 12
    assert together.brier_high - together.brier_low != alone.brier_high - alone.brier_low


def brute_delong(a, b, y):
    """The covariance of two areas from all pairs, as the paper writes it."""
    pairs = []
    for p in (a, b):
        psi = (p[y == 1][:, None] > p[y == 0][None, :]) + 0.5 * (p[y == 1][:, None] == p[y == 0][None, :])
        pairs.append((psi.mean(1), psi.mean(0), psi.mean()))
    m, n = (y == 1).sum(), (y == 0).sum()
    s10 = np.cov(pairs[0][0], pairs[1][0])
    s01 = np.cov(pairs[0][1], pairs[1][1])
    contrast = np.array([1, -1])
    return (pairs[0][2] - pairs[1][2]) ** 2 / (contrast @ (s10 / m + s01 / n) @ contrast), s10[0, 0] / m + s01[0, 0] / n


def test_the_test_of_two_areas_is_that_of_the_paper():
    from scipy.stats import chi2

    a, b, converted, _ = world(6, 300, (1.0, 0.6))
    a = np.round(a, 2)  # with ties
    square, variance = brute_delong(a, b, converted)
    assert delong(a, b, converted) == pytest.approx(float(chi2.sf(square, 1)), rel=1e-6)
    assert auc_error(a, converted) == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert 0.5 < auc(a, converted) < 1


def test_a_better_brier_score_does_not_promote_a_model_that_orders_leads_worse():
    a, b, converted, accounts = world(7, 3000, (0.2, 1.6))
    exaggerated = a**4  # the order of a, and far too low
    found = compare(exaggerated, b, converted, accounts)
    assert found.brier_gain > 0
    assert not verdict(found, RULES).better
    assert "orders leads worse" in verdict(found, RULES).sentence


def test_no_lead_is_no_comparison():
    with pytest.raises(ValueError, match="no lead"):
        compare(np.empty(0), np.empty(0), np.empty(0, dtype=np.int8), [])
