"""What the person did: counts of opens, clicks, views, forms, meetings and calls, their pace and variety."""

from __future__ import annotations

from graph.domain.scoring import Feature
from graph.features.activity import Activity

FEATURES = (
    Feature("emailOpenCount", "behavioral", "history", "mails opened"),
    Feature("emailClickCount", "behavioral", "history", "links in mails followed"),
    Feature("pageViewCount", "behavioral", "history", "pages viewed"),
    Feature("formSubmitCount", "behavioral", "history", "forms sent before this one"),
    Feature("meetingCount", "behavioral", "history", "meetings"),
    Feature("callCount", "behavioral", "history", "calls"),
    Feature("activityVelocity", "behavioral", "history", "actions a day, over at most 30 days"),
    Feature("channelDiversity", "behavioral", "history", "channels used, of email, web, form, meeting, call"),
    Feature("highValueActionCount", "behavioral", "history", "meetings, calls and forms"),
)


def values(activity: Activity) -> tuple[float, ...]:
    """In the order of FEATURES."""
    count = activity.counts.get
    forms, meetings, calls = count("form", 0), count("meeting", 0), count("call", 0)
    return (
        float(count("open", 0)),
        float(count("click", 0)),
        float(count("view", 0)),
        float(forms),
        float(meetings),
        float(calls),
        activity.velocity,
        float(activity.channels),
        float(forms + meetings + calls),
    )
