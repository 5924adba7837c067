"""What the buttons of the inbox do: accept, pass, touch, close, feedback. Whoever is logged in acts for the owner of the
alert that is clicked; a form is taken only from a page of the same origin. Hands every act to the store or to the router's
callbacks; decides nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from graph.rules.blocks import FEEDBACK
from graph.rules.message_states import OUTCOMES, TOUCHES
from graph.rules.passing import NoReason, pass_reason
from tools.editing.leave import Leaves, today_of
from tools.editing.results import Refused
from tools.store import acts, inbox
from tools.store.verdicts import TAPS
from tools.web.leave import WHERE

PassLead: TypeAlias = Callable[[str, int, str, str], Awaitable[str]]
"""(lead id, assignment number, by, reason) -> a sentence for the person who passed."""
ApproveLead: TypeAlias = Callable[[str, int, str], Awaitable[str]]
"""(lead id, assignment number, by) -> a sentence; called once a lead under review was accepted."""

FLASH, FLASH_S, SAID = "inbox_said", 30, 300
"""Name and seconds of the cookie that carries a sentence to the next page, and its length in characters."""
Value: TypeAlias = Annotated[str, Form(pattern=r"^[\w.:-]{1,40}:\d{1,9}$")]
Filter: TypeAlias = Annotated[str, Form(max_length=320)]
Code: TypeAlias = Annotated[str, Form(max_length=20)]


def same_origin(request: Request) -> None:
    """403 for a form that another site's page sent. Clients that are no browsers send neither header."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not own:
        raise HTTPException(403, "This form was sent from a page of another site. Open the inbox and press it there.")


def offer_routes(
    router: APIRouter,
    engine: Engine,
    clock: Callable[[], datetime],
    pass_lead: PassLead,
    approve_lead: ApproveLead | None,
    leaves: Leaves | None,
) -> None:
    """Adds /accept and /pass to the router of the inbox. leaves: writes the leave that is asked for with a pass."""

    @router.post("/accept", dependencies=[Depends(same_origin)])
    async def accept(value: Value, owner: Filter = "") -> Response:
        lead_id, number, by = await run_in_threadpool(_held, engine, value)
        result = await run_in_threadpool(acts.accept, engine, lead_id, number, by, clock())
        said = result.sentence
        if result.outcome == "done" and result.path == "manual_review" and approve_lead is not None:
            said = f"{said} {await approve_lead(lead_id, number, by)}"
        return _back(said, owner)

    @router.post("/pass", dependencies=[Depends(same_origin)])
    async def pass_on(
        value: Value,
        reason: Annotated[str, Form(max_length=20)],
        detail: Annotated[str, Form(max_length=300)] = "",
        until: Annotated[date | Literal[""], Form()] = "",
        owner: Filter = "",
    ) -> Response:
        try:
            why = pass_reason(reason, detail, until or None)
        except NoReason as error:
            if error.field == "reason":
                raise HTTPException(422, f"reason: {error}") from None
            return _back("Nothing was passed on: choose the day until which you need cover.", owner)
        lead_id, number, by = await run_in_threadpool(_held, engine, value)
        said = await pass_lead(lead_id, number, by, why)
        if reason == "cover" and until and leaves is not None:
            said = f"{said} {await run_in_threadpool(_leave, leaves, by, until, clock())}"
        return _back(said, owner)


def _leave(leaves: Leaves, owner: str, until: date, now: datetime) -> str:
    try:
        today = today_of(owner, leaves.table(), now)
    except Refused as refused:
        return f"No leave was written: {refused}"
    return f"{leaves.asked_with_a_pass(owner, until, today, WHERE)} Who covers is said on the page Leave."


def work_routes(router: APIRouter, engine: Engine, clock: Callable[[], datetime]) -> None:
    """What an owner does with a lead that is theirs."""

    @router.post("/touch", dependencies=[Depends(same_origin)])
    def touch(value: Value, code: Code, owner: Filter = "") -> Response:
        known(code, TOUCHES)
        lead_id, number, by = _held(engine, value)
        return _back(acts.touch(engine, lead_id, number, by, code, clock()).sentence, owner)

    @router.post("/close", dependencies=[Depends(same_origin)])
    def close(value: Value, code: Code, owner: Filter = "") -> Response:
        known(code, OUTCOMES)
        lead_id, number, by = _held(engine, value)
        return _back(acts.close(engine, lead_id, number, by, code, clock()).sentence, owner)

    @router.post("/feedback", dependencies=[Depends(same_origin)])
    def feedback(value: Value, code: Code, owner: Filter = "") -> Response:
        known(code, FEEDBACK | TAPS)
        lead_id, number, by = _held(engine, value)
        return _back(acts.feedback(engine, lead_id, number, by=by, code=code, now=clock()), owner)


def known(code: str, codes: Mapping[str, str]) -> None:
    """422 for a code that no button of ours sends."""
    if code not in codes:
        raise HTTPException(422, f"code: {code!r} is none of {', '.join(codes)}.")


def _held(engine: Engine, value: str) -> tuple[str, int, str]:
    """A button's value, `lead:number`, with the person to whom the lead was given under that number."""
    lead_id, _, number = value.rpartition(":")
    owner = inbox.holder_of(engine, lead_id, int(number))
    if owner is None:
        raise HTTPException(404, "There is no such lead, or it was never offered under this number.")
    return lead_id, int(number), owner


def _back(said: str, owner: str) -> Response:
    """To the list again, with a sentence to show there once; it travels in a cookie, so that no link can forge one."""
    answer = RedirectResponse("/inbox" + (f"?{urlencode({'owner': owner})}" if owner else ""), status_code=303)
    answer.set_cookie(FLASH, quote(said[:SAID]), max_age=FLASH_S, path="/inbox", httponly=True, samesite="strict")
    return answer
