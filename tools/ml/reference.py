"""What a model's leads looked like when it was trained: a histogram of every feature and of its answers, kept as
`reference.json` in the model's folder, so that later leads can be held against them. No lead can be read out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

REFERENCE: Final = "reference.json"
BINS: Final = 64
"""Finer than PSI's ten groups, so that the Kolmogorov-Smirnov distance loses little."""


class Histogram(BaseModel):
    """Counts of values up to each edge, then above the last; unknown ones (NaN) apart. edges rise; len(counts) is one
    more."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    unknown: int

    @property
    def leads(self) -> int:
        return sum(self.counts) + self.unknown

    def counted(self, values: NDArray[np.floating]) -> Histogram:
        """Other values in the same bins."""
        known = np.asarray(values, dtype=np.float64)
        known = known[~np.isnan(known)]
        place = np.searchsorted(np.array(self.edges), known, side="left")
        counts = np.bincount(place, minlength=len(self.edges) + 1)
        return Histogram(edges=self.edges, counts=tuple(counts.tolist()), unknown=len(values) - len(known))


class Reference(BaseModel):
    """since, until: the leads' time; features: by name; scores: the model's probabilities for leads it was not trained on;
    auc, auc_error: on those, None where there were none."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    since: datetime
    until: datetime
    features: dict[str, Histogram]
    scores: Histogram
    auc: float | None = None
    auc_error: float | None = None


def histogram(values: NDArray[np.floating]) -> Histogram:
    """Bins of about equal counts; a value that many leads share is an edge of its own."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    edges: list[float] = []
    if len(known):
        places = np.linspace(0, 1, BINS + 1)[1:-1]
        edges = np.unique(np.quantile(known, places, method="inverted_cdf")).tolist()
    return Histogram(edges=tuple(edges), counts=(0,) * (len(edges) + 1), unknown=0).counted(values)


def reference_of(
    names: Sequence[str],
    rows: NDArray[np.float32],
    scores: NDArray[np.float64],
    period: tuple[datetime, datetime],
    area: tuple[float, float] | None = None,
) -> Reference:
    """rows: (n, len(names)); scores: (m,) for other leads; area: AUC and its standard error on those."""
    return Reference(
        since=period[0],
        until=period[1],
        features={name: histogram(rows[:, i]) for i, name in enumerate(names)},
        scores=histogram(scores),
        auc=area[0] if area else None,
        auc_error=area[1] if area else None,
    )
