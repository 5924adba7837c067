"""The API's own pages, for somebody whose browser does not reach the internet."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Route, expect, sync_playwright

from tests.fixtures.front import serving
from tests.tools.web.test_inbox_browser import CHROMIUM, FLAGS
from tools.settings import Settings
from tools.web.api_docs import sentences
from tools.web.server import FrontDoor

PAGES = {"/docs": "Post a lead", "/redoc": "Post a lead"}


@pytest.mark.parametrize("page", PAGES)
async def test_scripts_and_styles_come_from_the_router(client: httpx.AsyncClient, page: str):
    html = (await client.get(page)).text
    files = re.findall(r'(?:<script[^>]* src|<link[^>]* href)="([^"]+)"', html)
    assert any(file.endswith(".js") for file in files)
    for file in files:
        assert (await client.get(file)).status_code == 200, file


async def test_nothing_else_of_the_package_can_be_asked_for(client: httpx.AsyncClient):
    assert (await client.get("/docs-files/swagger-ui.css")).status_code == 200
    assert (await client.get("/docs-files/%2e%2e/core.py")).status_code == 404


async def test_each_operation_is_told_by_a_sentence(client: httpx.AsyncClient):
    paths = (await client.get("/openapi.json")).json()["paths"]
    found = {f"{method} {path}": told for path, routes in paths.items() for method, told in routes.items()}
    assert found["post /webhooks/lead"]["summary"] == "Post a lead"
    assert found["post /admin/rules/plan"]["summary"] == "Who would move, and does a guard stop it"
    assert "description" not in found["post /admin/rules/plan"]
    undo = found["post /admin/people/different"]
    assert undo["summary"] == "Call two leads two people: nothing joins them again before this is undone"
    one_word = [name for name, told in found.items() if " " not in told["summary"]]
    assert one_word == []


async def test_what_needs_the_token_says_so_and_the_rest_does_not(client: httpx.AsyncClient):
    document = (await client.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["AdminToken"]["scheme"] == "bearer"
    for path, routes in document["paths"].items():
        for method, told in routes.items():
            closed = path.startswith(("/admin/", "/api/lead-scoring/")) or "score-" in path
            assert ("security" in told) == closed, f"{method} {path}"
            assert "401" in told["responses"] or not closed


async def test_the_document_is_made_once_and_stays_as_it_is(client: httpx.AsyncClient):
    assert (await client.get("/openapi.json")).content == (await client.get("/openapi.json")).content


@pytest.mark.parametrize(
    ("text", "first", "rest"),
    [
        ("One. Two.\n\nThree.", "One", "Two.\n\nThree."),
        ("Over two\nlines; `a.b` and 3.5 stay.", "Over two lines; `a.b` and 3.5 stay", ""),
        ("No stop", "No stop", ""),
        ("", "", ""),
    ],
)
def test_a_first_sentence(text: str, first: str, rest: str):
    assert sentences(text) == (first, rest)


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")
def test_a_browser_without_the_internet_shows_them(front_settings: Settings):
    with serving(FrontDoor(front_settings).api) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        outside: list[str] = []

        def local_only(route: Route) -> None:
            if urlsplit(route.request.url).hostname == "127.0.0.1":
                route.continue_()
                return
            outside.append(route.request.url)
            route.abort()

        tab = browser.new_page()
        tab.route(re.compile("^https?:"), local_only)
        for page, seen in PAGES.items():
            tab.goto(url + page)
            expect(tab.get_by_text(seen).filter(visible=True).first).to_be_visible()
        browser.close()
    ornament = "https://cdn.redoc.ly/redoc/logo-mini.svg"  # below Redoc's menu; nothing is missing without it
    assert [url for url in outside if url != ornament] == []
