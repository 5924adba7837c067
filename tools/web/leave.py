"""The console's page of leave: who is away when, who covers, and the same edits that `/lead away` and `/lead back` make.

Whoever is logged in acts for the person who is chosen; the routing file's history says who it was for and that it was here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias
from urllib.parse import quote, unquote

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from graph.domain.table import RoutingTable
from tools.editing.leave import Leaves, NoLeave, planned, today_of
from tools.editing.results import Refused
from tools.web.pages import Pages

WHERE = "the console"
FLASH, FLASH_S, SAID = "leave_said", 30, 500
"""Name and seconds of the cookie that carries a sentence to the page, and its length in characters."""
PersonId: TypeAlias = Annotated[str, Form(max_length=100)]


def leave_pages(
    router: APIRouter,
    pages: Pages,
    leaves: Leaves,
    clock: Callable[[], datetime],
    same_origin: Sequence[Any],
) -> None:
    """Adds /leave to the router of the inbox. same_origin: dependencies of what changes something."""

    @router.get("/leave")
    def leave_page(request: Request) -> Response:
        said = unquote(request.cookies.get(FLASH, ""))[:SAID]
        page = pages.answer("leave.html", said=said, **_shown(leaves, clock()))
        if said:
            page.delete_cookie(FLASH, path="/inbox/leave")
        return page

    @router.post("/leave", dependencies=list(same_origin))
    def away(
        person: PersonId,
        first: Annotated[date, Form()],
        last: Annotated[date, Form()],
        cover: Annotated[str, Form(max_length=320)] = "",
    ) -> Response:
        def does(email: str, today: date) -> str:
            return leaves.away(email, (first, last), cover or None, today, WHERE).sentence

        return _done(leaves, clock(), person, does)

    @router.post("/leave/back", dependencies=list(same_origin))
    def back(person: PersonId, first: Annotated[date, Form()]) -> Response:
        def does(email: str, today: date) -> str:
            return leaves.back(email, today, WHERE, first).sentence

        return _done(leaves, clock(), person, does)


def _done(leaves: Leaves, now: datetime, person: str, does: Callable[[str, date], str]) -> Response:
    try:
        table = leaves.table()
        if person not in table.people:
            raise HTTPException(422, "person: is none of the people of the routing file.")
        email = table.people[person].email
        said = f"{email}: {does(email, today_of(email, table, now))}"  # whoever clicks may not be that person
    except Refused as refused:
        said = str(refused)
    except NoLeave as error:
        said = f"Nothing was written: {error}"
    answer = RedirectResponse("/inbox/leave", status_code=303)
    answer.set_cookie(FLASH, quote(said[:SAID]), max_age=FLASH_S, path="/inbox/leave", httponly=True, samesite="strict")
    return answer


def _shown(leaves: Leaves, now: datetime) -> dict[str, Any]:
    """People, and their leave that is not over; fault: why the file cannot be used."""
    try:
        table: RoutingTable = leaves.table()
    except Refused as refused:
        return {"people": [], "away": [], "fault": str(refused), "today": now.date()}
    people = [person for person in table.people.values() if person.active]
    away = [(person, leave) for person in people for leave in planned(person, today_of(person.email, table, now))]
    return {"people": people, "away": away, "fault": "", "today": now.date()}
