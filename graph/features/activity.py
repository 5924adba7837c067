"""Sums up what a person did since we first heard of them. One pass over the events, shared by three groups of features.

Actions are theirs (open, click, reply, view, form, meeting, call, download); `sent` is ours and never counts as their
activity. A download has no count of its own, which no model was trained on: it counts for pace, recency and variety.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from graph.domain.activity import EventType
from graph.features.inputs import UNKNOWN, FeatureInput

TYPES = {
    "sent": "sent", "email_sent": "sent", "email_send": "sent", "delivered": "sent", "email_delivered": "sent",
    "open": "open", "email_open": "open", "email_opened": "open", "click": "click", "email_click": "click",
    "email_clicked": "click", "reply": "reply", "email_reply": "reply", "email_replied": "reply", "view": "view",
    "page_view": "view", "pageview": "view", "web_visit": "view", "form": "form", "form_submit": "form",
    "form_submission": "form", "form_submitted": "form", "meeting": "meeting", "meeting_booked": "meeting",
    "meeting_held": "meeting", "demo": "meeting", "call": "call", "phone_call": "call", "call_completed": "call",
    "download": "download", "content_download": "download", "content_downloaded": "download", "file_download": "download",
}  # fmt: skip
"""Names of events as forms, trackers and CRMs send them -> ours. An unlisted type counts nowhere."""

KINDS: Final[dict[str, EventType]] = {
    "sent": "email_sent", "open": "email_open", "click": "email_click", "reply": "reply", "view": "page_view",
    "form": "form_submit", "meeting": "meeting", "call": "call", "download": "content_download",
}  # fmt: skip
"""What TYPES says -> the type that is stored."""
NOT_WEIGHED: Final[dict[str, EventType]] = {
    "unsubscribe": "unsubscribe", "unsubscribed": "unsubscribe", "email_unsubscribe": "unsubscribe",
    "email_unsubscribed": "unsubscribe", "opt_out": "unsubscribe", "email_bounce": "email_bounce", "bounce": "email_bounce",
    "bounced": "email_bounce", "email_bounced": "email_bounce", "outcome": "outcome", "deal_closed": "outcome",
}  # fmt: skip
"""Events that are kept and are no activity: no feature sees them."""

CHANNELS = {"open": "email", "click": "email", "reply": "email", "view": "web", "form": "form", "meeting": "meeting",
            "call": "call", "download": "web"}  # fmt: skip
ANSWERS = frozenset({"click", "reply", "form", "meeting", "call", "download"})
"""What counts as answering a mail. An open does not: mail programs open by themselves."""

DAY_S = 86_400.0
BURST_ACTIONS, BURST_S = 3, DAY_S
VELOCITY_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Activity:
    """counts: events by type; created_days, silent_days: days since the first trace of the person, and since their last
    action (unknown: none); velocity: actions a day over at most 30 days; burst: 3 actions within 24 hours;
    response_h: mean hours from our mail to their answer (unknown: none)."""

    counts: dict[str, int] = field(default_factory=dict)
    channels: int = 0
    created_days: float = 0.0
    silent_days: float = UNKNOWN
    velocity: float = 0.0
    burst: bool = False
    response_h: float = UNKNOWN


_NONE = Activity()


def activity_of(inp: FeatureInput) -> Activity:
    """The summary of the events up to `received_at`."""
    if not inp.activities and inp.prior is None:
        return _NONE
    now = inp.received_at
    seen = sorted((at, kind) for raw, at in inp.activities if at <= now and (kind := activity_type(raw)) is not None)
    first = [at for at, _ in seen[:1]] + ([inp.prior.decided_at] if inp.prior else [])
    created = max(0.0, (now - min(first)).total_seconds() / DAY_S) if first else 0.0
    counts: dict[str, int] = {}
    for _, kind in seen:
        counts[kind] = counts.get(kind, 0) + 1
    ages = [(now - at).total_seconds() for at, kind in seen if kind != "sent"]  # falling: the oldest first
    recent = sum(age <= VELOCITY_DAYS * DAY_S for age in ages)
    return Activity(
        counts=counts,
        channels=len({CHANNELS[kind] for kind in counts if kind in CHANNELS}),
        created_days=created,
        silent_days=ages[-1] / DAY_S if ages else UNKNOWN,
        velocity=recent / min(VELOCITY_DAYS, max(1.0, created)),
        burst=any(a - b <= BURST_S for a, b in zip(ages, ages[BURST_ACTIONS - 1 :], strict=False)),
        response_h=_response_h(seen),
    )


def activity_type(raw: str) -> str | None:
    """Our name for an event's type, None for one that counts nowhere."""
    return TYPES.get(_spelled(raw))


def event_type(raw: str) -> EventType | None:
    """The type under which an event is stored; None for one that we do not know."""
    name = _spelled(raw)
    known = TYPES.get(name)
    return NOT_WEIGHED.get(name) if known is None else KINDS[known]


def _spelled(raw: str) -> str:
    return raw.strip().lower().replace("-", "_").replace(" ", "_").replace(".", "_")


def _response_h(seen: list[tuple[datetime, str]]) -> float:
    """Mean hours between a mail and the next answer; a second mail before the answer starts the wait anew."""
    waits: list[float] = []
    sent_at: datetime | None = None
    for at, kind in seen:
        if kind == "sent":
            sent_at = at
        elif sent_at is not None and kind in ANSWERS:
            waits.append((at - sent_at).total_seconds() / 3600.0)
            sent_at = None
    return sum(waits) / len(waits) if waits else UNKNOWN
