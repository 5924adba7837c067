"""One lead scored with its exact explanation, warm and in process, alone and in a batch of 32.

Ours: features -> the three heads -> calibration -> blended points that add up. Beside it in the same run what many teams
do: `predict_proba` on a DataFrame of one row (`bench/peers/plain_model.py`), with and without TreeSHAP. CPU time of this
process in microseconds a lead, medians.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from bench.peers.plain_model import FEATURES as PLAIN_FEATURES
from bench.peers.plain_model import Model, features
from bench.plan import Plan
from graph.features.inputs import FeatureInput
from graph.features.vector import FEATURES, vector_of
from graph.rules.scoring import blend
from tools.cli.tuning import quiet_collector
from tools.ml.generator import draw
from tools.ml.train import train_bootstrap
from tools.xgb import XgbScorer

BATCH, LEADS = 32, 960
PLAIN_LEAD = {
    "company": "Acme", "title": "VP Engineering", "phone": "+14155550132", "domain": "acme.example", "consent": True,
    "message": "We want a demo and pricing for 50 hosts this quarter.", "source": "website_demo",
}  # fmt: skip


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    with tempfile.TemporaryDirectory(dir=plan.work) as folder:
        scorer = XgbScorer(train_bootstrap(Path(folder)))
    inputs = draw(LEADS, seed=11).inputs
    plain = Model()
    quiet_collector()
    batches = [inputs[start : start + BATCH] for start in range(0, LEADS, BATCH)]
    score_batch = lambda leads: scored(scorer, leads)  # noqa: E731
    found = {
        "one": median(each(score_batch, [(lead,) for lead in inputs], plan.rounds)),
        "batch": median(each(score_batch, batches, plan.rounds)) / BATCH,
        "naive": median(each(lambda lead: naive(plain, lead), [PLAIN_LEAD] * (LEADS // 4), plan.rounds)),
        "naive_explained": median(each(plain.score, [PLAIN_LEAD] * (LEADS // 4), plan.rounds)),
    }
    figures = {f"scoring_{name}_us": 1e6 * value for name, value in found.items()}
    return figures, {"leads": LEADS, "batch": BATCH, "features": len(FEATURES), "trees": trees_of(scorer)}


def scored(scorer: XgbScorer, leads: tuple[FeatureInput, ...]) -> list[float]:
    """Each lead's points, explained."""
    vectors = [vector_of(lead) for lead in leads]
    outputs = scorer.score(np.array(vectors, dtype=np.float32))
    pairs = zip(outputs, vectors, strict=True)
    return [blend(output, row, None, features=FEATURES, scorer=scorer.name).points for output, row in pairs]


def naive(plain: Model, lead: dict[str, Any]) -> float:
    frame = pd.DataFrame([features(lead)])[PLAIN_FEATURES]
    return float(plain.classifier.predict_proba(frame)[0, 1])


def each(call: Callable[[Any], Any], arguments: list[Any], rounds: int) -> list[float]:
    """Seconds of CPU for each argument, over all rounds; one round before them is thrown away."""
    seconds = []
    for number in range(max(3, rounds) + 1):
        for argument in arguments:
            started = time.process_time()
            call(argument)
            if number:
                seconds.append(time.process_time() - started)
    return seconds


def trees_of(scorer: XgbScorer) -> dict[str, int]:
    return {task: head.trees for task, head in scorer.card.heads.items()}
