"""From what a tracker, a mail program or a file tells of a person to events that can be kept, one by one: what cannot be
taken is named with its field and the fix, and stops none of the others. Decides nothing about bots.

One event is `{id, type, email | lead_id, at, properties}`; other fields are properties. Names are read in the spellings that
trackers use, types as `graph.features.activity` lists them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import orjson
from pydantic import AliasChoices, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from graph.domain.activity import EventType
from graph.domain.lead import Form
from graph.features.activity import NOT_WEIGHED, TYPES, event_type
from graph.rules.emails import read_address
from graph.rules.message_states import OUTCOMES
from tools.idempotency import Identifier
from tools.store.activities import UNSIGNED, NewEvent
from tools.web.answers import FieldProblem, Refused

MOST: Final = 1_000
LONGEST_ID: Final = 40
MOST_PROPERTIES: Final = 8_192
"""Bytes of one event's properties as JSON."""
AHEAD: Final = timedelta(minutes=5)
"""Clocks differ; a time further ahead is a mistake."""
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
BROWSER: Final = frozenset({"page_view", "content_download", "form_submit"})
"""What a script on a page may tell, which can keep no secret."""
EXAMPLE: Final = {
    "events": [
        {
            "id": "evt-1",
            "type": "email_click",
            "email": "maya@example.com",
            "at": "2026-11-02T09:30:00Z",
            "properties": {"url": "https://example.com/pricing"},
        }
    ]
}
ENDS: Final = {
    **{code: code for code in OUTCOMES},
    "closed_won": "won", "closedwon": "won", "sale": "won", "closed_lost": "lost", "closedlost": "lost",
    "no_decision": "lost", "noshow": "no_show", "unqualified": "not_a_fit", "disqualified": "not_a_fit", "bad_fit": "not_a_fit",
}  # fmt: skip
"""How CRMs call the end of a lead -> ours."""


def _text(given: Any) -> Any:
    """Blank means not given; numbers are ids, too."""
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return given.strip() or None if isinstance(given, str) else given


Text = Annotated[Annotated[str, Field(max_length=320, pattern=r"^[^\x00-\x1f\x7f]*$")] | None, BeforeValidator(_text)]


class EventBody(BaseModel):
    """One thing that a person did, or that we did to them."""

    model_config = ConfigDict(extra="allow")

    id: Text = Field(None, validation_alias=AliasChoices("id", "event_id", "eventId"), description="The sender's id.")
    type: Annotated[str, Field(max_length=60)] = Field(
        validation_alias=AliasChoices("type", "event", "event_type", "eventType"),
        description=f"One of {', '.join(sorted({*TYPES, *NOT_WEIGHED}))}.",
    )
    email: Text = Field(None, validation_alias=AliasChoices("email", "e-mail", "email_address"))
    lead_id: Text = Field(None, validation_alias=AliasChoices("lead_id", "leadId"))
    at: AwareDatetime = Field(
        validation_alias=AliasChoices("at", "timestamp", "occurred_at", "occurredAt", "time"),
        description="When it happened, with its zone: 2026-11-02T09:30:00Z, or seconds since 1970.",
    )
    properties: dict[str, Any] = Field(default_factory=dict, description="What else is known: url, user_agent, ip, by.")


@dataclass(frozen=True, slots=True)
class Read:
    """good: events to keep; bad: (place in the request, what is wrong) of the others."""

    good: list[NewEvent]
    bad: list[tuple[int, FieldProblem]]


def read_request(raw: bytes) -> list[Any]:
    """The events of a request: one object, a list of them, or `{"events": [...]}`. Raises Refused."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "malformed_json", f"The body is not JSON: {error.msg}.", example=EXAMPLE) from None
    events = body.get("events") if isinstance(body, dict) and "events" in body else body
    if isinstance(events, dict):
        events = [events]
    if not isinstance(events, list) or not events:
        problem = FieldProblem("events", "no list of events", 'send one event, or {"events": [{...}, ...]}')
        raise _refused("invalid_field", "Send one event, or a list with at least one.", problem)
    if len(events) > MOST:
        problem = FieldProblem("events", f"{len(events):,} events", f"send at most {MOST:,} in one request")
        raise _refused("batch_too_large", f"At most {MOST:,} events in one request.", problem)
    return events


def _refused(code: str, message: str, problem: FieldProblem) -> Refused:
    return Refused(422, code, message, fields=(problem.as_dict(),), example=EXAMPLE)


def read_events(
    bodies: Iterable[Any], identifier: Identifier, source: str, now: datetime, *, browser: bool = False
) -> Read:
    """browser: the request is not signed although there is a secret, so that only what a page may tell is taken."""
    good: list[NewEvent] = []
    bad: list[tuple[int, FieldProblem]] = []
    for number, body in enumerate(bodies):
        try:
            good.append(_read(body, identifier, source, now, browser=browser))
        except Unusable as error:
            bad.append((number, error.problem))
    return Read(good, bad)


class Unusable(Exception):
    """One event cannot be taken."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        super().__init__(field)
        self.problem = FieldProblem(field, problem, fix)


def _read(body: Any, identifier: Identifier, source: str, now: datetime, *, browser: bool) -> NewEvent:
    """Raises Unusable."""
    if not isinstance(body, dict):
        raise Unusable("event", "no object", "send {type, email or lead_id, at}")
    try:
        given = EventBody.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])[:60] if first["loc"] else "event"
        raise Unusable(name, first["msg"][:200], FIXES.get(name, f"send a usable {name}")) from None
    kind = _kind_of(given, browser=browser)
    at = _time_of(given, now)
    lead_id, email = _person_of(given, identifier)
    properties, told = _properties_of(given, kind)
    key = event_key(lead_id, kind, given.id, at, told, signed=source != UNSIGNED)
    return NewEvent(key, kind, at, lead_id, email, source, properties)


def _kind_of(given: EventBody, *, browser: bool) -> EventType:
    kind = event_type(given.type)
    if kind is None:
        raise Unusable("type", "an unknown type of event", FIXES["type"])
    if browser and kind not in BROWSER:
        raise Unusable("type", "not taken without a signature", "sign the request as Standard Webhooks do")
    return kind


def _time_of(given: EventBody, now: datetime) -> datetime:
    if given.at > now + AHEAD:
        raise Unusable("at", "a time in the future", FIXES["at"])
    if given.at < EARLIEST:
        raise Unusable("at", "a time before the year 2000", FIXES["at"])
    return given.at.astimezone(UTC)


def _person_of(given: EventBody, identifier: Identifier) -> tuple[str, str | None]:
    """(lead id, e-mail); the lead that is named goes before the address."""
    address = read_address(given.email)
    if given.email and address is None:
        raise Unusable("email", "no e-mail address", "send the person's address, or their lead_id")
    email = address.email if address is not None else None
    lead_id = given.lead_id or (identifier.lead_id(Form(email=email)) if email else None)
    if lead_id is None:
        raise Unusable("email", "nobody is named", "send email or lead_id")
    if len(lead_id) > LONGEST_ID:
        raise Unusable("lead_id", "longer than any lead's", "send the lead_id that the intake answered")
    return lead_id, email


def _properties_of(given: EventBody, kind: EventType) -> tuple[dict[str, Any], bytes]:
    """(as they are kept, the same as JSON)"""
    held = {**(given.model_extra or {}), **given.properties}
    if kind == "outcome":
        end = ENDS.get(str(held.get("outcome") or "").strip().lower().replace("-", "_").replace(" ", "_"))
        if end is None:
            raise Unusable("properties.outcome", "no outcome that we know", f"send one of {', '.join(OUTCOMES)}")
        held["outcome"] = end
    try:
        told = orjson.dumps(held, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        raise Unusable("properties", "no JSON that can be kept", "send text and numbers of up to 64 bits") from None
    if len(told) > MOST_PROPERTIES:
        raise Unusable("properties", f"{len(told):,} bytes", f"send at most {MOST_PROPERTIES:,} bytes an event")
    return held, told


_STORED: Final = sorted({*(event_type(name) or "" for name in TYPES), *NOT_WEIGHED.values()})
FIXES: Final[Mapping[str, str]] = {
    "type": f"send one of {', '.join(_STORED)}",
    "at": "send when it happened, with its zone: 2026-11-02T09:30:00Z",
    "properties": "send an object",
    "email": "send the person's address in at most 320 characters",
    "id": "send an id in at most 320 printable characters",
}


def event_key(
    lead_id: str, kind: str, sender_id: str | None, at: datetime, properties: bytes, *, signed: bool = True
) -> str:
    """The same for an event that is told again. A sender's id counts within its lead and type: two senders who both number
    from 1 must not take each other's events, nor a stranger those of who signs. Without an id what was told decides."""
    parts = [lead_id, kind, *((sender_id,) if sender_id else (at.isoformat(), properties.decode()))]
    parts += [] if signed else [UNSIGNED]
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{'i' if sender_id else 'c'}:{digest}"
