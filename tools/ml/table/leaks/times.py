"""Dates later than the row's own time: what has a later date was not known then."""

from __future__ import annotations

import numpy as np

from tools.ml.table.leaks.evidence import Floats, percent

A_DAY, OFTEN = 1.0, 0.05


def later(at: Floats, time: Floats) -> tuple[float, str]:
    """(share of filled cells that are more than a day later than the row's time, in words). at, time: (n,) days."""
    both = ~np.isnan(at) & ~np.isnan(time)
    if not both.any():
        return 0.0, ""
    behind = at[both] - time[both]
    share = float(np.mean(behind > A_DAY))
    if not share:
        return 0.0, ""
    middle = float(np.median(behind[behind > A_DAY]))
    return share, f"{percent(share)} of its dates are later than the row's time, by {middle:,.0f} days in the middle"
