"""A picture of the inbox in each state, made by the router itself and Chromium, in a folder that the test prints.

    pytest -s tests/tools/web/test_inbox_pictures.py --basetemp=FOLDER

Skipped where Chromium is not installed (apt-get install chromium).
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, async_playwright, expect

from tests.fixtures.router import Bench, person
from tests.tools.stream.test_alerts import Hot
from tests.tools.stream.test_sla_timers import FILE, Desk
from tests.tools.web.test_inbox_browser import CHROMIUM, FLAGS
from tools.routing_file import parse
from tools.store.acts import accept, close, feedback, touch
from tools.store.tables import outbox
from tools.stream.again import again, passed
from tools.stream.digests import Digests
from tools.web.inbox import inbox_router

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")

DEE = "dee@company.com"
ASKED = {
    "full_name": "Maya Ortiz", "phone": "+49 30 901820", "message": "We need tracing across 300 services before Q3.",
}  # fmt: skip


async def dispatch(desk: Desk) -> None:
    """All messages, those of acts that lie ahead too."""
    waiting = outbox.update().where(outbox.c.vendor == "notifier", outbox.c.state == "pending")
    with desk.engine.execution_options(immediate=True).begin() as connection:
        connection.execute(waiting.values(due_at=datetime.now(UTC)))
    await desk.dispatch()


async def offered(desk: Desk) -> str:
    lead_id = await desk.lead("northstar", **ASKED)
    await dispatch(desk)
    return lead_id


async def accepted(desk: Desk) -> str:
    lead_id = await offered(desk)
    with desk.engine.execution_options(immediate=True).begin() as connection:
        connection.execute(outbox.update().where(outbox.c.kind == "assign_owner").values(state="done"))
    accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC) + timedelta(seconds=72))
    await dispatch(desk)
    desk.due("confirm_owner")
    await desk.dispatch()
    await dispatch(desk)
    return lead_id


async def touched(desk: Desk) -> str:
    lead_id = await accepted(desk)
    touch(desk.engine, lead_id, 1, DEE, "call", datetime.now(UTC) + timedelta(minutes=6))
    await dispatch(desk)
    return lead_id


async def reminded(desk: Desk) -> str:
    lead_id = await offered(desk)
    desk.due("remind_owner")
    await dispatch(desk)
    return lead_id


async def overdue(desk: Desk) -> str:
    lead_id = await accepted(desk)
    desk.due("touch_missed")
    await dispatch(desk)
    return lead_id


def closed(outcome: str, *, answered: bool = False) -> Callable[[Desk], Awaitable[str]]:
    async def make(desk: Desk) -> str:
        lead_id = await touched(desk)
        close(desk.engine, lead_id, 1, DEE, outcome, datetime.now(UTC) + timedelta(hours=2))
        if answered:
            feedback(desk.engine, lead_id, 1, by=DEE, code="right", now=datetime.now(UTC))
        await dispatch(desk)
        return lead_id

    return make


async def passed_on(desk: Desk) -> str:
    lead_id = await offered(desk)
    await desk.bench.post(passed(again(desk.engine, lead_id, "pass"), 1, DEE, "conflict: I know the founder"))
    await desk.work()
    await dispatch(desk)
    return lead_id


async def missed(desk: Desk) -> str:
    lead_id = await offered(desk)
    await desk.miss()
    return lead_id


async def come_back(desk: Desk) -> str:
    lead_id = await offered(desk)
    for to in ("rita", "dee"):
        desk.table = parse(json.dumps({**FILE, "rules": [{"id": "r", "to": to, "sla": "hot"}]}))
        await desk.bench.post(person("northstar", **(ASKED | {"message": "Any news? We decide on Friday."})))
        await desk.work()
        await dispatch(desk)
    return lead_id


async def new_facts(desk: Desk) -> str:
    lead_id = await offered(desk)
    await desk.lead("northstar", **(ASKED | {"message": "Two more teams want in."}))
    await desk.lead("northstar", **(ASKED | {"title": "Student", "source": "newsletter", "message": "Just reading."}))
    await dispatch(desk)
    return lead_id


async def nurturing(desk: Desk) -> str:
    desk.table = parse(json.dumps({**FILE, "nurture": {"if": {"source": "newsletter"}, "sequence": "edu"}}))
    lead_id = await offered(desk)
    await desk.lead("northstar", **(ASKED | {"source": "newsletter", "message": "Just send me news."}))
    await dispatch(desk)
    return lead_id


async def to_be_checked(desk: Desk) -> str:
    lead_id = await desk.lead("northstar", **(ASKED | {"honeypot": "filled in"}))
    await dispatch(desk)
    return lead_id


class Held:
    """A routing file in use."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def current(self) -> Any:
        return self.table


async def team(desk: Desk) -> str:
    desk.bench.ports = replace(desk.bench.ports, scorer=Hot())
    lead_id = await offered(desk)
    await desk.lead("southfield", **ASKED)
    with ThreadPoolExecutor(1) as executor:
        now = datetime.now(UTC).replace(hour=13, minute=1)
        job = Digests(
            desk.engine, executor, lambda: Held(desk.table), (8, 13), "http://127.0.0.1:8000", clock=lambda: now
        )
        assert job.once() >= 1
    await dispatch(desk)
    return lead_id


STATES: dict[str, tuple[Callable[[Desk], Awaitable[str]], str, str]] = {
    "assigned": (offered, DEE, "How it was decided: decision record"),
    "half of the time gone": (reminded, DEE, "Reminder: accept by"),
    "accepted": (accepted, DEE, "The CRM has Dee as the owner."),
    "first touch": (touched, DEE, "First touch 6 min"),
    "first touch overdue": (overdue, DEE, "First touch overdue, it was due by"),
    "won": (closed("won"), DEE, "Was the score right?"),
    "won, and judged": (closed("won", answered=True), DEE, "Feedback from Dee: the score was right."),
    "lost": (closed("lost"), DEE, "Lost, closed by Dee"),
    "no-show": (closed("no_show"), DEE, "No-show, closed by Dee"),
    "not a fit": (closed("not_a_fit"), DEE, "Not a fit, closed by Dee"),
    "passed": (passed_on, DEE, "Ledger of the pool ent: Dee gets the turn back"),
    "missed": (missed, DEE, "Ladder of hot: next (now Eli), then manager, then DEFAULT."),
    "come back": (come_back, DEE, "Offered to Dee"),
    "new facts": (new_facts, DEE, "Wrote again: Two more teams want in."),
    "back to nurturing": (nurturing, DEE, "Back to nurturing"),
    "to be checked": (to_be_checked, DEE, "Please check"),
    "team and digest": (team, "", "Waits for you"),
}
"""Name -> (how the router gets there, whose message, what must be in the picture)."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.mark.parametrize("name", STATES)
async def test_a_state_is_shown_as_slack_would(name: str, bench: Bench, browser: Browser, tmp_path: Path):
    make, owner, said = STATES[name]
    desk = Desk(bench)
    await make(desk)
    app = FastAPI()

    async def pass_lead(*_: Any) -> str:
        return ""

    app.include_router(inbox_router(desk.engine, pass_lead, lambda: None, lambda: datetime.now(UTC)))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.02)
    try:
        base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        page = await browser.new_page(viewport={"width": 900, "height": 700}, color_scheme="light")
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        await page.goto(f"{base}/inbox?owner={owner}" if owner else f"{base}/inbox/team")
        await expect(page.locator("main")).to_contain_text(said)
        picture = tmp_path / f"{name}.png"
        await page.screenshot(path=picture, full_page=True)
        print(f"\n{name}: {picture}")
        assert picture.stat().st_size > 10_000
        assert await page.evaluate("document.documentElement.scrollWidth") <= 900
        assert wrong == []
    finally:
        server.should_exit = True
        thread.join(10)
