"""The inbox pages: what an account executive would see in Slack, with working buttons, and the embedded CRM to look at.

Renders what the store holds and hands every act to it or to `pass_lead`; decides nothing. Server-side HTML without a
build step: everything is escaped by the templates, a strict content security policy allows only the page's own script,
and a form is taken only from a page of the same origin.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import unquote

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi import Path as PathPart
from sqlalchemy import Engine

from graph.domain.table import RoutingTable
from graph.rules.blocks import Message
from graph.rules.message_states import OUTCOMES
from graph.rules.passing import PASS_REASONS
from graph.rules.wording import first_name
from tools.editing.leave import Leaves, NoLeave, cover_of
from tools.store import crm_pages, inbox
from tools.store.accounts import Currency
from tools.store.activity_reading import events_of
from tools.store.ledgers import ledgers
from tools.store.reasons import Reasons, reasons_of
from tools.store.team_posts import digest_readers, team_posts
from tools.web.accounts import account_pages
from tools.web.inbox_acts import FLASH, SAID, ApproveLead, PassLead, offer_routes, same_origin, work_routes
from tools.web.leave import leave_pages
from tools.web.pages import Pages
from tools.web.rendering import Block, drawn
from tools.why import NotKept
from tools.why_not import not_they

PAGE = 20
US_DOLLARS = Currency()
BIGGEST = 2**31 - 1
FIRST_LEAD = (
    '{"email": "maya@acmelabs.com", "full_name": "Maya Ortiz", "title": "VP Engineering", "company": "Acme Labs", '
    '"country": "US", "state": "WA", "source": "demo_request", "message": "Tracing across 300 services before Q3"}'
)

LeadId: TypeAlias = Annotated[str, PathPart(pattern=r"^[\w.:-]{1,40}$")]
Owner: TypeAlias = Annotated[str, Query(max_length=320, pattern=r"^[^\x00-\x1f]*$")]
Before: TypeAlias = Annotated[int | None, Query(ge=1, le=BIGGEST)]
Number: TypeAlias = Annotated[int, Query(ge=1, le=BIGGEST)]
CrmTable: TypeAlias = Literal["contacts", "companies", "owners", "tasks", "notes"]
PageNumber: TypeAlias = Annotated[int, Query(ge=1, le=100_000)]


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
    offer_routes(router, engine, clock, pass_lead, approve_lead, leaves)
    work_routes(router, engine, clock)
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
        reasons = reasons_of(engine, lead_id, number)
        if reasons is None:
            raise HTTPException(404, "No decision gave this lead away under that number.")
        facts = {"reasons": reasons, "number": number, "other": other, **_why_not(engine, reasons, other, routing)}
        return pages.answer("reasons.html" if part else "why.html", **facts)


def _why_not(
    engine: Engine, reasons: Reasons, other: str, routing: Callable[[], RoutingTable] | None
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
        lines = team_posts(engine, "line", None, PAGE)
        digests = team_posts(engine, "digest", reader or None, PAGE + 1, before)
        return pages.answer(
            "team.html",
            lines=[(post, drawn(post.message, "")) for post in lines],
            digests=[(post, drawn(post.message, first_name(post.audience))) for post in digests[:PAGE]],
            older=digests[PAGE - 1].post_id if len(digests) > PAGE else None,
            readers=digest_readers(engine),
            reader=reader,
        )


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
