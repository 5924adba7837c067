"""Whether a form can have been filled in when and as fast as it says. Reads no clock: the time of arrival is given.

What a browser says of time is a claim. A person's clock may be wrong too, so an impossible time is a reason for a look.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from graph.domain.lead import Flag, Form

FASTEST_FILL_MS = 1_500
"""A form filled in less was not typed by hand; a browser that fills it in for a person still needs a click."""
LONGEST_FILL = timedelta(days=3)
"""A page left open over a weekend is a person's; what stands for longer is a script's number."""
_LONGEST_FILL_MS = LONGEST_FILL // timedelta(milliseconds=1)
AHEAD = timedelta(minutes=15)
"""How far a clock may be ahead of ours."""
AHEAD_WITHOUT_ZONE = timedelta(hours=14, minutes=15)
"""Without a zone the time may be that of Kiribati, which is 14 hours ahead of UTC."""
_FIRST_FORM = datetime(2000, 1, 1, tzinfo=UTC)  # a clock that was never set says 1970
_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def sent_at(typed: str) -> datetime | None:
    """When a form says it was sent: ISO 8601, or seconds or milliseconds since 1970. Naive where no zone was given; None
    where it is no time."""
    try:
        number = float(typed)
    except ValueError:
        try:
            return datetime.fromisoformat(typed)
        except ValueError:
            return None
    seconds = number / 1000 if abs(number) >= 1e11 else number  # 1e11 seconds are the year 5138
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds <= _LATEST else None


def timing_findings(form: Form, received_at: datetime | None) -> Iterator[Flag]:
    """`bot_speed` and `bot_timing`. A time of 0 is what a form sends that does not measure."""
    fill_ms = form.fill_time_ms
    if fill_ms is not None and 0 < fill_ms < FASTEST_FILL_MS:
        yield Flag("bot_speed", f"The form was filled in within {fill_ms / 1000:.1f} s.", review=True)
    if reason := _impossible_fill(fill_ms) or (
        form.submitted_at and _impossible_sending(form.submitted_at, received_at)
    ):
        yield Flag("bot_timing", reason, review=True)


def _impossible_fill(fill_ms: int | None) -> str | None:
    if fill_ms is None or 0 <= fill_ms <= _LONGEST_FILL_MS:
        return None
    if fill_ms < 0:
        return "The form says that it was sent before it was opened."
    return f"The form says that it was open for {fill_ms / 86_400_000:,.0f} days."


def _impossible_sending(typed: str, received_at: datetime | None) -> str | None:
    sent = sent_at(typed) if received_at else None
    if sent is None or received_at is None:
        return None
    allowed = AHEAD if sent.tzinfo else AHEAD_WITHOUT_ZONE
    sent = sent if sent.tzinfo else sent.replace(tzinfo=UTC)
    if sent - received_at > allowed:
        return f"The form says that it was sent {_span(sent - received_at)} after it arrived."
    return "The form says that it was sent before there were forms." if sent < _FIRST_FORM else None


def _span(ahead: timedelta) -> str:
    return f"{ahead.days:,} days" if ahead.days > 1 else f"{ahead / timedelta(hours=1):.1f} hours"
