"""What models are fitted to: a matrix with what is known of its rows, and how fitting is to be done. Data alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tools.ml.card import Head

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.float32]
Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and the share done, 0..1."""


class FitError(Exception):
    """A table that nothing can be fitted to. The text says which column or part, and what to do."""


def silent(doing: str, share: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Data:
    """rows: (n, k) float32, NaN unknown; features: their k names; keys: n texts, equal for rows that must not be torn
    apart between folds (the lead's id, or its account); order: (n,) times in any unit, or None where no time is known."""

    rows: Rows
    features: tuple[str, ...]
    keys: Sequence[str]
    order: Floats | None = None

    def __post_init__(self) -> None:
        n = len(self.rows)
        if self.rows.ndim != 2 or self.rows.shape[1] != len(self.features):
            raise ValueError(f"rows: expected shape (n, {len(self.features)}), got {self.rows.shape}")
        if self.rows.dtype != np.float32:
            raise ValueError(f"rows: expected float32, got {self.rows.dtype}")
        if len(self.keys) != n or (self.order is not None and len(self.order) != n):
            raise ValueError(f"keys, order: expected one for each of the {n} rows")

    def at(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> Data:
        """The rows of a mask, or at these places in this order."""
        index = np.flatnonzero(places) if places.dtype == np.bool_ else places
        return Data(
            self.rows[index],
            self.features,
            [self.keys[i] for i in index.tolist()],
            None if self.order is None else self.order[index],
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the booster; `rounds` is the most, early stopping finds how many. trials: how many other settings to try.
    coverage: of every range. worlds: repeats of the fit that the range of a probability is taken from. Depth above 3
    explains slower: tree_tables holds up to 3."""

    depth: int = 3
    eta: float = 0.08
    rounds: int = 400
    patience: int = 30
    l2: float = 2.0
    min_child_weight: float = 5.0
    subsample: float = 0.8
    columns: float = 0.8
    trials: int = 0
    coverage: float = 0.8
    worlds: int = 12
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the verdict came about, on rows held out (where those are under a thousand, with out-of-fold answers about the
    rows of training). held_out: their places in Data; model, baseline: the answers there (probability, value, days); name:
    of the baseline; p_value: of no signal, one-sided; verdict: a sentence. notes: what was chosen on the way, and why;
    figures by name, not rounded."""

    held_out: NDArray[np.int64]
    model: Floats
    baseline: Floats
    name: str
    p_value: float
    verdict: str
    notes: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """head: for the card; booster: bytes of `Booster.save_raw("json")`, to be written as `head.file`."""

    head: Head
    booster: bytes
    evidence: Evidence
