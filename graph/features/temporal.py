"""When it happened: age, silence, recency, burst, day, hour and the nearness of the quarter's end."""

from __future__ import annotations

from datetime import UTC, date, datetime

from graph.domain.scoring import Feature
from graph.features.activity import Activity

HALF_LIFE_DAYS = 7.0

FEATURES = (
    Feature("daysSinceCreated", "temporal", "history", "days since the first trace of the person; 0 for a new one"),
    Feature("daysSinceLastActivity", "temporal", "history", "days since their last action"),
    Feature("recencyScore", "temporal", "history", "1 for an action just now, halved every 7 days, 0 without any"),
    Feature("activityBurst", "temporal", "history", "1 if 3 actions fell within 24 hours"),
    Feature("dayPattern", "temporal", "submission", "1 if received Monday to Friday (UTC)"),
    Feature("timePattern", "temporal", "submission", "hour received, 0 to 23 (UTC)"),
    Feature("quarterEndProximity", "temporal", "submission", "days to the end of the calendar quarter"),
)


def values(activity: Activity, received_at: datetime) -> tuple[float, ...]:
    """In the order of FEATURES."""
    at = received_at if received_at.tzinfo is UTC else received_at.astimezone(UTC)
    silent = activity.silent_days
    known = silent == silent  # noqa: PLR0124 - unknown is not equal to itself
    return (
        activity.created_days,
        silent,
        2.0 ** (-silent / HALF_LIFE_DAYS) if known else 0.0,
        1.0 if activity.burst else 0.0,
        1.0 if at.weekday() < 5 else 0.0,
        float(at.hour),
        float(_days_to_quarter_end(at)),
    )


def _days_to_quarter_end(at: datetime) -> int:
    month = (at.month - 1) // 3 * 3 + 4  # the month after the quarter
    following = date(at.year, month, 1) if month < 13 else date(at.year + 1, 1, 1)
    return following.toordinal() - 1 - at.toordinal()
