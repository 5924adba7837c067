"""POST /webhooks/events: what people did, one event or up to 1,000, kept durably before the answer. And what is known of one
lead, for admins.

    202   what is good is kept, or was before; `refused` names what is not, by its place, field and fix
    422   nothing of it can be kept, or the request is no list of events
    503   nothing was kept: send it again

The body is read whatever its content type says: a browser that leaves a page sends text/plain.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime
from sqlalchemy import Engine
from standardwebhooks.webhooks import Webhook as SignedWebhook
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.concurrency import run_in_threadpool

from tools.idempotency import Identifier
from tools.observe import metrics
from tools.settings import Settings
from tools.store.activities import UNSIGNED
from tools.store.activity_reading import events_of
from tools.web.admin import storable, storable_time
from tools.web.answers import Answer, Refused, json_answer
from tools.web.event_bodies import EXAMPLE, MOST, EventBody, Read, read_events, read_request
from tools.web.event_writer import EventWriter, NotKept
from tools.web.webhook import read_body, verifier

PATH: Final = "/webhooks/events"
SOURCE: Final = "events"
ACTS: Final = frozenset({"outcome", "meeting", "call", "reply"})
"""Types that close a lead, count as a touch or are told to its owner, where the sender has signed them."""
UNSIGNED_ACTS: Final = (
    "outcome, meeting, call and reply count as activity and do nothing else here: the request is not signed. Set "
    "WEBHOOK_SECRETS for the source events, and sign."
)


class EventDoor:
    """secrets: source -> Standard Webhooks secret; open_to_browsers: page views, downloads and forms are taken without a
    signature also where there is a secret."""

    def __init__(
        self,
        writer: EventWriter,
        identifier: Identifier,
        secrets: Mapping[str, str],
        body_limit: int,
        clock: Callable[[], datetime],
        *,
        open_to_browsers: bool = False,
    ) -> None:
        """Raises ValueError for a secret that is none."""
        name = SOURCE if SOURCE in secrets else "*"
        self._signed: SignedWebhook | None = verifier(name, secrets[name]) if name in secrets else None
        self._writer, self._identifier, self._clock = writer, identifier, clock
        self._body_limit, self._open = body_limit, open_to_browsers

    async def answer(self, request: Request) -> Answer:
        """Never raises for what a caller sent."""
        try:
            raw = await read_body(request.receive, request.headers, self._body_limit)
            started = time.perf_counter()
            source, browser = self._source(request.headers, raw)
            read = await run_in_threadpool(self._read, raw, source, browser)
            answer = await self._take(read, source)
        except Refused as refused:
            metrics.rejected.labels(str(refused.status)).inc()
            return refused.answer()
        metrics.event_seconds.observe(time.perf_counter() - started)
        return answer

    def _source(self, headers: Mapping[str, str], raw: bytes) -> tuple[str, bool]:
        """(who tells it, whether only what a page may tell is taken)"""
        if self._signed is None:
            return UNSIGNED, False
        if self._open and "webhook-signature" not in headers:
            return UNSIGNED, True
        try:
            self._signed.verify(raw, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            raise Refused(401, "bad_signature", "The webhook-signature does not fit the secret of events.") from None
        return "webhook", False

    def _read(self, raw: bytes, source: str, browser: bool) -> Read:
        return read_events(read_request(raw), self._identifier, source, self._clock(), browser=browser)

    async def _take(self, read: Read, source: str) -> Answer:
        refused = [{"index": place, **problem.as_dict()} for place, problem in read.bad]
        if read.bad:
            metrics.events.labels("none", "refused").inc(len(read.bad))
        if not read.good:
            raise Refused(
                422, "invalid_events", "None of the events can be kept.", fields=tuple(refused[:50]), example=EXAMPLE
            )
        try:
            new = await self._writer.keep(read.good)
        except NotKept:
            raise Refused(
                503, "unavailable", "The events could not be stored. Send them again: what is known counts once.",
                retry_after_s=2,
            ) from None  # fmt: skip
        seen: set[str] = set()
        counts: Counter[tuple[str, str]] = Counter()
        for event in read.good:
            fresh = event.event_key in new and event.event_key not in seen
            counts[event.type, "kept" if fresh else "duplicate"] += 1
            seen.add(event.event_key)
        for (kind, outcome), count in counts.items():
            metrics.events.labels(kind, outcome).inc(count)
        body: dict[str, Any] = {
            "status": "accepted",
            "accepted": len(new),
            "duplicates": len(read.good) - len(new),
            "refused": refused,
        }
        if source == UNSIGNED and any(event.type in ACTS for event in read.good):
            body["warnings"] = [UNSIGNED_ACTS]
        return json_answer(202, body)


def event_door(
    settings: Settings, writer: EventWriter, identifier: Identifier, clock: Callable[[], datetime]
) -> EventDoor:
    secrets = {name: secret.get_secret_value() for name, secret in settings.webhook_secrets.items()}
    open_to = settings.events_open_to_browsers
    return EventDoor(writer, identifier, secrets, settings.events_body_limit, clock, open_to_browsers=open_to)


def events_router(door: EventDoor) -> APIRouter:
    """Open to whoever knows the secret of `events`, or to everybody where there is none."""
    router = APIRouter(tags=["intake"])

    @router.post(
        PATH, status_code=202, summary="Tell what people did", openapi_extra=_schema(), responses=ANSWERS,
        response_class=Response,
    )  # fmt: skip
    async def events(request: Request) -> Response:
        """Events are stored durably before this answers, each counts once, and each lead touched is weighed anew within
        seconds."""
        answer = await door.answer(request)
        headers = {name.decode(): held.decode() for name, held in answer.headers}
        return Response(answer.body, answer.status, headers, "application/json")

    return router


def lead_events_router(engine: Engine) -> APIRouter:
    """For admins."""
    router = APIRouter(prefix="/admin", tags=["admin"])

    @router.get("/leads/{lead_id}/events", responses={404: {"description": "No lead can have this id."}})
    def events(
        lead_id: str,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: AwareDatetime | None = None,
        after_key: Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")] = "",
    ) -> dict[str, list[dict[str, Any]]]:
        """What the person did, newest first, with what does not count and why. Page on with `before` and `after_key` = the
        last row's at and event_key."""
        found = events_of(
            engine, storable(lead_id), limit=limit, before=storable_time(before), after_key=after_key
        )  # fmt: skip
        return {"events": found}

    return router


def _schema() -> dict[str, Any]:
    """The request body for the OpenAPI document; the route itself reads raw bytes."""
    event = EventBody.model_json_schema(by_alias=False, ref_template="#/components/schemas/{model}")
    several = {
        "type": "object",
        "properties": {"events": {"type": "array", "items": event, "minItems": 1, "maxItems": MOST}},
        "required": ["events"],
    }
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"anyOf": [event, several]}, "example": EXAMPLE}},
        }
    }


ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"description": "What is good is kept; `refused` names the rest by index, field and fix."},
    400: {"description": "The body is no JSON."},
    401: {"description": "The signature does not fit."},
    413: {"description": "The body is too large."},
    422: {"description": "None of the events can be kept, or they are no list."},
    503: {"description": "Nothing was kept; send it again."},
}
