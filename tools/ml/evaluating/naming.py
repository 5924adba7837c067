"""The figures' names in evaluation.json, how people read them, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """better: `higher`, `lower`, or None where neither is (a slope should be 1, a coverage what was stated)."""

    title: str
    better: Literal["higher", "lower"] | None
    meaning: str
    digits: int = 3


METRICS: Final = {
    "roc_auc": Metric("ROC-AUC", "higher", "chance that a lead who converted is ranked above one who did not; .5 is a coin"),
    "pr_auc": Metric("PR-AUC", "higher", "average precision; the base rate is what chance reaches"),
    "precision_at_5": Metric("precision, first 5%", "higher", "share of the best-ranked 5% who converted"),
    "precision_at_10": Metric("precision, first 10%", "higher", "share of the best-ranked 10% who converted"),
    "precision_at_20": Metric("precision, first 20%", "higher", "share of the best-ranked 20% who converted"),
    "lift_at_5": Metric("lift, first 5%", "higher", "that precision / base rate", 2),
    "lift_at_10": Metric("lift, first 10%", "higher", "that precision / base rate", 2),
    "lift_at_20": Metric("lift, first 20%", "higher", "that precision / base rate", 2),
    "brier": Metric("Brier score", "lower", "mean squared distance of probability and outcome"),
    "log_loss": Metric("log loss", "lower", "mean -ln of the probability given to what happened"),
    "ece_equal_width": Metric("ECE, equal width", "lower", "mean gap of stated and actual rate, ten bins of equal width"),
    "ece_equal_mass": Metric("ECE, equal mass", "lower", "the same, ten bins of equally many leads"),
    "calibration_slope": Metric("calibration slope", None, "1 is right; below 1 the probabilities are too extreme", 2),
    "calibration_intercept": Metric("calibration intercept", None, "0 is right, beside a slope of 1", 2),
    "r2": Metric("R2", "higher", "share of the variance explained; below 0 the mean does better"),
    "r2_of_log": Metric("R2 of logarithms", "higher", "the same for the logarithm: small amounts weigh as much as large ones"),
    "spearman": Metric("Spearman", "higher", "correlation of ranks"),
    "mae": Metric("mean absolute error", "lower", "in the target's unit", 1),
    "coverage": Metric("actual within the range", None, "share of actual values inside their predicted range"),
    "mean_width": Metric("mean width of the range", "lower", "in the target's unit", 1),
    "concordance": Metric("concordance (Harrell)", "higher", "pairs whose order was right; .5 is a coin"),
    "mae_of_closed": Metric("mean absolute error, closed leads", "lower", "days", 1),
    "coverage_of_closed": Metric("closed within the range", None, "share of closed leads inside optimistic..pessimistic"),
    "open_past_high": Metric("open beyond the range", "lower", "share of open leads older than their pessimistic days"),
}  # fmt: skip
"""name -> how it reads. Order: as tables show them."""
