"""Trains a model of the router's own leads from its own record, and puts its folder into the registry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from tools.learning.reading import read_history
from tools.ml import registry
from tools.ml.data import Progress, silent
from tools.ml.registry.choosing import ensure_bootstrap
from tools.ml.router_model import train_router


@dataclass(frozen=True, slots=True)
class FromStore:
    """path: the model's folder; told: a sentence for each head."""

    path: Path
    told: tuple[str, ...]

    @property
    def digest(self) -> str:
        return self.path.name


def train_from_store(
    engine: Engine,
    models: Path,
    now: datetime,
    window: timedelta,
    *,
    since: datetime | None = None,
    out: Path | None = None,
    progress: Progress = silent,
) -> FromStore:
    """models: the registry, whose champion lends the heads that cannot be fitted; out: where the folder goes, the registry
    where none is given. Raises TooFewOutcomes or NothingLearned."""
    progress("reading the record", 0.0)
    history = read_history(engine, since)
    kept = registry.load(ensure_bootstrap(models))
    trained = train_router(history, now, window, kept, progress=progress)
    return FromStore(registry.save(out or models, trained.card, trained.files), trained.told)
