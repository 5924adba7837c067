"""Which past leads a plan or a replay is about: `30d`, or from one time to another."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_LAST: Final = re.compile(r"([1-9][0-9]{0,4})([dhw])")
_HOURS: Final = {"h": 1, "d": 24, "w": 168}


def last(text: str) -> timedelta:
    """The length of `30d`, `12h` or `2w`. Raises ValueError with the fix."""
    match = _LAST.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is not a period; write 30d, 12h or 2w')
    return timedelta(hours=int(match[1]) * _HOURS[match[2]])


def moment(text: str) -> datetime:
    """A time with its zone, or a day, which begins at midnight UTC. Raises ValueError with the fix."""
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'"{text}" is not a time; write 2026-01-14 or 2026-01-14T15:00:00Z') from None
