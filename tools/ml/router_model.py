"""A model of the router's own leads: three heads, each fitted to what became of past leads, or kept as it was.

A head is kept from the champion (or the bootstrap model) where the store knows too few outcomes, or where the trees did not
beat a constant on the newest leads. The card says which, and why. Nothing here reads a store.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.features.vector import FEATURES_DIGEST, NAMES
from tools.ml import registry
from tools.ml.card import Card, Head, Task
from tools.ml.data import Data, FitError, Fitted, Progress, Settings, silent
from tools.ml.evaluate import auc, brier, ece
from tools.ml.fit import fit_acv, fit_propensity
from tools.ml.fit_days import fit_time_to_close
from tools.ml.history_rows import History, contract_values, converted, days_to_close, matured
from tools.ml.predict import Predictor
from tools.ml.promotion import auc_error
from tools.ml.reference import REFERENCE, reference_of
from tools.ml.splits import Parts, by_time

NAME: Final = "router"
TRAINED_UNTIL: Final = "trained until"
"""Key of the card's `training`: leads received before it were seen in training; later ones may judge the model."""
LEAST_CONVERTED: Final = 60
"""Converted matured leads, and as many others, for a propensity of one's own: 36 of them train some ten effective
degrees of freedom, 12 are held out."""
LEAST_SOLD: Final = 40
LEAST_PARENTS: Final = 50
SIZE: Final = NAMES.index("logEmployees")


class TooFewOutcomes(Exception):
    """The store does not know enough to train a propensity. The text gives the numbers."""


class NothingLearned(Exception):
    """No usable signal in what became of the leads: the present champion stays. The text is the evidence."""


@dataclass(frozen=True, slots=True)
class Trained:
    """card and files for `registry.save`; told: a sentence for each head."""

    card: Card
    files: dict[str, bytes]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    head: Head
    booster: bytes
    sentence: str
    parts: Parts | None = None


def train_router(
    history: History,
    now: datetime,
    window: timedelta,
    kept: registry.Model,
    *,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    seed: int = 0,
    progress: Progress = silent,
) -> Trained:
    """history: all leads; window: what a lead has to convert; kept: the model whose heads stay where none can be fitted.
    Raises TooFewOutcomes or NothingLearned."""
    ripe = matured(history, now, window)
    label = converted(ripe.leads, window)
    ask_enough(label, window)
    propensity = _propensity(ripe, label, settings, seed, progress)
    made: dict[Task, Made] = {"propensity": propensity}
    made["acv"] = _acv(history, kept, settings, seed, progress)
    if (days := _days(history, now, kept, settings, seed, progress)) is not None:
        made["time-to-close"] = days
    assert propensity.parts is not None
    files = {one.head.file: one.booster for one in made.values()}
    files[REFERENCE] = _reference(ripe, label, propensity)
    held = ripe.at(propensity.parts.held_out)
    card = Card(
        name=NAME,
        kind="router",
        synthetic=False,
        note="Trained on what became of the router's own leads.",
        features=NAMES,
        features_digest=FEATURES_DIGEST,
        seed=seed,
        rows=len(ripe.leads),
        heads={task: one.head for task, one in made.items()},
        training={
            "leads received": f"{ripe.leads[0].received_at:%Y-%m-%d} to {ripe.leads[-1].received_at:%Y-%m-%d}",
            TRAINED_UNTIL: held.leads[0].received_at.isoformat(),
            "window": f"converted is won within {window.days} days of intake",
            "base rate": f"{label.mean():.4f}",
            **{task: one.sentence for task, one in made.items()},
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment(),
    )
    return Trained(card, files, tuple(f"{task}: {one.sentence}" for task, one in made.items()))


def trained_until(card: Card) -> datetime | None:
    """Leads received from here on were not seen in training; None for a model that has seen no lead of ours."""
    text = card.training.get(TRAINED_UNTIL)
    return None if text is None else datetime.fromisoformat(text)


def environment() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "xgboost": version("xgboost"),
        "numpy": np.__version__,
    }


def ask_enough(label: NDArray[np.int8], window: timedelta) -> None:
    """label: of matured leads. Raises TooFewOutcomes."""
    won = int(label.sum())
    if won < LEAST_CONVERTED or len(label) - won < LEAST_CONVERTED:
        raise TooFewOutcomes(
            f"{len(label)} leads are at least {window.days} days old; {won} of them were won within {window.days} days and"
            f" {len(label) - won} were not. At least {LEAST_CONVERTED} of each are needed. Close leads with their outcome"
            " in the inbox, or bring outcomes with `app.py outcomes FILE.csv`."
        )


def _propensity(ripe: History, label: NDArray[np.int8], settings: Settings, seed: int, progress: Progress) -> Made:
    data = Data(ripe.rows, NAMES, ripe.accounts, ripe.received)
    try:
        parts = by_time(ripe.received)
        fitted = fit_propensity(data, label, parts, settings=settings, seed=seed, progress=progress)
    except (FitError, ValueError) as error:
        raise TooFewOutcomes(f"no propensity can be fitted to {len(label)} matured leads: {error}") from error
    if fitted.head.signal == "none":
        raise NothingLearned(fitted.evidence.verdict)
    held = fitted.evidence.held_out
    figures = {
        "held_out": float(len(held)),
        "base_rate": float(label[held].mean()),
        "auc": auc(fitted.evidence.model, label[held]),
        "brier": brier(fitted.evidence.model, label[held]),
        "ece": ece(fitted.evidence.model, label[held]),
        "brier_of_the_baseline": brier(fitted.evidence.baseline, label[held]),
    }
    return _made(fitted, figures, f"trained on {len(label)} matured leads, {int(label.sum())} converted", parts)


def _acv(history: History, kept: registry.Model, settings: Settings, seed: int, progress: Progress) -> Made:
    first, value = contract_values(history)
    if len(value) < LEAST_PARENTS:
        return _kept("acv", kept, f"{len(value)} parents with a known contract, at least {LEAST_PARENTS} are needed")
    data = Data(first.rows, NAMES, first.accounts, first.received)
    groups = [registry.SIZE_UNKNOWN if unknown else registry.SIZE_KNOWN for unknown in np.isnan(first.rows[:, SIZE])]
    try:
        parts = by_time(first.received)
        fitted = fit_acv(data, value, parts, groups=groups, settings=settings, seed=seed, progress=progress)
    except (FitError, ValueError) as error:
        return _kept("acv", kept, str(error))
    if fitted.head.signal == "none":
        return _kept("acv", kept, fitted.evidence.verdict)
    return _made(fitted, {}, f"trained on the contracts of {len(value)} parents", parts)


def _days(
    history: History, now: datetime, kept: registry.Model, settings: Settings, seed: int, progress: Progress
) -> Made | None:
    days, closed = days_to_close(history.leads, now)
    if int(closed.sum()) < LEAST_SOLD:
        reason = f"{int(closed.sum())} leads were won, at least {LEAST_SOLD} are needed"
        return _kept("time-to-close", kept, reason) if "time-to-close" in kept.card.heads else None
    data = Data(history.rows, NAMES, history.accounts, history.received)
    try:
        parts = by_time(history.received)
        fitted = fit_time_to_close(data, days, closed, parts, settings=settings, seed=seed, progress=progress)
    except (FitError, ValueError) as error:
        return _kept("time-to-close", kept, str(error)) if "time-to-close" in kept.card.heads else None
    if fitted.head.signal == "none" and "time-to-close" in kept.card.heads:
        return _kept("time-to-close", kept, fitted.evidence.verdict)
    return _made(fitted, {}, f"trained on {len(days)} leads, {int(closed.sum())} of them won", parts)


def _made(fitted: Fitted, figures: Mapping[str, float], sentence: str, parts: Parts) -> Made:
    shown = {**fitted.evidence.figures, **figures}
    head = fitted.head.model_copy(update={"figures": {name: round(value, 4) for name, value in shown.items()}})
    return Made(head, fitted.booster, f"{sentence}; {fitted.evidence.verdict}", parts)


def _kept(task: Task, kept: registry.Model, reason: str) -> Made:
    if task not in kept.card.heads:
        raise TooFewOutcomes(f"{task}: {reason}, and {kept.digest} has no such head to keep")
    head = kept.card.heads[task]
    return Made(head, kept.files[head.file], f"kept from {kept.card.name} {kept.digest}: {reason}")


def _reference(ripe: History, label: NDArray[np.int8], made: Made) -> bytes:
    """What drift is held against: features of all matured leads, answers for those held out."""
    assert made.parts is not None
    held = ripe.at(made.parts.held_out)
    answers = Predictor(made.head, made.booster).predict(held.rows).point
    outcomes = label[made.parts.held_out]
    area = (auc(answers, outcomes), auc_error(answers, outcomes))
    known: Any = None if np.isnan(area).any() else area
    period = (ripe.leads[0].received_at, ripe.leads[-1].received_at)
    return reference_of(NAMES, ripe.rows, answers, period, known).model_dump_json().encode()
