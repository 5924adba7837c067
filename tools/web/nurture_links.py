"""The links of mails, open to strangers: leave with one click (RFC 8058), and counted links where they are switched on.

Reading a page changes nothing, so that mail programs and scanners may look at every link; only a POST unsubscribes. A token
is signed by us and names a mail; where a link leads was written down with the mail, never in the link.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathPart
from fastapi.responses import RedirectResponse
from sqlalchemy import Engine

from tools.nurture.tokens import UNSUBSCRIBE, Tokens
from tools.store.agents import LONGEST
from tools.store.nurture_clicks import note_click
from tools.store.nurture_leaving import How, leave
from tools.store.nurture_mails import find
from tools.web.pages import Pages

Token: TypeAlias = Annotated[str, PathPart(max_length=80)]
_NO_SUCH: dict[int | str, dict[str, Any]] = {
    404: {"description": "The link is not one of ours, or its mail is no longer kept."}
}


def link_router(engine: Engine, tokens: Tokens, clock: Callable[[], datetime]) -> APIRouter:
    router, pages = APIRouter(tags=["mails"]), Pages()

    def mail_of(token: str) -> str | None:
        found = tokens.read(token)
        return found[0] if found is not None and found[1] == UNSUBSCRIBE else None

    def page(state: str) -> Response:
        answer = pages.answer("unsubscribe.html", state=state)
        answer.status_code = 404 if state == "unknown" else 200
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    @router.get("/unsubscribe/{token}", response_class=Response, responses=_NO_SUCH)
    def ask(token: Token) -> Response:
        """A page with one button. Changes nothing."""
        mail_id = mail_of(token)
        with engine.connect() as connection:
            known = mail_id is not None and find(connection, mail_id) is not None
        return page("ask" if known else "unknown")

    @router.post("/unsubscribe/{token}", response_class=Response, responses=_NO_SUCH)
    def unsubscribe(request: Request, token: Token) -> Response:
        """No more mails of sequences to this person, under any address. A mail program's one click, or the page's button."""
        mail_id = mail_of(token)
        how: How = "page" if request.headers.get("origin") else "one_click"
        done = mail_id is not None and leave(engine, mail_id, how, clock())
        return page("done" if done else "unknown")

    @router.head("/c/{token}", include_in_schema=False)
    @router.get("/c/{token}", response_class=Response, responses={302: {"description": "The link."}, **_NO_SUCH})
    def click(request: Request, token: Token) -> Response:
        """To where the mail's template leads, and nowhere else. The first click of each link by a person is an event of the
        lead; HEAD is nobody's click, and one that a program made is kept and does not count."""
        found = tokens.read(token)
        if found is None or found[1] == UNSUBSCRIBE:
            return page("unknown")
        mail_id, number = found
        with engine.execution_options(immediate=True).begin() as connection:
            mail: Any = find(connection, mail_id)
            links = json.loads(mail.links) if mail is not None else []
            if number >= len(links):
                return page("unknown")
            if request.method == "GET":
                note_click(connection, mail, number, links[number], _told(request.headers), clock())
        return RedirectResponse(links[number], 302, {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"})

    return router


def _told(headers: Mapping[str, str]) -> dict[str, Any]:
    """What a request says of who makes it, as the verdict about bots reads it."""
    ahead = " ".join(headers.get(name, "") for name in ("purpose", "sec-purpose", "x-purpose", "x-moz")).lower()
    told: dict[str, Any] = {"user_agent": headers.get("user-agent", "")[:LONGEST]}
    return told | ({"prefetch": True} if "prefetch" in ahead or "preview" in ahead else {})
