"""What a model's folder keeps besides the trees, so that it can be measured fairly on any later file: which rows it has
seen, and the plain baseline that was fitted to the same rows.

    known_rows.bin    the time from which all rows are new (float64, NaN without times), then 64-bit hashes of the keys
                      of all rows that fitting looked at, sorted (little-endian)
    baseline.json     name and weights (tools.ml.baselines.Linear)

Keys are hashed, not kept: a folder holds nobody's address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tools.ml import baselines
from tools.ml.baselines import Linear
from tools.ml.card import Task
from tools.ml.data import Data, Floats, Rows
from tools.ml.predict import sigmoid
from tools.ml.splits import Mask, Parts

KNOWN_ROWS: Final = "known_rows.bin"
BASELINE: Final = "baseline.json"
_SALT: Final = b"known rows"


class Baseline(BaseModel):
    """name: as people call it; task says how its margins become answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    task: Task
    linear: Linear

    def answers(self, rows: Rows) -> Floats:
        """(n,) probabilities or amounts."""
        margins = self.linear(rows)
        return sigmoid(margins) if self.task == "propensity" else np.exp(margins)


def files_of(task: Task, data: Data, value: Floats, parts: Parts) -> dict[str, bytes]:
    """name -> bytes, to be saved with the trees. value: (n,) 0 or 1, an amount, or days. Days have no linear baseline (a
    straight line knows no open leads): theirs is the median of the card."""
    known = parts.known
    kept = {KNOWN_ROWS: remember([data.keys[i] for i in np.flatnonzero(known).tolist()], _new_from(data, parts))}
    if task == "propensity":
        fitted = baselines.logistic(data.rows[known], value[known].astype(np.int8))
        baseline = Baseline(name="logistic regression", task=task, linear=fitted)
    elif task == "acv":
        fitted = baselines.ridge(data.rows[known], np.log(value[known]))
        baseline = Baseline(name="ridge regression", task=task, linear=fitted)
    else:
        return kept
    return kept | {BASELINE: baseline.model_dump_json().encode()}


def _new_from(data: Data, parts: Parts) -> float:
    """The first time after all rows that fitting looked at; NaN where the parts were not divided by time."""
    if data.order is None or not parts.held_out.any():
        return float("nan")
    last, first = np.nanmax(data.order[parts.known]), np.nanmin(data.order[parts.held_out])
    return float(first) if first > last else float("nan")


def remember(keys: Sequence[str], new_from: float = float("nan")) -> bytes:
    return np.array([new_from], dtype="<f8").tobytes() + np.unique(_hashes(keys)).astype("<u8").tobytes()


def extended(record: bytes, keys: Sequence[str], order: Floats | None = None) -> bytes:
    """The record with more rows; from a time on all rows are new only where the added ones are older."""
    new_from = float(np.frombuffer(record, dtype="<f8", count=1)[0])
    if order is not None and float(np.nanmax(order)) >= new_from:  # never, where new_from is NaN
        new_from = float(np.nextafter(np.nanmax(order), np.inf))
    known = np.union1d(np.frombuffer(record, dtype="<u8", offset=8), _hashes(keys))
    return np.array([new_from], dtype="<f8").tobytes() + known.astype("<u8").tobytes()


def seen(record: bytes, keys: Sequence[str], order: Floats | None = None) -> Mask:
    """(n,) True for rows that fitting looked at. A row without an id is known by what it says: one that says the same
    again counts as seen, unless its time (`order`) is later than all that was seen."""
    new_from = float(np.frombuffer(record, dtype="<f8", count=1)[0])
    known = np.frombuffer(record, dtype="<u8", offset=8)
    found: Mask = np.isin(_hashes(keys), known)
    if order is not None and not np.isnan(new_from):
        found &= ~(order >= new_from)
    return found


def baseline_of(files: Mapping[str, bytes]) -> Baseline | None:
    return Baseline.model_validate_json(files[BASELINE]) if BASELINE in files else None


def _hashes(keys: Sequence[str]) -> NDArray[np.uint64]:
    digests = b"".join(hashlib.blake2b(key.encode(), digest_size=8, key=_SALT).digest() for key in keys)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
