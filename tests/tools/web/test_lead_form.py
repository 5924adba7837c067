"""The script for plain sites in a real browser, on a page of another origin; without it the same form posts by itself.

Debian's Chromium. Skipped where it is not installed (apt-get install chromium)."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright
from redis import Redis

from graph.domain.lead import Submission
from tests.fixtures.front import serving, settings_of
from tests.fixtures.router import Bench, threads
from tests.tools.web.test_inbox_browser import CHROMIUM, FLAGS
from tools.embedded.valkey import EmbeddedValkey
from tools.store.engine import open_engine
from tools.stream.codec import decode
from tools.stream.connect import connect
from tools.stream.inbox import Inbox
from tools.stream.keys import Partition
from tools.web.server import FrontDoor
from tools.web.static import integrity

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")

POLICY = (
    "default-src 'none'; script-src {router}; connect-src {router}; form-action 'self' {router}; style-src 'none'; "
    "img-src data:"
)
"""As infra/docs/site-form.md says. `'self'` in form-action is for a plain form's way back: Chromium checks redirects too."""
FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Demo</title><link rel="icon" href="data:,">
<script src="{router}/forms/lead-form.js" integrity="{integrity}" crossorigin="anonymous" defer></script></head><body>
<form action="{router}/webhooks/lead" method="post" data-lead-form>
<label>E-mail <input name="email" type="email" required></label>
<label>Name <input name="full_name"></label>
<label>Title <input name="title"></label>
<label>Country <input name="country" value="Germany"></label>
<label>Phone <input name="phone"></label>
<label>Message <textarea name="message"></textarea></label>
<label><input type="checkbox" name="consent" value="true"> I agree to be
contacted by e-mail.</label>
<input type="hidden" name="source" value="demo_request">{more}
<button>Send it</button></form></body></html>"""


@dataclass
class Site:
    """A page of another origin, the router, and what arrived at it."""

    url: str
    router: str
    redis: Redis
    more: list[str] = field(default_factory=list)

    def arrived(self) -> list[Submission]:
        rows: Any = self.redis.xrange(Partition(0).stream)
        return [decode(row[b"s"].decode(), row[b"d"]) for _, row in rows]


class Server(BaseHTTPRequestHandler):
    """The site's own web server: one page, with a strict policy. /thanks is where a form may lead."""

    def __init__(self, site: list[Site], *arguments: Any) -> None:
        self.site = site
        super().__init__(*arguments)

    def do_GET(self) -> None:
        site = self.site[0]
        text = FORM.format(router=site.router, integrity=integrity(), more="".join(site.more))
        if urlsplit(self.path).path == "/thanks":
            text = "<title>Thanks</title><h1>Thanks from the site</h1>"
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-security-policy", POLICY.format(router=site.router))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="lead-router-kv-"))
    valkey = EmbeddedValkey(folder, "everysec")
    valkey.start()
    held: list[Site] = []
    pages = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, held))
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{pages.server_port}"
    settings = settings_of(tmp_path, valkey.url, sqlite_url, form_origins=origin)
    redis = Redis(unix_socket_path=valkey.url.removeprefix("unix://")) if valkey.url.startswith("unix") else None
    try:
        with serving(FrontDoor(settings)) as router, worker(valkey.url, sqlite_url):
            held.append(Site(f"{origin}/", router, redis or Redis.from_url(valkey.url)))
            yield held[0]
    finally:
        pages.shutdown()
        valkey.stop()
        shutil.rmtree(folder, ignore_errors=True)


class worker:  # noqa: N801 - used like a function
    """Decides what is posted, in a thread."""

    def __init__(self, url: str, database: str) -> None:
        self._url, self._database = url, database
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._work()), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    async def _work(self) -> None:
        client, engine = connect(self._url, timeout_s=None), open_engine(self._database)
        with threads(2) as executor:
            async with Inbox(client, deadline_s=30.0) as inbox:
                running_worker = Bench(client, inbox, engine, executor).worker()
                running = asyncio.create_task(running_worker.run())
                await self._stop.wait()
                running_worker.stop()
                await running
        await client.aclose()
        engine.dispose()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-US")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    yield page
    assert wrong == []


def fill(page: Page, site: Site, path: str = "") -> None:
    page.goto(site.url + path)
    page.get_by_label("E-mail").first.fill("maya@brightwater-werke.de")
    page.get_by_label("Name").fill("Maya Ortiz")
    page.get_by_label("Title").fill("VP Engineering")
    page.get_by_label("Phone").fill("+49 30 23125118")
    page.get_by_label("Message").fill("We need tracing across 300 services.")
    page.wait_for_timeout(
        1_600
    )  # whoever sends a form that is open for less is taken for a bot (graph/rules/timing.py)


def forms(site: Site) -> list[Submission]:
    return [one for one in site.arrived() if one.cause == "submission"]


def submit(page: Page) -> None:
    page.get_by_role("button", name="Send it").click()


def told(page: Page) -> Any:
    return expect(page.get_by_role("status"))


def sent_bodies(page: Page) -> list[Any]:
    """Bodies and keys of the POSTs that the page makes, seen on their way."""
    seen: list[Any] = []

    def look(route: Route) -> None:
        if route.request.method == "POST":
            seen.append((route.request.post_data, route.request.headers.get("idempotency-key")))
        route.continue_()

    page.route("**/webhooks/lead", look)
    return seen


def test_a_form_on_another_origin_is_sent_with_what_the_script_knows(site: Site, page: Page):
    bodies = sent_bodies(page)
    fill(page, site, "?utm_source=fair&utm_campaign=q3&secret=x")
    page.get_by_label("I agree").check()
    submit(page)
    told(page).to_contain_text("Thank you")
    body = bodies[0][0]
    assert "consent=true" in body
    assert "consent_text=I+agree+to+be+contacted+by+e-mail." in body
    assert "utm_source=fair&utm_campaign=q3" in body
    assert "secret" not in body
    assert "_gotcha=&" in body
    assert "fill_time_ms=" in body
    assert f"page={site.url}".replace(":", "%3A").replace("/", "%2F") in body
    expect(page.get_by_label("Message")).to_have_value("")


def test_the_trap_is_out_of_sight_out_of_reach_and_unread(site: Site, page: Page):
    page.goto(site.url)
    trap = page.locator("input[name=_gotcha]")
    expect(trap).to_have_count(1)
    box = trap.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 0
    assert trap.evaluate("field => field.closest('[aria-hidden=true]') !== null && field.tabIndex === -1")
    expect(page.get_by_role("textbox", name="_gotcha")).to_have_count(0)
    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") != "_gotcha"


def test_a_double_click_is_one_submission(site: Site, page: Page):
    bodies = sent_bodies(page)
    fill(page, site)
    page.get_by_role("button", name="Send it").dblclick()
    told(page).to_contain_text("Thank you")
    assert len(bodies) == 1


def test_without_a_connection_it_says_so_and_the_next_press_sends_the_same_once(site: Site, page: Page, context: Any):
    bodies = sent_bodies(page)
    fill(page, site)
    lost: list[Any] = []

    def answer_lost(route: Route) -> None:  # the router took it, and its answer never arrived
        lost.append((route.request.post_data, route.request.headers.get("idempotency-key")))
        route.fetch()
        route.abort("connectionreset")

    page.route("**/webhooks/lead", answer_lost, times=1)
    submit(page)
    told(page).to_contain_text("Not sent: no connection. What you typed is still here")
    expect(page.get_by_label("Message")).to_have_value("We need tracing across 300 services.")
    submit(page)
    told(page).to_contain_text("Thank you")
    assert bodies[0] == lost[0]
    assert bodies[0][1]


def test_a_field_that_is_wrong_is_named_and_focused(site: Site, page: Page):
    fill(page, site)
    page.get_by_label("E-mail").first.fill("maya@nowhere")
    page.get_by_label("Phone").fill("")
    submit(page)
    told(page).to_contain_text("Please correct: email: no usable e-mail")
    expect(page.get_by_label("E-mail").first).to_be_focused()
    expect(page.get_by_label("E-mail").first).to_have_attribute("aria-invalid", "true")


def test_the_one_thing_that_is_missing_is_asked_and_answered(site: Site, page: Page):
    fill(page, site)
    page.get_by_label("I agree").check()  # who does not agree is asked nothing
    submit(page)
    told(page).to_contain_text("One more question: How many people work at your company?", timeout=30_000)
    page.get_by_label("How many people work").select_option("200-999")
    page.get_by_role("button", name="Send", exact=True).click()
    told(page).to_have_text("Thank you. We have your message and will be in touch.")
    expect(page.locator("[data-lead-question=employees]")).to_have_count(0)


def test_nothing_is_stored_without_consent_and_only_the_lead_id_with_it(site: Site, page: Page):
    fill(page, site)
    submit(page)
    told(page).to_contain_text("Thank you")
    assert page.evaluate("({...localStorage})") == {}
    fill(page, site)
    page.get_by_label("I agree").check()
    submit(page)
    told(page).to_contain_text("Thank you")
    kept = page.evaluate("({...localStorage})")
    assert list(kept) == [f"lead-form {site.router}"]
    assert kept[f"lead-form {site.router}"].startswith("ld_")
    assert page.context.cookies() == []
    fill(page, site)
    submit(page)
    told(page).to_contain_text("Thank you")
    assert page.evaluate("({...localStorage})") == {}


def test_who_comes_back_is_asked_in_the_form_itself(site: Site, page: Page):
    fill(page, site)
    page.get_by_label("I agree").check()
    submit(page)
    told(page).to_contain_text("One more question", timeout=30_000)
    page.goto(site.url)
    expect(page.get_by_label("How many people work")).to_be_visible(timeout=30_000)
    bodies = sent_bodies(page)
    page.get_by_label("E-mail").first.fill("maya@brightwater-werke.de")
    page.get_by_label("How many people work").select_option("200-999")
    submit(page)
    told(page).to_contain_text("Thank you")
    assert "employees=200-999&asked=employees" in bodies[0][0]


def test_a_page_that_is_not_listed_cannot_post_and_says_so(site: Site, page: Page):
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    page.goto(elsewhere)
    page.get_by_label("E-mail").first.fill("maya@brightwater-werke.de")
    submit(page)
    told(page).to_contain_text("Not sent: no connection")


def test_with_a_next_page_the_script_goes_there(site: Site, page: Page):
    site.more.append(f'<input type="hidden" name="_next" value="{site.url}thanks">')
    fill(page, site)
    submit(page)
    page.wait_for_url("**/thanks")


def test_without_a_script_the_form_posts_by_itself_and_a_page_thanks(site: Site, browser: Browser):
    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    page = context.new_page()
    fill(page, site)
    expect(page.locator("input[name=_gotcha]")).to_have_count(0)
    submit(page)
    expect(page.get_by_role("heading")).to_have_text("Vielen Dank")
    assert page.url == f"{site.router}/webhooks/lead"
    context.close()


def test_without_a_script_it_leads_to_the_next_page(site: Site, browser: Browser):
    site.more.append(f'<input type="hidden" name="_next" value="{site.url}thanks">')
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    fill(page, site)
    submit(page)
    expect(page.get_by_role("heading")).to_have_text("Thanks from the site")
    context.close()
