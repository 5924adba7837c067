"""Two registered models on the same leads: those whose outcome is known and that neither was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from tools.learning.reading import answers, read_history
from tools.ml import registry
from tools.ml.history_rows import History, converted, matured
from tools.ml.promotion import Comparison, compare
from tools.ml.router_model import trained_until


@dataclass(frozen=True, slots=True)
class Arm:
    """What became of the leads that one model scored when they came."""

    model: str
    leads: int
    converted: int


@dataclass(frozen=True, slots=True)
class Compared:
    """since: leads received from then on; found: None where there is none; arms: by the model that scored them live."""

    since: datetime | None
    found: Comparison | None
    arms: tuple[Arm, ...]


def compare_models(
    engine: Engine, models: Path, a: str, b: str, now: datetime, window: timedelta, since: datetime | None = None
) -> Compared:
    """b against a. Raises ModelError for one that does not load."""
    begins = [registry.load(models / digest).card for digest in (a, b)]
    known = [at for card in begins if (at := trained_until(card)) is not None]
    first = max([*known, *([since] if since else [])], default=None)
    history = matured(read_history(engine, first), now, window).since(first)
    if not history.leads:
        return Compared(first, None, ())
    label = converted(history.leads, window)
    found = compare(answers(models, a, history), answers(models, b, history), label, history.accounts)
    return Compared(first, found, _arms(history, window))


def _arms(history: History, window: timedelta) -> tuple[Arm, ...]:
    label = converted(history.leads, window).tolist()
    count: dict[str, list[int]] = {}
    for lead, won in zip(history.leads, label, strict=True):
        held = count.setdefault(lead.model, [0, 0])
        held[0] += 1
        held[1] += won
    return tuple(Arm(model, *held) for model, held in sorted(count.items()))
