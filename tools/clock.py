"""The time. Whoever needs it is given `utc_now`, or in a test another clock, and asks for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """With its zone."""
    return datetime.now(UTC)
