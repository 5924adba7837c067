"""Sequences over HTTP: who is in which, what comes next, what was sent; pause, resume, cancel; what would be sent when.

JSON under /admin/nurture, pages under /inbox/nurture. Sends nothing and performs no step.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Response
from fastapi import Path as PathPart
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine

from graph.domain.sequence import Addressee
from graph.rules.sequences.preview import Planned, plan
from tools.sequence_file import LiveSequences
from tools.store import nurture_pages as shown
from tools.store.nurture_leaving import leave_address
from tools.store.nurture_mails import find, mail_page
from tools.store.nurture_places import Word, move
from tools.web.inbox_acts import same_origin
from tools.web.pages import Pages

Status: TypeAlias = Literal["ACTIVE", "PAUSED", "COMPLETED", "CANCELLED"]
LeadId: TypeAlias = Annotated[str, PathPart(pattern=r"^[\w.:-]{1,40}$")]
Name: TypeAlias = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_-]{0,79}$")]
PageNumber: TypeAlias = Annotated[int, Query(ge=1, le=100_000)]
SIZE = 50
_NONE: dict[int | str, dict[str, Any]] = {404: {"description": "The lead is in no such sequence."}}


class Unwilling(BaseModel):
    """Who wants no more mails."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    address: str = Field(max_length=320, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$", description="an e-mail address")


def nurture_admin(engine: Engine, sequences: LiveSequences, clock: Callable[[], datetime]) -> APIRouter:
    router = APIRouter(prefix="/admin/nurture", tags=["nurture"])

    @router.get("")
    def listed(status: Status | None = None, page: PageNumber = 1) -> dict[str, Any]:
        """Enrolments, newest first."""
        rows, total = shown.enrolments(engine, status=status, limit=SIZE, page=page)
        return {
            "total": total,
            "page": page,
            "enrolments": [dict(row._mapping) for row in rows],  # noqa: SLF001 - documented name
            "fault": sequences.fault,
        }

    @router.get("/preview/{sequence}", responses={404: {"description": "No such sequence, or no such lead."}})
    def preview(
        sequence: Annotated[str, PathPart(pattern=r"^[a-z][a-z0-9_-]{0,39}$")],
        lead: Annotated[str | None, Query(pattern=r"^[\w.:-]{1,40}$")] = None,
    ) -> dict[str, Any]:
        """What would be sent when, if it began now and nothing happened meanwhile."""
        planned = planned_for(engine, sequences, sequence, lead, clock())
        if planned is None:
            raise HTTPException(404, "There is no such sequence in the file, or no such lead.")
        return {"sequence": sequence, "lead_id": lead, "steps": [vars(one) for one in planned]}

    @router.get("/{lead_id}", responses=_NONE)
    def card(lead_id: LeadId) -> dict[str, Any]:
        """A lead's enrolments with every step and mail."""
        found = shown.cards(engine, lead_id)
        if not found:
            raise HTTPException(404, "The lead was never in a sequence.")
        return {
            "enrolments": [
                {**one.enrolment, "history": one.steps, "mails": one.mails, "stuck": one.stuck} for one in found
            ]
        }

    @router.post("/unsubscribes", status_code=201, responses={400: {"description": "The body cannot be read."}})
    def unsubscribe(body: Unwilling) -> dict[str, Any]:
        """Somebody said elsewhere that they want no more mails. For ever, for all their addresses."""
        return {"address": body.address.lower(), "cancelled": leave_address(engine, body.address, clock())}

    @router.post("/{lead_id}/{word}", responses=_NONE)
    def act(lead_id: LeadId, word: Word, sequence: Name | None = None) -> dict[str, Any]:
        """Pause, resume or cancel what the lead is in, or one sequence of it."""
        moved = move(engine, lead_id, word, "an operator", clock(), sequence)
        if not moved:
            raise HTTPException(404, "The lead is in no such sequence.")
        return {
            "enrolments": [
                {"sequence": m.sequence, "status": m.status, "changed": m.done, "said": m.said} for m in moved
            ]
        }

    return router


def nurture_pages(
    engine: Engine, sequences: LiveSequences, require_login: Callable[..., Any], clock: Callable[[], datetime]
) -> APIRouter:
    router = APIRouter(prefix="/inbox/nurture", dependencies=[Depends(require_login)], include_in_schema=False)
    pages = Pages()

    @router.get("")
    def listed(status: Status | Literal[""] = "", page: PageNumber = 1) -> Response:
        rows, total = shown.enrolments(engine, status=status or None, limit=SIZE, page=page)
        facts = {"rows": rows, "status": status, "statuses": shown.STATUSES, "fault": sequences.fault}
        return pages.answer("nurture.html", **facts, **_paged(page, total))

    @router.get("/mails")
    def all_mails(page: PageNumber = 1) -> Response:
        rows, total = mail_page(engine, limit=SIZE, page=page)
        return pages.answer("nurture_mails.html", rows=rows, **_paged(page, total))

    @router.get("/mails/{mail_id}")
    def one_mail(mail_id: Annotated[str, PathPart(pattern=r"^[0-9a-f]{32}$")]) -> Response:
        with engine.connect() as connection:
            mail = find(connection, mail_id)
        if mail is None:
            raise HTTPException(404, "There is no such mail.")
        html = Markup(mail.html)  # noqa: S704 - made by graph.rules.sequences.mail_text, which escapes every value
        return pages.answer("nurture_mail.html", mail=mail, html=html)

    @router.get("/{lead_id}")
    def card(lead_id: LeadId) -> Response:
        found = shown.cards(engine, lead_id)
        if not found:
            raise HTTPException(404, "The lead was never in a sequence.")
        known = shown.person(engine, lead_id)
        ahead = {
            one.enrolment["sequence"]: planned_for(engine, sequences, one.enrolment["sequence"], lead_id, clock(), one)
            for one in found
        }
        return pages.answer("nurture_lead.html", cards=found, lead_id=lead_id, known=known, ahead=ahead)

    @router.post("/{lead_id}", dependencies=[Depends(same_origin)])
    def act(
        lead_id: LeadId,
        word: Annotated[Word, Form()],
        sequence: Annotated[str, Form(pattern=r"^[a-z][a-z0-9_-]{0,79}$")],
    ) -> Response:
        if not move(engine, lead_id, word, "the console", clock(), sequence):
            raise HTTPException(404, "The lead is in no such sequence.")
        return RedirectResponse(f"/inbox/nurture/{lead_id}", status_code=303)

    return router


def _paged(page: int, total: int) -> dict[str, int]:
    return {"number": page, "last": max(1, -(-total // SIZE)), "total": total}


def planned_for(
    engine: Engine,
    sequences: LiveSequences,
    name: str,
    lead_id: str | None,
    now: datetime,
    card: shown.Card | None = None,
) -> list[Planned] | None:
    """As `plan` says it, for this lead or for somebody of whom nothing is known; of a running enrolment only what is still
    ahead. None for a sequence or a lead that is not there."""
    sequence = sequences.current().sequences.get(name)
    person = Addressee("-", "somebody@example.com", None, None, True, 0.0, "low", {})
    if lead_id is not None:
        known = shown.person(engine, lead_id)
        if known is None:
            return None
        person = known.person
    if sequence is None:
        return None
    if card is None:
        return plan(sequence, person, now)
    began = shown.enrolled_at(engine, lead_id or "", name) or now
    return (
        [one for one in plan(sequence, person, began) if one.at > now] if card.enrolment["status"] == "ACTIVE" else []
    )
