"""Do stated ranges hold as often as they say. Of an amount that can be seen lead by lead; of a probability only by groups,
whose rate is itself a draw: both counts are given, as seen and with chance allowed for."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from tools.ml.evaluating.calibration import bins_of, wilson
from tools.ml.evaluating.resampling import Figure, Floats

GROUPS: Final = 20
SMALLEST: Final = 50
"""Leads of a group: of fewer, chance alone carries most rates out of any useful range."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Group(_Frozen):
    """Leads of about one stated probability: the mean of their ranges and their rate. inside: the rate lies in the range;
    possible: or is apart from it by no more than chance (its Wilson interval meets the range)."""

    stated: float
    low: float
    high: float
    rate: float
    leads: int
    inside: bool
    possible: bool


class Ranges(_Frozen):
    """stated: the share meant to lie inside. covered: the share that does; of probabilities the share of groups, by leads.
    possible: the share of groups that chance allows."""

    stated: float
    covered: Figure
    possible: float | None = None
    mean_width: float | None = None
    groups: list[Group] = []


def ranges_by_group(predicted: Floats, low: Floats, high: Floats, outcome: Floats, stated: float) -> Ranges:
    """Groups of equally many leads by stated probability, equal ones together."""
    place = bins_of(predicted, "equal-mass", max(1, min(GROUPS, len(predicted) // SMALLEST)))
    groups = [_group(*(each[place == one] for each in (predicted, low, high, outcome))) for one in np.unique(place)]
    weight = np.array([group.leads for group in groups]) / len(predicted)
    inside, possible = (np.array([getattr(group, name) for group in groups]) for name in ("inside", "possible"))
    share = float(weight @ inside)
    ends = wilson(share, len(groups))
    return Ranges(
        stated=stated,
        covered=Figure(value=share, low=ends[0], high=ends[1]),
        possible=float(weight @ possible),
        mean_width=float((high - low).mean()),
        groups=groups,
    )


def _group(predicted: Floats, low: Floats, high: Floats, outcome: Floats) -> Group:
    rate, leads = float(outcome.mean()), len(outcome)
    bottom, top = float(low.mean()), float(high.mean())
    least, most = wilson(rate, leads)
    return Group(
        stated=float(predicted.mean()),
        low=bottom,
        high=top,
        rate=rate,
        leads=leads,
        inside=bottom <= rate <= top,
        possible=least <= top and bottom <= most,
    )
