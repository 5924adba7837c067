"""What a person did, once we have heard of it. Times are when it happened, not when we were told."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, TypeAlias

from graph.domain.values import value

EventType: TypeAlias = Literal[
    "page_view",
    "email_sent",
    "email_open",
    "email_click",
    "email_bounce",
    "content_download",
    "form_submit",
    "meeting",
    "call",
    "reply",
    "unsubscribe",
    "outcome",
]
ENDS_A_SEQUENCE: Final[frozenset[str]] = frozenset(
    {"reply", "meeting", "call", "unsubscribe", "email_bounce", "outcome"}
)
"""After one of these nobody is sent the next mail of a sequence."""


Did: TypeAlias = tuple[str, datetime]
"""(a type of event, when): what decisions and their features see of an event."""


@value(frozen=True)
class Wanted:
    """Whose activities are asked for. also: other e-mail addresses of the same person."""

    lead_id: str
    also: tuple[str, ...] = ()


@value(frozen=True)
class Event:
    """event_key: unique for ever; lead_id: of the lead that has this address, or will have it; None where it cannot be
    told. counts: whether it is taken for something that the person did; reason: why not."""

    event_key: str
    type: EventType
    at: datetime
    lead_id: str | None = None
    email: str | None = None
    counts: bool = True
    reason: str = ""
