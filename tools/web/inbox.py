"""The inbox pages: what an account executive would see in Slack, with working buttons, and the embedded CRM to look at.

Renders what the store holds and hands every act to it or to `pass_lead`; decides nothing. Server-side HTML without a
build step: everything is escaped by the templates, a strict content security policy allows only the page's own script,
and a form is taken only from a page of the same origin.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import quote, unquote, urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi import Path as PathPart
from fastapi.responses import RedirectResponse
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from graph.domain.table import RoutingTable
from graph.rules.blocks import FEEDBACK, Message
from graph.rules.message_states import OUTCOMES, TOUCHES
from graph.rules.passing import PASS_REASONS, NoReason, pass_reason
from graph.rules.wording import first_name
from tools.editing.leave import Leaves, NoLeave, cover_of, today_of
from tools.editing.results import Refused
from tools.store import acts, crm_pages, inbox
from tools.store.accounts import Currency
from tools.store.activities import events_of
from tools.store.ledgers import ledgers
from tools.store.verdicts import TAPS
from tools.web.accounts import account_pages
from tools.web.leave import WHERE, leave_pages
from tools.web.pages import Pages
from tools.web.rendering import Block, drawn
from tools.why import NotKept
from tools.why_not import not_they

PassLead: TypeAlias = Callable[[str, int, str, str], Awaitable[str]]
"""(lead id, assignment number, by, reason) -> a sentence for the person who passed."""
ApproveLead: TypeAlias = Callable[[str, int, str], Awaitable[str]]
"""(lead id, assignment number, by) -> a sentence; called once a lead under review was accepted."""

PAGE = 20
US_DOLLARS = Currency()
BIGGEST = 2**31 - 1
FLASH, FLASH_S, SAID = "inbox_said", 30, 300
"""Name and seconds of the cookie that carries a sentence to the next page, and its length in characters."""
FIRST_LEAD = (
    '{"email": "maya@acmelabs.com", "full_name": "Maya Ortiz", "title": "VP Engineering", "company": "Acme Labs", '
    '"country": "US", "state": "WA", "source": "demo_request", "message": "Tracing across 300 services before Q3"}'
)

LeadId: TypeAlias = Annotated[str, PathPart(pattern=r"^[\w.:-]{1,40}$")]
Owner: TypeAlias = Annotated[str, Query(max_length=320, pattern=r"^[^\x00-\x1f]*$")]
Before: TypeAlias = Annotated[int | None, Query(ge=1, le=BIGGEST)]
Number: TypeAlias = Annotated[int, Query(ge=1, le=BIGGEST)]
Value: TypeAlias = Annotated[str, Form(pattern=r"^[\w.:-]{1,40}:\d{1,9}$")]
CrmTable: TypeAlias = Literal["contacts", "companies", "owners", "tasks", "notes"]
PageNumber: TypeAlias = Annotated[int, Query(ge=1, le=100_000)]
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


def inbox_router(
    engine: Engine,
    pass_lead: PassLead,
    require_login: Callable[..., Any],
    clock: Callable[[], datetime],
    approve_lead: ApproveLead | None = None,
    routing: Callable[[], RoutingTable] | None = None,
    currency: Currency = US_DOLLARS,
    leaves: Leaves | None = None,
) -> APIRouter:
    """Pages under /inbox. Whoever is logged in acts for the owner of the alert that is clicked. routing: the file in
    use, for the page of its pools; currency: that accounts are ranked in; leaves: writes leave into that file."""
    router = APIRouter(prefix="/inbox", dependencies=[Depends(require_login)], include_in_schema=False)
    pages = Pages(pass_reasons=PASS_REASONS, outcomes=OUTCOMES)
    _read_routes(router, engine, pages, routing)
    _offer_routes(router, engine, clock, pass_lead, approve_lead, leaves)
    _work_routes(router, engine, clock)
    _crm_routes(router, engine, pages)
    _team_routes(router, engine, pages)
    account_pages(router, engine, pages, currency)
    if routing is not None:
        _ledger_routes(router, engine, pages, clock, routing)
    if leaves is not None:
        leave_pages(router, pages, leaves, clock, [Depends(same_origin)])
    return router


def _read_routes(router: APIRouter, engine: Engine, pages: Pages, routing: Callable[[], RoutingTable] | None) -> None:
    def listing(owner: str, before: int | None) -> dict[str, Any]:
        found = inbox.alerts(engine, owner or None, PAGE + 1, before)
        shown = [(alert, drawn(alert.message, first_name(alert.owner)), _thread(alert)) for alert in found[:PAGE]]
        older = found[PAGE - 1].alert_id if len(found) > PAGE else None
        return {"alerts": shown, "owner": owner, "before": before, "older": older}

    @router.get("")
    def inbox_page(request: Request, owner: Owner = "", before: Before = None) -> Response:
        said = unquote(request.cookies.get(FLASH, ""))[:SAID]
        curl = f"curl -X POST {request.base_url}webhooks/lead -H 'Content-Type: application/json' -d '{FIRST_LEAD}'"
        facts = listing(owner, before) | {"owners": inbox.owners(engine), "said": said, "curl": curl}
        page = pages.answer("inbox.html", **facts)
        if said:
            page.delete_cookie(FLASH, path="/inbox")
        return page

    @router.get("/list")
    def alert_list(owner: Owner = "", before: Before = None) -> Response:
        return pages.answer("alerts.html", **listing(owner, before))

    @router.get("/why/{lead_id}")
    def why(lead_id: LeadId, number: Number, part: bool = False, other: Owner = "") -> Response:
        """other: somebody of whom the page also says why they do not have the lead, by name or address."""
        reasons = inbox.reasons_of(engine, lead_id, number)
        if reasons is None:
            raise HTTPException(404, "No decision gave this lead away under that number.")
        facts = {"reasons": reasons, "number": number, "other": other, **_why_not(engine, reasons, other, routing)}
        return pages.answer("reasons.html" if part else "why.html", **facts)


def _why_not(
    engine: Engine, reasons: inbox.Reasons, other: str, routing: Callable[[], RoutingTable] | None
) -> dict[str, Any]:
    """Sentences on why `other` does not have the lead; gone: why they cannot be said."""
    if not other or routing is None:
        return {"not_they": [], "gone": ""}
    try:
        wanted = cover_of(other, routing())
        found = not_they(engine, reasons.lead_id, reasons.revision, reasons.owner, [wanted])
    except (NoLeave, NotKept) as error:
        return {"not_they": [], "gone": str(error)}
    return {"not_they": found, "gone": "" if found else f"{first_name(wanted)} has this lead."}


def _offer_routes(
    router: APIRouter,
    engine: Engine,
    clock: Callable[[], datetime],
    pass_lead: PassLead,
    approve_lead: ApproveLead | None,
    leaves: Leaves | None,
) -> None:
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


def _work_routes(router: APIRouter, engine: Engine, clock: Callable[[], datetime]) -> None:
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


def _thread(alert: inbox.AlertView) -> list[tuple[inbox.Note, list[Block]]]:
    """Each note with its blocks; a note of plain words has none."""
    return [(note, _blocks(note.message, first_name(alert.owner))) for note in alert.notes]


def _blocks(message: Message | None, person: str) -> list[Block]:
    if message is None:
        return []
    plain = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": message["text"]}}]}
    return drawn(message if message.get("blocks") else plain, person)


def _team_routes(router: APIRouter, engine: Engine, pages: Pages) -> None:
    """What Slack would show beside the direct messages: the team's channel, and digests."""

    @router.get("/team")
    def team(reader: Owner = "", before: Before = None) -> Response:
        lines = inbox.team_posts(engine, "line", None, PAGE)
        digests = inbox.team_posts(engine, "digest", reader or None, PAGE + 1, before)
        return pages.answer(
            "team.html",
            lines=[(post, drawn(post.message, "")) for post in lines],
            digests=[(post, drawn(post.message, first_name(post.audience))) for post in digests[:PAGE]],
            older=digests[PAGE - 1].post_id if len(digests) > PAGE else None,
            readers=inbox.digest_readers(engine),
            reader=reader,
        )


def known(code: str, codes: Mapping[str, str]) -> None:
    """422 for a code that no button of ours sends."""
    if code not in codes:
        raise HTTPException(422, f"code: {code!r} is none of {', '.join(codes)}.")


def _crm_routes(router: APIRouter, engine: Engine, pages: Pages) -> None:
    @router.get("/crm")
    def crm(table: CrmTable = "contacts", page: PageNumber = 1) -> Response:
        return pages.answer("crm.html", name=table, page=crm_pages.page_of(engine, table, page))

    @router.get("/crm/{lead_id}")
    def crm_lead(lead_id: LeadId) -> Response:
        card = crm_pages.card_of(engine, lead_id)
        if card is None:
            raise HTTPException(404, "No lead of that id was decided.")
        return pages.answer("crm_lead.html", card=card, lead_id=lead_id, did=events_of(engine, lead_id, limit=100))


def _ledger_routes(
    router: APIRouter,
    engine: Engine,
    pages: Pages,
    clock: Callable[[], datetime],
    routing: Callable[[], RoutingTable],
) -> None:
    @router.get("/ledger")
    def ledger() -> Response:
        table = routing()
        return pages.answer("ledger.html", ledgers=ledgers(engine, table, list(table.pools), clock()))


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
