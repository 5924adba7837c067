"""The inbox in a real browser: Debian's Chromium. Skipped where it is not installed (apt-get install chromium)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine, update

from tests.fixtures.inbox import HOSTILE, dispatch, move, offer
from tools.store import acts
from tools.store.engine import open_engine
from tools.store.tables import accounts, leads
from tools.web.inbox import inbox_router

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

ACCOUNT = {
    "parent_domain": "acme.com", "name": "Acme Corp", "p_max": 0.6, "p_calibrated": 0.5, "companies": 1, "leads": 2,
    "acv_usd": 1000.0, "priority_usd": 500.0, "updated_at": datetime(2026, 4, 7, tzinfo=UTC),
}  # fmt: skip

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")


@dataclass
class Site:
    url: str
    engine: Engine
    passed: list[tuple[str, int, str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    engine = open_engine(sqlite_url)
    app = FastAPI()
    site = Site("", engine)

    async def pass_lead(lead_id: str, number: int, by: str, reason: str) -> str:
        site.passed.append((lead_id, number, by, reason))
        await asyncio.to_thread(move, engine, lead_id, "eli@company.com", datetime.now(UTC))
        return "Passed on; the next owner is being told."

    app.include_router(inbox_router(engine, pass_lead, lambda: None, lambda: datetime.now(UTC)))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.02)
    site.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/inbox"
    yield site
    server.should_exit = True
    thread.join(10)
    engine.dispose()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(timezone_id="America/Los_Angeles", locale="en-US")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert wrong == []


def test_accept_is_clicked_and_the_alert_is_theirs(site: Site, page: Page):
    offer(site.engine, at=datetime.now(UTC))
    page.goto(site.url)
    expect(page.locator(".pill")).to_contain_text("5 min left")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_contain_text("Dee has it, accepted in")
    expect(page.locator(".pill")).to_have_text("accepted by Dee · first touch 15 min left")
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    dispatch(site.engine, datetime.now(UTC))
    expect(page.locator(".context strong")).to_contain_text("Accepted by Dee in", timeout=8_000)  # without a reload
    expect(page.locator(".thread")).to_contain_text("Accepted by Dee")


def test_a_pass_with_a_reason_works_with_the_keyboard_alone(site: Site, page: Page):
    offer(site.engine, at=datetime.now(UTC))
    page.goto(site.url)
    page.locator("summary", has_text="Pass").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.get_by_label("For the next owner").fill("I know the founder")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("the next owner is being told")
    assert site.passed == [("ld_1", 1, "dee@company.com", "conflict: I know the founder")]
    expect(page.locator(".pill")).to_have_text("moved to Eli")


def test_why_me_opens_the_steps_in_place(site: Site, page: Page):
    offer(site.engine, at=datetime.now(UTC))
    page.goto(site.url)
    why = page.get_by_role("link", name="Why me?")
    why.click()
    expect(page.locator(".why .steps li")).to_have_count(3)
    expect(why).to_have_attribute("aria-expanded", "true")
    why.click()
    expect(page.locator(".why")).to_be_hidden()
    assert page.url == site.url


def test_hostile_text_is_shown_as_text(site: Site, page: Page):
    offer(site.engine, lead=HOSTILE, profile=None, at=datetime.now(UTC))
    page.goto(site.url)
    page.wait_for_timeout(300)
    assert page.title() == "Inbox · Lead router"
    expect(page.locator(".text")).to_contain_text("<script>document.title='owned'</script>".replace(".", ".\u200b"))
    expect(page.locator("article img")).to_have_count(0)
    hrefs = page.locator("article a").evaluate_all("links => links.map(link => new URL(link.href).host)")
    assert set(hrefs) == {"127.0.0.1:8000", site.url.split("/")[2]}
    assert page.locator(".text strong", has_text="Why you").count() == 1


def test_times_are_shown_in_the_readers_own_zone(site: Site, page: Page):
    offer(site.engine)
    page.goto(site.url)
    expect(page.locator(".context time").first).to_have_text("7:07 AM")


def test_a_new_alert_arrives_by_itself(site: Site, page: Page):
    page.goto(site.url)
    expect(page.get_by_role("heading", name="No lead has arrived yet")).to_be_visible()
    offer(site.engine, at=datetime.now(UTC))
    expect(page.locator("article h2")).to_have_text("Hot lead: Acme Labs (Acme Corp family)", timeout=8_000)
    expect(page.locator("#empty")).to_have_count(0)


def test_a_half_typed_reason_outlives_every_refresh(site: Site, page: Page):
    offer(site.engine, at=datetime.now(UTC))
    page.goto(site.url)
    page.locator("summary", has_text="Pass").click()
    detail = page.locator("#alert-1").get_by_label("For the next owner")
    detail.fill("half a sen")
    acts.feedback(site.engine, "ld_1", 1, by="ana@company.com", code="spam", now=datetime.now(UTC))
    offer(site.engine, "ld_2", at=datetime.now(UTC))
    expect(page.locator(".stale")).to_be_visible(timeout=8_000)
    expect(detail).to_have_value("half a sen")
    expect(detail).to_be_focused()
    expect(page.locator("article")).to_have_count(1)  # the list does not move under the hand
    page.get_by_role("button", name="1 new alert").click()
    expect(page.locator("article")).to_have_count(2)
    expect(detail).to_have_value("half a sen")


def test_a_phone_reads_it_without_scrolling_sideways(site: Site, browser: Browser):
    offer(site.engine, lead=HOSTILE, profile=None, at=datetime.now(UTC))
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(site.url)
    page.locator("summary", has_text="Pass").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    heights = page.locator("article button, article .button").evaluate_all(
        "all => all.filter(one => one.offsetParent).map(one => one.offsetHeight)"
    )
    assert min(heights) >= 44, "a thumb needs 44 pixels"
    context.close()


def test_a_lead_is_accepted_touched_and_closed_by_clicks(site: Site, page: Page):
    offer(site.engine, at=datetime.now(UTC) - timedelta(minutes=2))
    page.goto(site.url)
    page.get_by_role("button", name="Accept").click()
    dispatch(site.engine, datetime.now(UTC))
    expect(page.locator(".pill")).to_contain_text("first touch 13 min left")
    page.get_by_role("button", name="Log call").click(timeout=10_000)
    expect(page.get_by_role("status")).to_contain_text("First touch logged after 2 min")
    dispatch(site.engine, datetime.now(UTC))
    expect(page.locator(".context strong").first).to_contain_text("First touch 2 min", timeout=8_000)
    expect(page.get_by_role("button", name="Log call")).to_have_count(0)
    page.locator("summary", has_text="Close").click()
    page.get_by_role("button", name="Not a fit").click()
    expect(page.locator(".pill")).to_have_text("not a fit")
    dispatch(site.engine, datetime.now(UTC))
    expect(page.locator(".context strong").first).to_contain_text("Not a fit, closed by Dee", timeout=8_000)
    expect(page.locator("summary", has_text="Close")).to_have_count(0)


def test_an_account_page_draws_its_scores_without_breaking_its_own_security_policy(site: Site, page: Page):
    """The page fixture fails a test whose page logs an error, as a style or script that the policy forbids would."""
    offer(site.engine, "ld_1", at=datetime.now(UTC))
    offer(site.engine, "ld_2", at=datetime.now(UTC) + timedelta(hours=3))
    with site.engine.begin() as connection:
        connection.execute(update(leads).values(parent_domain="acme.com"))
        connection.execute(accounts.insert(), [ACCOUNT])
    page.goto(f"{site.url}/accounts")
    page.get_by_role("link", name="Acme Corp").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Acme Corp")
    expect(page.get_by_role("img", name="Scores of 2 decisions")).to_be_visible()
    expect(page.locator("svg.scores circle")).to_have_count(2)
    page.get_by_text("The last 2 decisions as a table").click()
    expect(page.get_by_role("region", name="Scores").locator("tbody tr")).to_have_count(2)
    expect(page.get_by_role("region", name="Leads of Acme Corp")).to_contain_text("Maya Ortiz")
