"""The store's history as rows, and a registered model's answers to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from graph.features.vector import NAMES
from tools.ml import registry
from tools.ml.history_rows import History, PastLead, history_of
from tools.ml.predict import Predictor
from tools.store.learning import past_leads


def read_history(engine: Engine, since: datetime | None = None, until: datetime | None = None) -> History:
    """Leads whose first decision fell into since <= decided_at < until."""
    return rows_of(past_leads(engine, since, until))


def rows_of(leads: Iterable[PastLead]) -> History:
    return history_of(leads, len(NAMES))


def answers(root: Path, digest: str, history: History) -> NDArray[np.float64]:
    """(n,) what this model promises for these leads, whoever scored them. Raises ModelError."""
    model = registry.load(root / digest)
    head = model.card.heads["propensity"]
    return Predictor(head, model.files[head.file]).predict(history.rows).point
