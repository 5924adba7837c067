"""Calendly: a booking is a lead and a meeting; one that is given up is a meeting that does not count. Signed with the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tools.web.answers import Refused
from tools.web.forms.digging import foreign, inner, kept, moment, object_at, text_of, time_of, tracking
from tools.web.forms.flattening import Flat, flatten
from tools.web.forms.signatures import digest, must_be_recent, must_fit
from tools.web.forms.vendor import Access, Delivery, GivenUp, Ignored, Incoming, Item, Meeting, Payload, Vendor

HEADER = "Calendly-Webhook-Signature"


def check(incoming: Incoming, access: Access) -> None:
    """`t=SECONDS,v1=HEX`: HMAC over `{t}.{body}` with the subscription's signing key."""
    parts = dict(part.strip().partition("=")[::2] for part in incoming.headers.get(HEADER.lower(), "").split(","))
    at, signature = parts.get("t"), parts.get("v1")
    if not signature:
        raise Refused(401, "no_signature", f"The header {HEADER} is missing. Without it nobody knows who sent this.")
    must_be_recent(at, incoming.now, per_s=1, what=f"The time in {HEADER}")
    expected = (digest(secret, f"{at}.".encode(), incoming.raw).hex() for secret in access.secrets)
    must_fit(signature, expected, f"The header {HEADER}")


def read(payload: Payload) -> Sequence[Item]:
    event = payload.get("event")
    if event == "invitee.created":
        return [_booked(object_at(payload, "payload", "Calendly"), payload)]
    if event == "invitee.canceled":
        return [GivenUp(_meeting(object_at(payload, "payload", "Calendly"), payload))]
    if event == "routing_form_submission.created":
        sent = object_at(payload, "payload", "Calendly")
        return [
            Delivery(
                _answers(sent),
                event_id=text_of(sent, "uri"),
                submitted_at=time_of(sent, "created_at") or time_of(payload, "created_at"),
                form=text_of(sent, "routing_form") or "",
                kept=tracking(inner(sent, "tracking")),
            )
        ]
    if isinstance(event, str):
        return [Ignored("no booking and no form")]
    raise foreign("event", "Calendly")


def _booked(sent: Mapping[str, Any], payload: Payload) -> Item:
    """A booking that was moved is a booking too: it says from which it was moved."""
    meeting = _meeting(sent, payload)
    event = inner(sent, "scheduled_event")
    flat: Flat = flatten(
        {name: sent.get(name) for name in ("email", "name", "first_name", "last_name")}
        | {"text_reminder_number": sent.get("text_reminder_number")}
    )
    if "first_name" in flat and "last_name" in flat:
        flat.pop("name", None)
    flat |= {name: value for name, value in _answers(sent).items() if name not in flat}
    return Delivery(
        flat,
        event_id=text_of(sent, "uri"),
        submitted_at=time_of(sent, "created_at") or time_of(payload, "created_at"),
        form=text_of(event, "event_type") or "",
        kept=tracking(inner(sent, "tracking"))
        | kept(
            meeting=text_of(event, "name"),
            meeting_at=text_of(event, "start_time"),
            timezone=text_of(sent, "timezone"),
            rescheduled_from=text_of(sent, "old_invitee"),
        ),
        meeting=meeting,
    )


def _answers(sent: Mapping[str, Any]) -> Flat:
    return flatten({"questions_and_answers": sent.get("questions_and_answers")})


def _meeting(sent: Mapping[str, Any], payload: Payload) -> Meeting:
    """at: when it was booked; when it takes place stands in the properties."""
    key = text_of(sent, "uri")
    if key is None:
        raise foreign("payload.uri", "Calendly")
    event, off = inner(sent, "scheduled_event"), inner(sent, "cancellation")
    at = moment(time_of(sent, "created_at")) or moment(time_of(payload, "created_at")) or datetime.now(UTC)
    cancelled = None
    if payload.get("event") == "invitee.canceled":
        reason = text_of(off, "reason")
        who = text_of(off, "canceler_type") or "somebody"
        cancelled = (
            "moved to another time"
            if sent.get("rescheduled") is True
            else f"cancelled by {who}" + (f": {reason}" if reason else "")
        )
    properties = kept(
        name=text_of(event, "name"),
        start_time=text_of(event, "start_time"),
        end_time=text_of(event, "end_time"),
        moved_from=text_of(sent, "old_invitee"),
        moved_to=text_of(sent, "new_invitee"),
    )
    return Meeting(key, text_of(sent, "email"), at, properties, cancelled)


VENDOR = Vendor(
    name="calendly",
    title="Calendly",
    proof=f"{HEADER}: HMAC-SHA256 of time and body with the subscription's signing key",
    check=check,
    read=read,
    names={"text reminder number": "phone", "share anything that will help prepare our meeting": "message"},
)
