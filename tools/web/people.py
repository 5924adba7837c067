"""Duplicates over HTTP: pairs that wait for a verdict, merge, not the same, undo, and the person behind a lead; with a page of
the inbox for the same. Decides nothing: every act is one edge in the store, made or undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import quote, unquote

import orjson
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine

from graph.rules.people.evidence import SAID
from graph.rules.text import line
from tools.store.people_edges import CannotSay, say, undo
from tools.store.people_groups import LARGEST_PAGE, Person, groups, how_many_wait, person_of, waiting
from tools.web.admin import storable
from tools.web.inbox import LeadId, PageNumber
from tools.web.inbox_acts import FLASH_S, same_origin
from tools.web.inbox_acts import SAID as LONGEST_SAID
from tools.web.pages import Pages

PAGE = 20
PAGES = "/inbox/duplicates"
FLASH = "duplicates_said"
PERSON = "a person, on the page Duplicates"
Act: TypeAlias = Literal["merge", "different", "undo"]


class Pair(BaseModel):
    """Two leads, and who says something about them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    one: str = Field(pattern=r"^[\w.:-]{1,40}$", description="a lead's id")
    other: str = Field(pattern=r"^[\w.:-]{1,40}$", description="the other lead's id")
    by: str = Field(
        min_length=1, max_length=320, pattern=r"^[^\x00-\x1f]*$", description="who says so: an e-mail address"
    )
    why: str = Field(
        default="", max_length=500, pattern=r"^[^\x00]*$", description="a reason, for those who come later"
    )


def people_router(engine: Engine, clock: Callable[[], datetime]) -> APIRouter:
    """Under /admin; the caller adds the login."""
    router = APIRouter(prefix="/admin", tags=["people"])
    conflict: dict[int | str, dict[str, Any]] = {
        400: {"description": "The body cannot be read."},
        409: {"description": "It contradicts what stands, or names no lead."},
    }

    @router.get("/people/candidates")
    def candidates(
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50, page: PageNumber = 1
    ) -> dict[str, int | list[dict[str, Any]]]:
        """Pairs of leads that may be one person and wait for a verdict, surest first."""
        found = waiting(engine, limit=limit, page=page)
        return {"total": how_many_wait(engine), "candidates": [asdict(pair) for pair in found]}

    @router.get("/leads/{lead_id}/person", response_class=Response, responses={404: {"description": "No such lead."}})
    def person(lead_id: str) -> Response:
        """The person behind a lead: its other leads, every edge between them, and one record computed from all."""
        found = person_of(engine, storable(lead_id))
        if found is None:
            raise HTTPException(404, "No decision of this lead is recorded.")
        return Response(person_json(found), media_type="application/json")

    @router.post("/people/merge", responses=conflict)
    def merge(pair: Pair) -> dict[str, str]:
        """Call two leads one person. Both stay as they are; `undo` takes it back exactly."""
        return {"status": act(engine, "merge", pair.one, pair.other, pair.by, pair.why, clock())}

    @router.post("/people/different", responses=conflict)
    def different(pair: Pair) -> dict[str, str]:
        """Call two leads two people: nothing joins them again before this is undone."""
        return {"status": act(engine, "different", pair.one, pair.other, pair.by, pair.why, clock())}

    @router.post("/people/undo", responses=conflict)
    def take_back(pair: Pair) -> dict[str, str]:
        """Undo what stands between two leads, a merge or a `different`."""
        return {"status": act(engine, "undo", pair.one, pair.other, pair.by, pair.why, clock())}

    return router


def act(engine: Engine, what: Act, one: str, other: str, by: str, why: str, now: datetime) -> str:
    """One act as a word for the answer. 409 with a sentence where it cannot be done."""
    said = line(why, 500) or "said by a person"
    try:
        if what == "undo":
            return f"undone: {undo(engine, one, other, by=by, now=now)}"
        verdict: Literal["same", "different"] = "same" if what == "merge" else "different"
        made = say(engine, one, other, verdict, by=by, why=said, now=now)
    except CannotSay as error:
        raise HTTPException(409, str(error)) from None
    return ("merged" if what == "merge" else "different") if made else "stood already"


def person_json(person: Person) -> bytes:
    return orjson.dumps(
        {"leads": person.leads, "edges": person.edges, "golden": person.golden}, option=orjson.OPT_UTC_Z
    )


def duplicates_router(engine: Engine, require_login: Callable[..., Any], clock: Callable[[], datetime]) -> APIRouter:
    """The page /inbox/duplicates with its buttons."""
    router = APIRouter(prefix=PAGES, dependencies=[Depends(require_login)], include_in_schema=False)
    pages = Pages(codes=SAID)

    @router.get("")
    def duplicates(request: Request, page: PageNumber = 1) -> Response:
        said = unquote(request.cookies.get(FLASH, ""))[:LONGEST_SAID]
        total = how_many_wait(engine)
        facts = {"pairs": waiting(engine, limit=PAGE, page=page), "total": total, "page": page, "said": said}
        shown = pages.answer("duplicates.html", more=total > page * PAGE, groups=groups(engine, limit=PAGE), **facts)
        if said:
            shown.delete_cookie(FLASH, path=PAGES)
        return shown

    @router.get("/{lead_id}")
    def one_person(lead_id: LeadId) -> Response:
        found = person_of(engine, lead_id)
        if found is None:
            raise HTTPException(404, "No lead of that id was decided.")
        return pages.answer("person.html", person=found, lead_id=lead_id)

    @router.post("/{what}", dependencies=[Depends(same_origin)])
    def press(
        what: Act,
        one: Annotated[str, Form(pattern=r"^[\w.:-]{1,40}$")],
        other: Annotated[str, Form(pattern=r"^[\w.:-]{1,40}$")],
    ) -> Response:
        try:
            status = act(engine, what, one, other, PERSON, "", clock())
        except HTTPException as refused:
            return _back(f"Not done: {refused.detail}")
        return _back(_SENTENCES.get(status, "It stood like that already."))

    return router


_SENTENCES = {
    "merged": "Merged: they count as one person from now on. Both leads stay as they are.",
    "different": "Kept apart: nothing joins these two before that is undone.",
    "undone: same": "The merge is undone; the two wait for a verdict again.",
    "undone: different": "They may be merged again.",
}


def _back(said: str) -> Response:
    answer = RedirectResponse(PAGES, status_code=303)
    answer.set_cookie(FLASH, quote(said[:LONGEST_SAID]), max_age=FLASH_S, path=PAGES, httponly=True, samesite="strict")
    return answer
