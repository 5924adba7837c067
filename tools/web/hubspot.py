"""POST /webhooks/hubspot: events of HubSpot, signed, kept, answered; the dispatcher finds out what follows.

HubSpot sends up to 100 events at once, waits 5 s, sends again for 24 h what was not answered with 2xx, twice at times, and in
no order. So nothing is done here but to read, to check and to keep.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from tools.observe.why import why
from tools.store.crm_changes import ChangeKind, CrmChange, keep_changes
from tools.web.answers import Refused, json_answer
from tools.web.hubspot_signature import verify
from tools.web.webhook import read_body

log = structlog.get_logger(__name__)
PATH: Final = "/webhooks/hubspot"
MOST_BYTES: Final = 1024 * 1024
MOST_EVENTS: Final = 1000
SETTING: Final = "HUBSPOT_CLIENT_SECRET; HUBSPOT_WEBHOOK_URL must be the URL in the app, which is signed too"
_OBJECTS: Final = {"0-1": "contact", "0-3": "deal"}
_DEAL_PROPERTIES: Final = frozenset(
    {"dealstage", "hs_is_closed", "hs_is_closed_won", "amount", "closedate", "closed_lost_reason", "closed_won_reason"}
)


def change_of(event: Any) -> CrmChange | None:
    """What of an event matters to us; None for an event of another kind, and for what is our own write coming back. Raises
    ValueError, KeyError or TypeError for what is no event."""
    what = str(event["subscriptionType"])
    thing, _, act = what.partition(".")
    if thing == "object":
        thing = _OBJECTS.get(str(event.get("objectTypeId")), "")
    name = str(event.get("propertyName") or "")
    if event.get("changeSource") == "INTEGRATION" and str(event.get("sourceId")) == str(event.get("appId")):
        return None
    kind: ChangeKind
    value = event.get("propertyValue")
    if thing == "contact" and act == "propertyChange" and name == "hubspot_owner_id":
        kind = "owner"
    elif thing == "deal" and (act == "creation" or (act == "propertyChange" and name in _DEAL_PROPERTIES)):
        kind, value = "deal", name or "creation"
    elif thing == "contact" and act in {"deletion", "privacyDeletion"}:
        kind, value = "gone", None
    elif thing == "contact" and act == "merge":
        kind, value = "merged", event.get("newObjectId")
    else:
        return None
    number = event["primaryObjectId"] if kind == "merged" and "primaryObjectId" in event else event["objectId"]
    at = int(event["occurredAt"])
    identity = [event.get("portalId"), what, number, name, event.get("propertyValue"), at]
    return CrmChange(
        hashlib.sha256(orjson.dumps(identity)).hexdigest(),
        kind,
        _number(number),
        str(value)[:200] if value not in {None, ""} else None,
        str(event.get("sourceId") or event.get("changeSource") or "")[:80] or None,
        datetime.fromtimestamp(at / 1000, UTC),
    )


def _number(value: Any) -> str:
    text = str(int(value))
    if len(text) > 20:
        raise ValueError("no id of an object")
    return text


def hubspot_router(engine: Engine, secret: str, url: str, clock: Callable[[], datetime]) -> APIRouter:
    """url: that HubSpot was told to post to, without a query."""
    router = APIRouter(tags=["intake"])

    @router.post(
        PATH,
        summary="Events of HubSpot",
        responses={
            400: {"description": "The body was cut off, or is no JSON."},
            401: {"description": "The signature is missing, old, from the future, or does not fit."},
            413: {"description": "The body is too large."},
            422: {"description": "The body is no list of events."},
            503: {"description": "The store is away; HubSpot sends it again."},
        },
    )
    async def events(request: Request) -> Response:
        """Each event is stored durably before this answers."""
        try:
            answer = json_answer(200, await _take(request))
        except Refused as refused:
            log.warning("hubspot refused", code=refused.code, status=refused.status)
            told: dict[str, Any] = {"error": refused.code, "message": refused.message}
            answer = json_answer(refused.status, told)
        return Response(answer.body, answer.status, media_type="application/json")

    async def _take(request: Request) -> dict[str, int]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw = await read_body(request.receive, headers, MOST_BYTES)
        full = f"{url}?{request.url.query}" if request.url.query else url
        verify(headers, request.method, full, raw, secrets=(secret,), now=clock(), setting=SETTING)
        changes, counts = _read(raw)
        try:
            new = await run_in_threadpool(keep_changes, engine, changes, clock())
        except SQLAlchemyError as error:
            log.warning("hubspot waits", error=why(error))
            raise Refused(503, "unavailable", "The events could not be stored. Send them again.") from None
        return {"taken": new, "known": len(changes) - new, **counts}

    return router


def _read(raw: bytes) -> tuple[list[CrmChange], dict[str, int]]:
    try:
        events = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refused(400, "not_json", "The body is no JSON.") from None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        raise Refused(422, "no_events", f"The body must be a list of at most {MOST_EVENTS} events.")
    changes: dict[str, CrmChange] = {}
    ignored = unreadable = 0
    for event in events:
        try:
            change = change_of(event)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
            unreadable += 1  # refused as a whole, HubSpot would send it for a day
            continue
        if change is None:
            ignored += 1
        else:
            changes[change.change_id] = change
    if unreadable:
        log.warning("hubspot events not understood", number=unreadable)
    return list(changes.values()), {"ignored": ignored, "unreadable": unreadable}
