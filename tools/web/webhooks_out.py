"""Endpoints of outgoing webhooks over HTTP: who is told of what, what came of it, send again. Their page is in
`webhook_pages`.

The rules are in `tools.outgoing.endpoints`, `tools.store.webhooks` and `tools.store.webhook_deliveries`; here is only how they
are asked. A secret is in the answer that makes it, and in no other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias, TypeVar

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathPart
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Engine

from graph.domain.announcing import DATA
from tools.outgoing import endpoints as acts
from tools.outgoing.schemas import schema_of
from tools.outgoing.sealing import Sealer
from tools.outgoing.sending import Attempt, Way
from tools.store import webhook_deliveries as kept
from tools.store import webhooks as store
from tools.store.webhooks import CannotKeep, Endpoint

T = TypeVar("T")
Name: TypeAlias = Annotated[str, PathPart(pattern=r"^ep_[a-z0-9]{8}$")]
MessageId: TypeAlias = Annotated[str, PathPart(pattern=r"^msg_[a-z0-9_]{1,76}$")]
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such endpoint or message."}}
REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body cannot be read."},
    409: {"description": "The endpoint is not taken: the detail says why."},
}


class NewEndpoint(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    url: str = Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$", description="https://...")
    events: list[str] = Field(min_length=1, max_length=20, description="Names of events, or `all`.")
    personal: bool = Field(False, description="Whether e-mail address, name and phone number are sent too.")
    secret: str | None = Field(
        None, max_length=200, pattern=r"^[^\x00]*$", description="One of your own (whsec_...); else one is made."
    )


class NewSecret(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    secret: str | None = Field(
        None, max_length=200, pattern=r"^[^\x00]*$", description="One of your own; else one is made."
    )


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("no moment that a calendar holds in UTC") from None


class Since(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: Annotated[AwareDatetime, AfterValidator(_in_utc)] = Field(description="When it happened, or later.")
    undelivered: bool = Field(False, description="Only what the endpoint never took.")


@dataclass(frozen=True, slots=True)
class Side:
    """What the routes work with. sealer: asked for when a secret is made or opened."""

    engine: Engine
    sealer: Callable[[], Sealer]
    way: Way
    clock: Callable[[], datetime]

    async def add(self, given: NewEndpoint) -> acts.Shown:
        return await acts.add(
            self.engine,
            self.sealer(),
            self.way,
            given.url,
            given.events,
            personal=given.personal,
            secret=given.secret,
            now=self.clock(),
        )

    async def test(self, endpoint: str) -> Attempt:
        return await acts.test(self.engine, self.sealer(), self.way, endpoint, self.clock())

    def rotate(self, endpoint: str, secret: str | None) -> acts.Shown:
        return acts.rotate(self.engine, self.sealer(), endpoint, self.clock(), secret)


def webhooks_router(side: Side) -> APIRouter:
    """Under /admin; the caller adds the login."""
    router = APIRouter(prefix="/admin/webhooks", tags=["outgoing webhooks"])
    _endpoint_routes(router, side)
    _state_routes(router, side)
    _sending_routes(router, side)
    return router


def _endpoint_routes(router: APIRouter, side: Side) -> None:
    @router.get("")
    def listed() -> dict[str, Any]:
        """Every endpoint with its state, and what waits for it."""
        waits = kept.waiting(side.engine)
        return {"endpoints": [as_json(one, waits.get(one.endpoint)) for one in store.endpoints(side.engine)]}

    @router.post("", status_code=201, responses=REFUSED)
    async def add(given: NewEndpoint) -> dict[str, Any]:
        """Tell this endpoint from now on. `secret` is shown here and never again."""
        shown = await answered_or(409, side.add(given))
        return as_json(shown.endpoint) | {"secret": shown.secret}

    @router.get("/schemas/{event}", responses={404: {"description": "There is no such event."}})
    def schema(event: Annotated[str, PathPart(max_length=40)]) -> dict[str, Any]:
        """The JSON Schema of an event's message."""
        if event not in DATA:
            raise HTTPException(404, f"There is no event of that name; there are {', '.join(DATA)}.")
        return schema_of(event)

    @router.get("/{endpoint}", responses=UNKNOWN)
    def one(endpoint: Name) -> dict[str, Any]:
        """One endpoint with its state, and how much waits for it."""
        held = known(lambda: store.found_endpoint(side.engine, endpoint))
        return as_json(held, kept.waiting(side.engine).get(endpoint))


def _state_routes(router: APIRouter, side: Side) -> None:
    @router.delete("/{endpoint}", responses=UNKNOWN)
    def remove(endpoint: Name) -> dict[str, Any]:
        """Nothing more is sent to it; what waits for it is dropped, and what came of the rest is forgotten."""
        dropped = known(lambda: store.remove_endpoint(side.engine, endpoint, side.clock()))
        return {"status": "removed", "dropped": dropped}

    @router.post("/{endpoint}/pause", responses=UNKNOWN)
    def pause(endpoint: Name) -> dict[str, Any]:
        """What happens from now on waits for it."""
        return as_json(known(lambda: store.set_state(side.engine, endpoint, "paused", None)))

    @router.post("/{endpoint}/resume", responses=UNKNOWN)
    def resume(endpoint: Name) -> dict[str, Any]:
        """It is told again, first of what waits."""
        return as_json(known(lambda: store.set_state(side.engine, endpoint, "active", None)))

    @router.post("/{endpoint}/rotate-secret", responses=UNKNOWN | REFUSED)
    def rotate(endpoint: Name, given: NewSecret | None = None) -> dict[str, Any]:
        """A new secret, shown here and never again. The old one signs beside it for a day."""
        known(lambda: store.found_endpoint(side.engine, endpoint))
        try:
            shown = side.rotate(endpoint, given.secret if given else None)
        except CannotKeep as error:
            raise HTTPException(409, str(error)) from None
        return as_json(shown.endpoint) | {"secret": shown.secret}


def _sending_routes(router: APIRouter, side: Side) -> None:
    @router.post("/{endpoint}/test", responses=UNKNOWN)
    async def test(endpoint: Name) -> dict[str, Any]:
        """Send a ping and say what came back."""
        attempt = await answered_or(404, side.test(endpoint))
        return {
            "ok": attempt.ok,
            "status": attempt.status,
            "duration_ms": attempt.duration_ms,
            "error": attempt.error,
            "answer": attempt.excerpt,
        }

    @router.get("/{endpoint}/deliveries", responses=UNKNOWN)
    def deliveries(
        endpoint: Name,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        outcome: kept.Outcome | None = None,
    ) -> dict[str, list[dict[str, Any]]]:
        """What was tried, the newest attempt first; a message that was not tried yet is not among them."""
        known(lambda: store.found_endpoint(side.engine, endpoint))
        rows = kept.deliveries(side.engine, endpoint, limit=limit, outcome=outcome)
        return {"deliveries": [delivery_json(row) for row in rows]}

    @router.post("/{endpoint}/deliveries/{event_id}/send-again", status_code=202, responses=UNKNOWN)
    def again(endpoint: Name, event_id: MessageId) -> dict[str, str]:
        """Once more, under the same webhook-id."""
        sent = known(lambda: kept.send_again(side.engine, endpoint, event_id, side.clock()))
        return {"status": "queued" if sent else "on its way already"}

    @router.post("/{endpoint}/replay", status_code=202, responses=UNKNOWN | {400: REFUSED[400]})
    def replay(endpoint: Name, given: Since) -> dict[str, Any]:
        """Everything since then once more, each message under its own webhook-id: receivers drop what they have."""
        count = known(
            lambda: kept.replay_since(side.engine, endpoint, given.since, side.clock(), undelivered=given.undelivered)
        )
        return {"status": "queued", "messages": count}


def known(function: Callable[[], T]) -> T:
    """404 for an endpoint or a message that there is not."""
    try:
        return function()
    except CannotKeep as error:
        raise HTTPException(404, str(error)) from None


async def answered_or(status: int, asked: Awaitable[T]) -> T:
    """With this status where the act is refused."""
    try:
        return await asked
    except CannotKeep as error:
        raise HTTPException(status, str(error)) from None


def as_json(one: Endpoint, waits: kept.Waiting | None = None) -> dict[str, Any]:
    """Without its secrets."""
    return {
        "endpoint": one.endpoint,
        "url": one.url,
        "events": list(one.events),
        "personal": one.personal,
        "state": one.state,
        "why": one.why,
        "failing_since": one.failing_since,
        "ok_at": one.ok_at,
        "old_secret_until": one.old_until,
        "created_at": one.created_at,
        "waiting": waits.messages if waits else 0,
        "next_at": waits.next_at if waits else None,
    }


def delivery_json(row: Any) -> dict[str, Any]:
    """next_at: when it is tried again, null where it is not."""
    names = ("event_id", "event", "lead_id", "outcome", "attempts", "status", "duration_ms", "error", "excerpt")
    told = {name: getattr(row, name) for name in (*names, "announced_at", "tried_at")}
    return told | {"state": row.state, "next_at": row.due_at if row.state == "pending" else None}
