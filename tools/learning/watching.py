"""Holds the leads of the last days against those that the serving model was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import Engine

from graph.features.vector import FEATURES, NAMES
from tools.learning.reading import answers, read_history
from tools.ml import registry
from tools.ml.drift import FEWEST, Drift, Outcomes, watch
from tools.ml.history_rows import converted, matured
from tools.ml.reference import REFERENCE, Reference, reference_of
from tools.ml.registry.choosing import ensure_bootstrap

BEFORE: Final = timedelta(days=90)
"""For a model without a reference: how much earlier traffic stands for it."""
OUTCOME_DAYS: Final = timedelta(days=28)
"""Outcomes of a few days are too few to judge: those of four weeks are taken."""


@dataclass(frozen=True, slots=True)
class Watched:
    """basis: what the leads were held against, in words."""

    model: str
    leads: int
    basis: str
    drift: Drift


def watch_store(engine: Engine, models: Path, now: datetime, last: timedelta, window: timedelta) -> Watched:
    """The serving model over the last days. Outcomes are of leads whose window ended in the last four weeks."""
    path = ensure_bootstrap(models)
    model = registry.load(path)
    recent = read_history(engine, now - last)
    scores = answers(models, path.name, recent)
    if REFERENCE in model.files:
        reference = Reference.model_validate_json(model.files[REFERENCE])
        basis = f"the leads it was trained on, {reference.since:%Y-%m-%d} to {reference.until:%Y-%m-%d}"
        since = reference.until
    else:
        earlier = read_history(engine, now - last - BEFORE, now - last)
        if len(earlier.leads) < FEWEST:
            told = f"{len(earlier.leads)} earlier leads to hold these against, at least {FEWEST} are needed"
            return Watched(path.name, len(recent.leads), "nothing yet", Drift((), (told,)))
        period = (earlier.leads[0].received_at, earlier.leads[-1].received_at)
        reference = reference_of(NAMES, earlier.rows, answers(models, path.name, earlier), period)
        basis = f"{len(earlier.leads)} earlier leads, since it was trained on no lead of ours"
        since = None
    span = max(last, OUTCOME_DAYS)
    first = max(now - window - span, since) if since else now - window - span
    ripe = matured(read_history(engine, first, now - window + timedelta(days=1)), now, window).since(first)
    promised = answers(models, path.name, ripe) if ripe.leads else np.empty(0)
    outcomes = Outcomes(promised, converted(ripe.leads, window), ripe.accounts)
    return Watched(path.name, len(recent.leads), basis, watch(reference, FEATURES, recent.rows, scores, outcomes))
