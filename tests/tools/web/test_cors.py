"""Which pages of other sites a browser lets post: those of FORM_ORIGINS, and to the intake alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.fixtures.front import ADMIN, LEAD, client_of, opened
from tools.settings import Settings
from tools.settings.origins import BadOrigins, read_origins

SITE = "https://www.example.com"
PREFLIGHT = {
    "origin": SITE, "access-control-request-method": "POST", "access-control-request-headers": "content-type,idempotency-key",
}  # fmt: skip


@pytest.fixture
async def listed(front_settings: Settings, redis: Redis) -> Any:
    given = front_settings.model_copy(update={"form_origins": f"{SITE}, http://localhost:8080"})
    async with opened(given) as front, client_of(front) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/webhooks/lead", "/webhooks/lead/ld_x/next-question", "/webhooks/forms/webinar", "/webhooks/lead?wait=1"]
)
async def test_a_listed_page_may_ask_and_post(listed: httpx.AsyncClient, path: str):
    answer = await listed.options(path, headers=PREFLIGHT)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["vary"] == "Origin"
    assert {"content-type", "idempotency-key"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers


async def test_the_answer_may_be_read_by_the_page_also_where_it_is_an_error(listed: httpx.AsyncClient):
    for body, status in ((LEAD, 202), ({"email": "x"}, 422)):
        answer = await listed.post("/webhooks/lead", json=body, headers={"origin": SITE})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, SITE)
    missing = await listed.get("/webhooks/lead/ld_x/next-question", headers={"origin": SITE})
    assert (missing.status_code, missing.headers["access-control-allow-origin"]) == (404, SITE)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://www.example.com.evil.example", "http://www.example.com"]
)
async def test_another_page_hears_no(listed: httpx.AsyncClient, origin: str):
    answer = await listed.options("/webhooks/lead", headers=PREFLIGHT | {"origin": origin})
    assert answer.status_code == 403
    assert "FORM_ORIGINS" in answer.text
    posted = await listed.post("/webhooks/lead", json=LEAD, headers={"origin": origin})
    assert posted.status_code == 202  # it cannot read that; a client that is no browser sends what origin it likes
    assert "access-control-allow-origin" not in posted.headers


@pytest.mark.parametrize("path", ["/admin/leads", "/inbox", "/admin/forms/mappings", "/score-lead"])
async def test_nothing_but_the_intake_is_open_to_a_page(listed: httpx.AsyncClient, path: str):
    assert (await listed.options(path, headers=PREFLIGHT)).status_code != 204
    answer = await listed.get(path, headers=ADMIN | {"origin": SITE})
    assert "access-control-allow-origin" not in answer.headers


async def test_without_the_setting_no_page_is_allowed(client: httpx.AsyncClient):
    assert (await client.options("/webhooks/lead", headers=PREFLIGHT)).status_code == 405
    answer = await client.post("/webhooks/lead", json=LEAD, headers={"origin": SITE})
    assert "access-control-allow-origin" not in answer.headers


async def test_any_page_may_post_where_the_setting_says_so(front_settings: Settings, redis: Redis):
    given = front_settings.model_copy(update={"form_origins": "*"})
    async with opened(given) as front, client_of(front) as client:
        answer = await client.options("/webhooks/lead", headers=PREFLIGHT)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")


def test_origins_are_written_as_browsers_send_them():
    assert read_origins(" https://WWW.Example.com/ ,http://localhost:8080, https://x.de:443 ") == {
        "https://www.example.com", "http://localhost:8080", "https://x.de",
    }  # fmt: skip
    assert read_origins("") == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "https://example.com/form",
        "ftp://x.de",
        "*, https://x.de",
        "https://",
        "https://a:b@x.de",
        "https://x:99999",
    ],
)
def test_what_is_no_origin_is_refused_at_start(text: str):
    with pytest.raises(BadOrigins, match="FORM_ORIGINS"):
        read_origins(text)
    with pytest.raises(ValueError, match="FORM_ORIGINS"):
        Settings(_env_file=None, form_origins=text)


def test_the_hosts_of_redirects_are_those_of_the_origins_unless_named():
    assert Settings(_env_file=None, form_origins=f"{SITE},http://localhost:8080").redirect_hosts == {
        "www.example.com", "localhost",
    }  # fmt: skip
    assert Settings(_env_file=None, form_origins="*").redirect_hosts == frozenset()
    assert Settings(_env_file=None, form_redirect_hosts="A.de, b.de").redirect_hosts == {"a.de", "b.de"}
    with pytest.raises(ValueError, match="FORM_REDIRECT_HOSTS"):
        Settings(_env_file=None, form_redirect_hosts="https://a.de")
