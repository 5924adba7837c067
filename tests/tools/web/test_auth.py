"""One token opens everything but intake, health and metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fixtures.front import ADMIN, TOKEN, opened
from tools.settings import Settings
from tools.web.auth import COOKIE, Login
from tools.web.server import FrontDoor

CLOSED = [
    ("GET", "/admin/leads"),
    ("GET", "/admin/leads/ld_x"),
    ("GET", "/admin/leads/ld_x/effects"),
    ("POST", "/admin/retry/ld_x"),
    ("GET", "/admin/dead-letters"),
    ("POST", "/admin/dead-letters/1/replay"),
    ("GET", "/inbox"),
    ("GET", "/inbox/list"),
    ("GET", "/inbox/crm"),
    ("POST", "/inbox/accept"),
    ("POST", "/inbox/pass"),
    ("POST", "/inbox/feedback"),
]
DOCUMENTS = ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/docs-files"]
QUESTION = "/webhooks/lead/{lead_id}/next-question"  # for the form; a lead's id cannot be guessed
SLACK = ["/slack/interactions", "/slack/commands"]  # signed by Slack
LINKS = ["/unsubscribe/{token}", "/c/{token}"]  # of mails: signed, and followed by strangers
FORMS = "/webhooks/forms/{vendor}"  # each vendor proves itself: a signature or a key
OPEN = [
    "/health",
    "/health/ready",
    "/metrics",
    "/webhooks/lead",
    "/webhooks/events",
    FORMS,
    QUESTION,
    "/login",
    "/",
    *LINKS,
    *SLACK,
    "/forms/lead-form.js",
    *DOCUMENTS,
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_without_the_token_nothing_is_shown_and_the_way_to_it_is_said(
    client: httpx.AsyncClient, method: str, path: str
):
    answer = await client.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "secrets.json" in answer.json()["detail"]
    assert TOKEN not in answer.text


def routes_of(router: Any) -> Iterator[tuple[str, str]]:
    """(method, path) of every route, those of included routers too."""
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from routes_of(route.original_router)
        else:
            methods = getattr(route, "methods", {"GET"})  # a folder of files has none of its own
            yield from ((method, route.path) for method in sorted(methods))


async def test_every_other_route_is_closed_too(client: httpx.AsyncClient, front: FrontDoor):
    """A route that is added later is closed, or is put on the list of the open ones on purpose."""
    found = list(routes_of(front.api))
    assert len(found) > 20
    for method, path in found:
        if path in OPEN:
            continue
        answer = await client.request(method, re.sub(r"{[^}]*}", "1", path))
        assert answer.status_code == 401, f"{method} {path}"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        TOKEN,
        "Bearer",
        "Bearer ",
        "Bearer \u00fc",
        "",
    ],
)
async def test_anything_but_the_token_is_401(client: httpx.AsyncClient, header: str):
    assert (await client.get("/admin/leads", headers={"authorization": header.encode("latin-1")})).status_code == 401


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
async def test_the_token_opens_as_a_bearer(client: httpx.AsyncClient, header: str):
    assert (await client.get("/admin/leads", headers={"authorization": header})).status_code == 200


async def test_it_opens_as_a_cookie_that_login_sets(client: httpx.AsyncClient):
    answer = await client.get("/login", params={"token": TOKEN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await client.get("/admin/leads")).status_code == 200
    client.cookies.set(COOKIE, "wrong", domain="leads.example")
    client.cookies.delete(COOKIE, domain="leads.example")
    assert (await client.get("/admin/leads")).status_code == 401


@pytest.mark.parametrize("token", ["", "wrong", "\u00fc", "\x00", TOKEN + " "])
async def test_login_with_another_token_is_401_and_sets_nothing(client: httpx.AsyncClient, token: str):
    answer = await client.get("/login", params={"token": token})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        " //evil.example",
        "/%0d%0aset-cookie:x=1",
    ],
)
async def test_login_leads_to_no_other_site(client: httpx.AsyncClient, to: str):
    answer = await client.get("/login", params={"token": TOKEN, "to": to})
    target = answer.headers["location"]
    assert answer.status_code == 303
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\", "/\t"))
    assert answer.headers.get_list("set-cookie") == [answer.headers["set-cookie"]]


async def test_login_leads_to_the_page_that_was_wanted(client: httpx.AsyncClient):
    answer = await client.get("/login", params={"token": TOKEN, "to": "/inbox?owner=a%40b.de"})
    assert answer.headers["location"].startswith("/inbox?owner=")


async def test_without_a_token_in_the_settings_the_installations_own_opens(front_settings: Settings, redis: object):
    from tests.fixtures.front import client_of
    from tools.secrets_file import load_or_make

    own = front_settings.model_copy(update={"admin_token": None})
    token = load_or_make(own.data_dir).admin_token
    async with opened(own) as front, client_of(front) as client:
        assert (await client.get("/admin/leads", headers={"authorization": f"Bearer {token}"})).status_code == 200
        assert (await client.get("/admin/leads", headers=ADMIN)).status_code == 401


def test_only_the_whole_token_fits():
    login = Login("token")
    assert login.fits("token")
    assert not any(login.fits(given) for given in (None, "", "toke", "tokens", "TOKEN", "\ud800"))
