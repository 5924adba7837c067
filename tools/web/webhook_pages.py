"""The page /inbox/webhooks: endpoints of outgoing webhooks with their buttons. What they do is in `webhooks_out`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import quote, unquote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from graph.domain.announcing import EVENTS
from tools.store import webhook_deliveries as kept
from tools.store import webhooks as store
from tools.store.webhooks import CannotKeep
from tools.web.admin import storable_time
from tools.web.inbox_acts import FLASH_S, same_origin
from tools.web.inbox_acts import SAID as LONGEST_SAID
from tools.web.pages import Pages
from tools.web.webhooks_out import Name, NewEndpoint, Side, answered_or, known

PAGES, FLASH, SHOWN = "/inbox/webhooks", "webhooks_said", 20
Press: TypeAlias = Literal["pause", "resume", "remove"]


def webhook_pages(side: Side, require_login: Callable[..., Any]) -> APIRouter:
    """The page /inbox/webhooks with its buttons."""
    router = APIRouter(prefix=PAGES, dependencies=[Depends(require_login)], include_in_schema=False)
    pages = Pages(events=EVENTS)
    _page_routes(router, side, pages)
    _button_routes(router, side, pages)
    return router


def _page_routes(router: APIRouter, side: Side, pages: Pages) -> None:
    def facts(**more: Any) -> dict[str, Any]:
        return {
            "endpoints": store.endpoints(side.engine),
            "waiting": kept.waiting(side.engine),
            "said": "",
            "shown": None,
            **more,
        }

    @router.get("")
    def overview(request: Request) -> Response:
        said = unquote(request.cookies.get(FLASH, ""))[:LONGEST_SAID]
        answer = pages.answer("webhooks.html", **facts(said=said))
        if said:
            answer.delete_cookie(FLASH, path=PAGES)
        return answer

    @router.get("/{endpoint}")
    def one(request: Request, endpoint: Name, outcome: kept.Outcome | None = None) -> Response:
        held = known(lambda: store.found_endpoint(side.engine, endpoint))
        said = unquote(request.cookies.get(FLASH, ""))[:LONGEST_SAID]
        answer = pages.answer(
            "webhook.html",
            one=held,
            waits=kept.waiting(side.engine).get(endpoint),
            rows=kept.deliveries(side.engine, endpoint, limit=SHOWN, outcome=outcome),
            outcome=outcome,
            said=said,
        )
        if said:
            answer.delete_cookie(FLASH, path=PAGES)
        return answer

    @router.post("", dependencies=[Depends(same_origin)])
    async def add(
        url: Annotated[str, Form(max_length=2000)],
        events: Annotated[list[str], Form()],
        personal: Annotated[bool, Form()] = False,
    ) -> Response:
        try:
            shown = await side.add(NewEndpoint(url=url or "-", events=events[:20], personal=personal))
        except CannotKeep as error:
            return _back(f"Not added: {error}.")
        made = await run_in_threadpool(facts, shown=shown)
        return pages.answer("webhooks.html", **made)


def _button_routes(router: APIRouter, side: Side, pages: Pages) -> None:
    @router.post("/{endpoint}/test", dependencies=[Depends(same_origin)])
    async def test(endpoint: Name) -> Response:
        attempt = await answered_or(404, side.test(endpoint))
        came = f"{attempt.status} after {attempt.duration_ms} ms" if attempt.status else str(attempt.error)
        return _back(
            f"The ping came back with {came}." if attempt.status else f"No answer to the ping: {came}.", endpoint
        )

    @router.post("/{endpoint}/rotate-secret", dependencies=[Depends(same_origin)])
    def rotate(endpoint: Name) -> Response:
        shown = known(lambda: side.rotate(endpoint, None))
        held = {"endpoints": store.endpoints(side.engine), "waiting": kept.waiting(side.engine)}
        return pages.answer("webhooks.html", **held, said="", shown=shown)

    @router.post("/{endpoint}/send-again", dependencies=[Depends(same_origin)])
    def again(endpoint: Name, event_id: Annotated[str, Form(max_length=80)]) -> Response:
        sent = known(lambda: kept.send_again(side.engine, endpoint, event_id, side.clock()))
        return _back("It goes out again, under the same id." if sent else "It is on its way already.", endpoint)

    @router.post("/{endpoint}/replay", dependencies=[Depends(same_origin)])
    def replay(
        endpoint: Name,
        since: Annotated[datetime, Form()],
        undelivered: Annotated[bool, Form()] = False,
    ) -> Response:
        moment = storable_time(since if since.tzinfo else since.replace(tzinfo=UTC))
        assert moment is not None
        count = known(lambda: kept.replay_since(side.engine, endpoint, moment, side.clock(), undelivered=undelivered))
        return _back(f"{count:,} {'message goes' if count == 1 else 'messages go'} out again.", endpoint)

    @router.post("/{endpoint}/{press}", dependencies=[Depends(same_origin)])
    def press(endpoint: Name, press: Press) -> Response:
        if press == "remove":
            dropped = known(lambda: store.remove_endpoint(side.engine, endpoint, side.clock()))
            return _back(f"{endpoint} is removed; {dropped:,} waiting messages were dropped.")
        if press == "pause":
            known(lambda: store.set_state(side.engine, endpoint, "paused", None))
            return _back("Paused: what happens from now on waits.", endpoint)
        known(lambda: store.set_state(side.engine, endpoint, "active", None))
        return _back("It is told again, first of what waits.", endpoint)


def _back(said: str, endpoint: str = "") -> Response:
    answer = RedirectResponse(f"{PAGES}/{endpoint}" if endpoint else PAGES, status_code=303)
    answer.set_cookie(FLASH, quote(said[:LONGEST_SAID]), max_age=FLASH_S, path=PAGES, httponly=True, samesite="strict")
    return answer
