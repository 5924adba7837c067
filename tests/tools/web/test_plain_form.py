"""What a browser without a script sees after it posted a form; and the script's own address."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from redis.asyncio import Redis

from tests.fixtures.front import FORM, LEAD, client_of, opened
from tools.settings import Settings
from tools.stream.keys import Partition
from tools.web.answers import Answer, Refused
from tools.web.plain_form import PlainForms, wants_page
from tools.web.static import integrity, script

BROWSER = FORM | {
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "de-DE,de;q=0.9",
}
DONE = Answer(202, orjson.dumps({"lead_id": "ld_x", "status": "accepted"}))
FORMS = PlainForms(frozenset({"www.example.com"}))


async def post(client: httpx.AsyncClient, headers: dict[str, str] = BROWSER, **fields: Any) -> httpx.Response:
    return await client.post("/webhooks/lead", content=urlencode(LEAD | fields), headers=headers)


@pytest.fixture
async def site(front_settings: Settings, redis: Redis) -> Any:
    given = front_settings.model_copy(update={"form_redirect_hosts": "www.example.com"})
    async with opened(given) as front, client_of(front) as client:
        yield client


async def test_a_browser_is_thanked_in_its_language_and_shown_nothing_that_was_typed(site: httpx.AsyncClient):
    answer = await post(site)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Vielen Dank</h1>" in answer.text
    assert "maya" not in answer.text.lower()
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_second_click_is_thanked_too_and_is_no_second_lead(site: httpx.AsyncClient, redis: Redis):
    assert [(await post(site)).status_code for _ in range(2)] == [200, 200]
    assert await redis.xlen(Partition(0).stream) == 1


async def test_it_is_led_to_the_page_that_the_form_names(site: httpx.AsyncClient):
    for name in ("_next", "redirect"):
        answer = await post(site, **{name: "https://www.example.com/thanks?x=1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "https://www.example.com/thanks?x=1")


async def test_a_refusal_is_a_page_too_with_its_status(site: httpx.AsyncClient):
    answer = await post(site, email="<b>nobody</b>", phone="")
    assert answer.status_code == 422
    assert "Not sent" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        FORM,
        FORM | {"accept": "*/*"},
        FORM | {"accept": "application/json"},
        BROWSER | {"content-type": "application/json"},
    ],
)
async def test_whoever_asks_for_no_page_gets_json_as_ever(site: httpx.AsyncClient, headers: dict[str, str]):
    body = orjson.dumps(LEAD) if "json" in headers["content-type"] else urlencode(LEAD)
    answer = await site.post("/webhooks/lead", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (202, "application/json")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "https://www.example.com@evil.example/",
        "https://evil.example/https://www.example.com",
        "https://www.example.com.evil.example/",
        "https://www.example.com\\@evil.example",
        "javascript:alert(1)//www.example.com",
        "data:text/html,x",
        "https://www.example.com/\r\nset-cookie: a=b",
        "https://www.example.com/ä",
        "https://user@www.example.com/",
        "https://[::1",
        "/thanks",
        "",
        "https://www.example.com/" + "x" * 2_000,
    ],
)
def test_it_leads_nowhere_else(target: str):
    raw = urlencode({"email": "a@b.de", "_next": target}).encode()
    answer = FORMS.page(BROWSER, raw, DONE)
    assert answer.status == 200
    assert b"location" not in dict(answer.headers)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"&" * 2_000, b"_next", b"%"])
def test_a_body_that_is_hard_to_read_is_thanked_all_the_same(raw: bytes):
    assert FORMS.page(BROWSER, raw, DONE).status == 200


@pytest.mark.parametrize("accepted", ["", "xx", "en-US", ";;;,,,", "*"])
def test_an_unknown_language_is_english(accepted: str):
    assert b"<h1>Thank you</h1>" in FORMS.page(BROWSER | {"accept-language": accepted}, b"", DONE).body


def test_text_of_an_error_is_escaped_and_its_headers_stay():
    refused = Refused(503, "x", "<script>alert(1)</script>", retry_after_s=2).answer()
    answer = FORMS.page(BROWSER, b"", refused)
    assert b"<script>" not in answer.body
    assert (b"retry-after", b"2") in answer.headers


def test_a_page_is_for_browsers_that_post_a_form():
    assert wants_page(BROWSER)
    assert not wants_page(BROWSER | {"content-type": "multipart/form-data; boundary=x"})
    assert not wants_page({})


async def test_the_script_is_small_kept_for_an_hour_and_checked_by_its_digest(client: httpx.AsyncClient):
    answer = await client.get("/forms/lead-form.js")
    assert answer.status_code == 200
    assert answer.content == script()
    assert len(answer.content) < 8_192
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["access-control-allow-origin"] == "*"
    again = await client.get("/forms/lead-form.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_for_site_owners_shows_the_digest_of_the_script_that_is_served():
    page = (Path(__file__).parents[3] / "infra" / "docs" / "site-form.md").read_text("utf-8")
    assert f'integrity="{integrity()}"' in page


def test_the_script_makes_no_code_of_text_and_no_markup_of_it():
    text = script().decode()
    for forbidden in (
        "eval(",
        "new Function",
        "innerHTML",
        "outerHTML",
        "document.write",
        "insertAdjacentHTML",
        "import(",
    ):
        assert forbidden not in text
