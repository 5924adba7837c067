"""How well an order of leads finds those who convert. Tied leads are taken in expectation, never in the order of the file.

precision of the first share q = converted among them / leads among them   <= min(1, base rate / q)
lift of the first share q      = that precision / base rate                <= min(1 / base rate, 1 / q)
"""

from __future__ import annotations

import numpy as np

from tools.ml.evaluating.resampling import Floats, Statistic


class Ranking:
    """Predictions (n,) and outcomes 0/1 (n,), sorted once: highest first, equal predictions as one group."""

    def __init__(self, predicted: Floats, outcome: Floats) -> None:
        self._order = np.argsort(-predicted, kind="stable")
        ordered = predicted[self._order]
        self.values, starts = np.unique(-ordered, return_index=True)
        self.values, self._starts = -self.values, starts
        self._outcome = outcome[self._order].astype(np.float64)
        self._last: tuple[Floats, tuple[Floats, Floats]] | None = (
            None  # every figure asks for the sums of the same draws
        )

    def _sums(self, counts: Floats) -> tuple[Floats, Floats]:
        """Leads and converted leads (b, groups), from the first group up to and with each."""
        if self._last is not None and self._last[0] is counts:
            return self._last[1]
        sorted_counts = counts[:, self._order]
        leads = np.add.reduceat(sorted_counts, self._starts, axis=1)
        converted = np.add.reduceat(sorted_counts * self._outcome, self._starts, axis=1)
        sums = np.cumsum(leads, axis=1), np.cumsum(converted, axis=1)
        self._last = counts, sums
        return sums

    def roc_auc(self, counts: Floats) -> Floats:
        """The chance that a converted lead stands above another one, ties counting half (Mann-Whitney U)."""
        leads, converted = self._sums(counts)
        others = leads - converted
        before = np.pad(others[:, :-1], ((0, 0), (1, 0)))
        here = np.diff(converted, axis=1, prepend=0)
        below = others[:, -1:] - (before + others) / 2
        area: Floats = (here * below).sum(axis=1) / (converted[:, -1] * others[:, -1])
        return area

    def pr_auc(self, counts: Floats) -> Floats:
        """Average precision: precision at each distinct prediction, weighted by the recall it adds."""
        leads, converted = self._sums(counts)
        precision = np.divide(converted, leads, out=np.zeros_like(leads), where=leads > 0)
        area: Floats = (np.diff(converted, axis=1, prepend=0) * precision).sum(axis=1) / converted[:, -1]
        return area

    def base_rate(self, counts: Floats) -> Floats:
        rate: Floats = (counts[:, self._order] @ self._outcome) / counts.sum(axis=1)
        return rate

    def precision(self, share: float) -> Statistic:
        """Of the first `share` of the leads. Where the cut falls into a group of equal predictions (or into a lead), the
        expectation over its random orders is taken, which is linear interpolation."""

        def found(counts: Floats) -> Floats:
            leads, converted = (np.pad(sums, ((0, 0), (1, 0))) for sums in self._sums(counts))
            wanted = share * leads[:, -1]
            hits = [np.interp(k, n, hit) for k, n, hit in zip(wanted, leads, converted, strict=True)]
            return np.array(hits) / wanted

        return found

    def lift(self, share: float) -> Statistic:
        precision = self.precision(share)
        return lambda counts: precision(counts) / self.base_rate(counts)

    def curve(self) -> tuple[Floats, Floats]:
        """Leads and converted leads among the first, from none to all, one point a distinct prediction: (groups + 1,)."""
        leads, converted = self._sums(np.ones((1, len(self._order))))
        return np.concatenate(([0.0], leads[0])), np.concatenate(([0.0], converted[0]))


def precision_bound(base_rate: float, share: float) -> float:
    """What the precision of the first `share` cannot exceed: there are not more converted leads to find."""
    return min(1.0, base_rate / share)


def lift_bound(base_rate: float, share: float) -> float:
    """What the lift of the first `share` cannot exceed; infinite where nobody converted."""
    return min(1 / base_rate if base_rate else float("inf"), 1 / share)
