"""Which way a person's activity goes: the last two weeks against the two before."""

from __future__ import annotations

from datetime import timedelta

from graph.domain.insights import Trend
from graph.features.activity import activity_type
from graph.features.inputs import FeatureInput

WINDOW = timedelta(days=14)
MORE, LESS = 1.25, 0.8
"""From which ratio of the two windows it rises or falls: a single action more among a few is no trend."""


def trend_of(inp: FeatureInput) -> Trend | None:
    """None where the history does not reach back beyond the last two weeks: nothing to compare with."""
    now = inp.received_at
    at = [moment for raw, moment in inp.activities if moment <= now and activity_type(raw) not in (None, "sent")]
    if not at or min(at) > now - WINDOW:
        return None
    recent = sum(moment > now - WINDOW for moment in at)
    before = sum(now - 2 * WINDOW < moment <= now - WINDOW for moment in at)
    if recent >= MORE * before and recent > before:
        return "improving"
    return "declining" if recent <= LESS * before or not recent else "stable"
