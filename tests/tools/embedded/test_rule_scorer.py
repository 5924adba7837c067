"""The scorer without a model keeps the port's promises."""

import numpy as np

from graph.features.vector import FEATURES
from graph.rules.rule_based import rule_based
from tools.embedded.rule_scorer import RuleScorer
from tools.ml.generator import draw


def test_rows_are_scored_by_the_public_weights_whatever_the_batch():
    rows, scorer = draw(40, seed=1).rows, RuleScorer()
    whole = scorer.score(rows)
    assert whole == [scorer.score(rows[i : i + 1])[0] for i in range(len(rows))]
    assert whole[3] == rule_based(rows[3].tolist(), FEATURES)


def test_it_claims_no_contract_value_and_no_range():
    output = RuleScorer().score(np.full((1, len(FEATURES)), np.nan, dtype=np.float32))[0]
    assert (output.acv_usd, output.low, output.high) == (0, 0, 1)


def test_its_digest_is_that_of_its_weights():
    assert RuleScorer().digest == RuleScorer().digest
    assert len(RuleScorer().digest) == 16
