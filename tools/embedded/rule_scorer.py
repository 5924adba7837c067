"""The scorer without a model: the public weights of `graph.rules.rule_based` behind the scorer's port."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graph.domain.scoring import ModelOutput
from graph.features.vector import FEATURES, FEATURES_DIGEST
from graph.rules import rule_based as weights


class RuleScorer:
    """Pure: the same rows give the same bits. Knows no contract value and no error of its own."""

    name = "rules@1"

    def __init__(self) -> None:
        public = {key: value for key, value in vars(weights).items() if key.isupper()}
        text = f"{FEATURES_DIGEST} {sorted(public.items())!r}"
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        """One output for each row of `rows` (n, len(FEATURES))."""
        return [weights.rule_based(row, FEATURES) for row in rows.tolist()]
