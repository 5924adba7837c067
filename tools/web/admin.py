"""What operators do over HTTP: read a decision record, decide a lead again, look through and replay dead letters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import AwareDatetime
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from tools.store.accounts import Currency
from tools.store.dead import find_dead, list_dead, mark_replayed, reopen_effect
from tools.store.late_facts import of_lead
from tools.store.queries import effects_of, lead_page, record_json
from tools.store.sla_report import sla_by_member
from tools.stream.again import UnknownLead, again, send, send_raw
from tools.stream.inbox import Inbox, StreamUnavailable
from tools.web.accounts import account_answers

BIGGEST = 2**31 - 1
US_DOLLARS = Currency()


def admin_router(engine: Engine, inbox: Inbox, currency: Currency = US_DOLLARS) -> APIRouter:
    router = APIRouter(prefix="/admin", tags=["admin"])
    _lead_routes(router, engine, inbox)
    _sla_routes(router, engine)
    account_answers(router, engine, currency)
    _dead_letter_routes(router, engine, inbox)
    return router


def _lead_routes(router: APIRouter, engine: Engine, inbox: Inbox) -> None:
    @router.get("/leads")
    def leads(
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        before: AwareDatetime | None = None,
        after_id: Annotated[str, Query(max_length=40, pattern=r"^[^\x00]*$")] = "",
    ) -> dict[str, list[dict[str, Any]]]:
        """The newest decisions; page on with `before` and `after_id` = the last row's decided_at and lead_id."""
        return {"leads": lead_page(engine, limit=limit, before=storable_time(before), after_id=after_id)}

    @router.get("/leads/{lead_id}", response_class=Response, responses={404: {"description": "No such lead."}})
    def lead(lead_id: str, revision: Annotated[int | None, Query(ge=1, le=BIGGEST)] = None) -> Response:
        """The decision record: one JSON object, bit for bit as it was committed."""
        record = record_json(engine, storable(lead_id), revision)
        if record is None:
            raise HTTPException(404, "No decision of this lead is recorded. Waiting leads are counted in /health.")
        related = {"Link": f'</admin/leads/{quote(lead_id)}/person>; rel="related"'}  # the same person's other leads
        return Response(record, media_type="application/json", headers=related)

    @router.get("/leads/{lead_id}/effects")
    def effects(lead_id: str) -> dict[str, list[dict[str, Any]]]:
        """What was written to the world for this lead, and what is still waiting."""
        return {"effects": effects_of(engine, storable(lead_id))}

    @router.get("/leads/{lead_id}/late-facts")
    def late(lead_id: str) -> dict[str, list[dict[str, Any]]]:
        """Company facts that came after a decision of this lead: what changed, and what followed (kept, told, anew)."""
        return {"late_facts": of_lead(engine, storable(lead_id))}

    @router.post("/retry/{lead_id}", status_code=202, responses={404: {"description": "No such lead."}})
    async def retry(lead_id: str) -> dict[str, str]:
        """Decide the lead once more: a new revision under today's rules, facts and model."""
        try:
            submission = await run_in_threadpool(again, engine, storable(lead_id), "retry")
            await send(inbox, submission)
        except UnknownLead:
            raise HTTPException(404, "No decision of this lead is recorded.") from None
        except StreamUnavailable:
            raise HTTPException(503, "The stream is away; nothing was changed.", {"Retry-After": "1"}) from None
        return {"lead_id": lead_id, "status": "accepted", "decision": f"/admin/leads/{lead_id}"}


def _sla_routes(router: APIRouter, engine: Engine) -> None:
    @router.get("/sla")
    def sla(days: Annotated[int, Query(ge=1, le=366)] = 30) -> dict[str, Any]:
        """How each owner kept the accept and touch times of what was offered to them in the last `days` days."""
        now = datetime.now(UTC)
        return {"since": now - timedelta(days=days), "members": sla_by_member(engine, now - timedelta(days=days), now)}


def _dead_letter_routes(router: APIRouter, engine: Engine, inbox: Inbox) -> None:
    @router.get("/dead-letters")
    def dead_letters(
        limit: Annotated[int, Query(ge=1, le=500)] = 50, before: Annotated[int | None, Query(ge=1, le=BIGGEST)] = None
    ) -> dict[str, Any]:
        """What was given up and not replayed yet, newest first; page on with `before` = the last row's id."""
        return {"dead_letters": list_dead(engine, limit=limit, before_id=before)}

    @router.post(
        "/dead-letters/{letter_id}/replay", status_code=202, responses={404: {"description": "No such letter."}}
    )
    async def replay(letter_id: Annotated[int, "the letter's id"]) -> dict[str, str]:
        """Try it again: a lead goes back to the stream, an effect back to the dispatcher."""
        found = await run_in_threadpool(find_dead, engine, letter_id) if 0 < letter_id <= BIGGEST else None
        if found is None:
            raise HTTPException(404, "There is no such dead letter, or it was replayed already.")
        kind, ref, lead_id, payload = found
        if kind == "effect":
            await run_in_threadpool(reopen_effect, engine, letter_id, ref)
        else:
            try:
                await send_raw(inbox, ref, lead_id, payload, fresh=True)
            except StreamUnavailable:
                raise HTTPException(503, "The stream is away; nothing was changed.", {"Retry-After": "1"}) from None
            await run_in_threadpool(mark_replayed, engine, letter_id)
        return {"status": "accepted", "ref": ref}


def storable(value: str) -> str:
    """A path's text as the databases can hold it; what they cannot hold names nothing."""
    if "\x00" in value or len(value) > 200:
        raise HTTPException(404, "No decision of this lead is recorded.")
    return value


def storable_time(value: datetime | None) -> datetime | None:
    """The same moment in UTC; one at the end of all years has no other zone."""
    try:
        return None if value is None else value.astimezone(UTC)
    except OverflowError:
        raise HTTPException(422, "before: no moment that a calendar holds in UTC.") from None
