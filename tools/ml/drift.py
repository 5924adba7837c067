"""Do today's leads, scores and outcomes look like those that the model was trained on? Findings, with a budget of false
alarms.

    inputs        every feature but those of the calendar: PSI above .25, and a Kolmogorov-Smirnov distance that chance does
                  not explain
    scores        the same of the model's answers
    calibration   conversions against those the model promised; their variance by account, since families convert together
    ranking       the area under the ROC curve is down by more than .05, and chance does not explain it

Budget: in quiet times at most one week in twenty has a false alarm, all checks together. A look may be taken each day, so
each of m checks in it is told only with p below .05 / 7 / m (Bonferroni: the checks depend on each other).

PSI is the sum over ten groups of (now - before) * ln(now / before); above .25 a population is called shifted (Siddiqi 2006,
Credit Risk Scorecards). The test is Smirnov's with Stephens' correction (1970); with values that repeat, and with
binned ones, it is careful: p is too large, never too small.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graph.domain.scoring import Feature
from graph.rules.control_limits import share_of
from tools.ml.evaluate import auc
from tools.ml.promotion import auc_error
from tools.ml.reference import Histogram, Reference

BUDGET: Final = 0.05
LOOKS_A_WEEK: Final = 7
SHIFTED_PSI: Final = 0.25
FALLEN_AUC: Final = 0.05
GROUPS: Final = 10
FEWEST: Final = 50
"""Leads, and converted ones for outcomes: below that nothing is judged."""
CALENDAR: Final = frozenset({"dayPattern", "quarterEndProximity"})
"""Features of the date alone: a week is always another part of its quarter."""
Kind: TypeAlias = Literal["input", "score", "calibration", "ranking"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question that was asked. size: PSI, or the fall of the AUC, or actual / promised conversions; large: the size
    alone is remarkable; p: that chance explains it; sentence: for people."""

    kind: Kind
    name: str
    known_at: str
    size: float
    large: bool
    p: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Drift:
    """checks: all that were asked; unjudged: what could not be, and why."""

    checks: tuple[Check, ...]
    unjudged: tuple[str, ...]

    @property
    def level(self) -> float:
        """p below which a check is told."""
        return BUDGET / LOOKS_A_WEEK / max(1, len(self.checks))

    @property
    def findings(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.large and check.p < self.level)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Matured leads that the model was not trained on. promised: (n,) its probabilities; converted: (n,) 0 or 1."""

    promised: NDArray[np.float64]
    converted: NDArray[np.int8]
    accounts: Sequence[str]


def watch(
    reference: Reference,
    features: Sequence[Feature],
    rows: NDArray[np.float32],
    scores: NDArray[np.float64],
    outcomes: Outcomes,
) -> Drift:
    """rows: (n, len(features)) of the period; scores: (n,) the model's answers to them."""
    checks: list[Check] = []
    unjudged: list[str] = []
    if len(rows) < FEWEST:
        unjudged.append(f"inputs and scores: {len(rows)} leads in the period, at least {FEWEST} are needed")
    else:
        for i, feature in enumerate(features):
            if feature.name in CALENDAR or feature.name not in reference.features:
                continue
            before = reference.features[feature.name]
            checks.append(_shift("input", feature.name, feature.known_at, before, before.counted(rows[:, i])))
        checks.append(_shift("score", "score", "decision", reference.scores, reference.scores.counted(scores)))
    if int(outcomes.converted.sum()) < FEWEST or len(outcomes.converted) - int(outcomes.converted.sum()) < FEWEST:
        unjudged.append(
            f"calibration and ranking: {int(outcomes.converted.sum())} of {len(outcomes.converted)} matured leads"
            f" converted, at least {FEWEST} that did and {FEWEST} that did not are needed"
        )
    else:
        checks.append(_calibration(outcomes))
        if reference.auc is not None and reference.auc_error is not None:
            checks.append(_ranking(outcomes, reference.auc, reference.auc_error))
    return Drift(tuple(checks), tuple(unjudged))


def psi(before: Histogram, now: Histogram) -> float:
    """Population stability index over ten groups of about equal size before, and one of the unknown. Half a lead is added
    to each, so that an empty group is not infinitely far."""
    share, share_now = (_smoothed(_grouped(before, one)) for one in (before, now))
    return float(np.sum((share_now - share) * np.log(share_now / share)))


def distance(before: Histogram, now: Histogram) -> float:
    """Largest distance of the two cumulative shares at the edges; unknown counts as below everything."""
    reached, reached_now = (np.cumsum([one.unknown, *one.counts]) / max(1, one.leads) for one in (before, now))
    return float(np.max(np.abs(reached - reached_now)))


def smirnov_p(d: float, n: int, m: int) -> float:
    """p-value of a distance `d` of two samples of n and m."""
    root = math.sqrt(n * m / (n + m))
    value = (root + 0.12 + 0.11 / root) * d
    if value < 0.2:
        return 1.0
    terms: Iterable[float] = (2.0 * (-1.0) ** (j - 1) * math.exp(-2.0 * j * j * value * value) for j in range(1, 101))
    return min(1.0, max(0.0, sum(terms)))


def _shift(kind: Kind, name: str, known_at: str, before: Histogram, now: Histogram) -> Check:
    moved, far = psi(before, now), distance(before, now)
    p = smirnov_p(far, before.leads, now.leads)
    unknown = share_of(now.unknown, now.leads, before.unknown, before.leads)
    said = f"{name}: PSI {moved:.2f}, distance {far:.2f} (p {p:.1e}); {_moved(before, now)}"
    if unknown.shifted:
        said += f"; unknown for {unknown.now:.0%} of the leads, before for {unknown.before:.0%}"
    return Check(kind, name, known_at, moved, moved > SHIFTED_PSI, p, said)


def _moved(before: Histogram, now: Histogram) -> str:
    one, other = _median(before), _median(now)
    if one is None or other is None:
        return "known for none of one side"
    return f"median {one:.3g} before, {other:.3g} now"


def _median(held: Histogram) -> float | None:
    known = sum(held.counts)
    if not known or not held.edges:
        return None
    place = int(np.searchsorted(np.cumsum(held.counts), known / 2))
    return held.edges[min(place, len(held.edges) - 1)]


def _grouped(before: Histogram, one: Histogram) -> NDArray[np.float64]:
    """Counts of `one` in ten groups of about equal size in `before`, the unknown last."""
    reached = np.cumsum(before.counts)
    group = np.minimum(GROUPS - 1, (GROUPS * (reached - before.counts) / max(1, reached[-1])).astype(np.int64))
    return np.append(np.bincount(group, one.counts, GROUPS)[np.unique(group)], one.unknown)


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((counts + 0.5) / (counts.sum() + 0.5 * len(counts)), dtype=np.float64)


def _calibration(seen: Outcomes) -> Check:
    """The sum of residuals against its spread over accounts, never below that of independent leads."""
    left = seen.converted - seen.promised
    _, place = np.unique(np.asarray(seen.accounts, dtype=np.str_), return_inverse=True)
    by_account = float(np.sum(np.bincount(place, left) ** 2))
    spread = math.sqrt(max(by_account, float(np.sum(seen.promised * (1 - seen.promised))), 1e-12))
    p = math.erfc(abs(float(left.sum())) / spread / math.sqrt(2.0))
    promised, actual = float(seen.promised.mean()), float(seen.converted.mean())
    said = f"conversions: promised {promised:.1%}, came {actual:.1%} of {len(left)} leads (p {p:.1e})"
    return Check("calibration", "calibration", "outcome", actual / max(promised, 1e-9), True, p, said)


def _ranking(seen: Outcomes, before: float, error: float) -> Check:
    now, own = auc(seen.promised, seen.converted), auc_error(seen.promised, seen.converted)
    fall = before - now
    spread = math.hypot(error, own)
    p = 0.5 * math.erfc(fall / spread / math.sqrt(2.0)) if spread > 0 else float(fall <= 0)
    said = f"AUC {now:.3f} on {len(seen.converted)} leads, {before:.3f} when it was trained (p {p:.1e})"
    return Check("ranking", "AUC", "outcome", fall, fall > FALLEN_AUC, p, said)
