"""The page /inbox/forms, step by step as a browser without a script goes."""

from __future__ import annotations

import re
from html import unescape

import httpx
import orjson
import pytest

from tests.fixtures.front import ADMIN

PAYLOAD = orjson.dumps(
    {"Vorname": "Maya", "Nachname": "Ortiz", "E-Mail": "maya@acme-werke.de", "q7": "Lisa Meier", "<b>x</b>": "<i>y</i>"}
).decode()
SAME = ADMIN | {"sec-fetch-site": "same-origin"}


async def step(client: httpx.AsyncClient, what: str, **fields: str) -> httpx.Response:
    return await client.post(f"/inbox/forms/{what}", data=fields, headers=SAME)


def mapping_in(text: str) -> str:
    found = re.search(r'<textarea id="mapping"[^>]*>(.*?)</textarea>', text, re.DOTALL)
    assert found is not None
    return unescape(found[1])


async def saved(client: httpx.AsyncClient, name: str = "webinar") -> httpx.Response:
    shown = await step(client, "preview", payload=PAYLOAD, rows="1", source="fair")
    given = {"payload": PAYLOAD, "mapping": mapping_in(shown.text), "name": name, "by": "ana@company.com", "base": "0"}
    return await step(client, "save", **given)


async def test_a_payload_is_pasted_corrected_shown_and_saved(client: httpx.AsyncClient):
    first = await step(client, "propose", payload=PAYLOAD)
    assert "Not chosen." in first.text
    assert "&lt;b&gt;x&lt;/b&gt;" in first.text
    assert "<b>x</b>" not in first.text
    chosen = {
        "choice.3": "full_name",
        "choice.4": "ignore",
        "choice.0": "first_name",
        "choice.1": "last_name",
        "choice.2": "email",
    }
    shown = await step(client, "preview", payload=PAYLOAD, rows="1", source="fair", **chosen)
    assert "The lead that would result" in shown.text
    made = orjson.loads(mapping_in(shown.text))
    assert made["fields"]["full_name"] == {"pick": ["q7"]}
    assert (made["source"], made["ignore"]) == ("fair", ["<b>x</b>"])
    done = await step(
        client, "save", payload=PAYLOAD, mapping=mapping_in(shown.text), name="webinar", by="ana@company.com", base="0"
    )
    assert "whsec_" in done.text
    listed = (await client.get("/inbox/forms", headers=ADMIN)).text
    assert "webinar" in listed
    assert "ana@company.com" in listed


async def test_a_save_over_what_somebody_else_saved_meanwhile_is_refused_and_says_who(client: httpx.AsyncClient):
    assert "whsec_" in (await saved(client)).text
    stale = await saved(client)
    assert "whsec_" not in stale.text
    assert "ana@company.com saved version 1 meanwhile" in stale.text
    assert (await client.get("/admin/forms/mappings/webinar", headers=ADMIN)).json()["version"] == 1


async def test_a_second_save_from_a_fresh_look_is_a_version_and_shows_no_secret(client: httpx.AsyncClient):
    await saved(client)
    shown = await step(client, "propose", payload=PAYLOAD, name="webinar")
    assert 'name="base" value="1"' in shown.text
    given = {"payload": PAYLOAD, "mapping": mapping_in(shown.text), "name": "webinar", "by": "bo", "base": "1"}
    again = await step(client, "save", **given)
    assert (again.status_code, again.headers["location"]) == (303, "/inbox/forms/webinar")
    assert "Version 2 is in use." in (await client.get("/inbox/forms/webinar", headers=ADMIN)).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"payload": "", "name": "x"}, "The body is empty"),
        ({"payload": "{oops"}, "not JSON"),
        ({"payload": PAYLOAD, "mapping": "{", "name": "webinar", "by": "a"}, "cannot be used"),
        ({"payload": PAYLOAD, "name": "Web Inar!", "by": "a"}, "Give the form a name"),
        ({"payload": PAYLOAD, "name": "webinar", "by": " "}, "who saves this"),
        ({"payload": PAYLOAD, "name": "propose", "by": "a"}, "choose another name"),
    ],
)
async def test_what_cannot_be_saved_is_said_and_nothing_is(
    client: httpx.AsyncClient, fields: dict[str, str], said: str
):
    answer = await step(client, "save", **fields)
    assert answer.status_code == 200
    assert said in unescape(answer.text)
    assert (await client.get("/admin/forms/mappings", headers=ADMIN)).json() == {"forms": []}


async def test_a_refused_payload_becomes_the_example_and_is_taken_again(client: httpx.AsyncClient):
    done = await saved(client)
    found = re.search(r"/webhooks/forms/webinar\?key=[\w-]+", done.text)
    assert found is not None
    assert (await client.post(found[0], json={"Kontakt": "maya@acme-werke.de"})).status_code == 422
    page = (await client.get("/inbox/forms/webinar", headers=ADMIN)).text
    number = re.search(r"/rejected/(\d+)/again", page)
    assert number is not None
    assert "maya@" not in page
    example = await step(client, f"webinar/rejected/{number[1]}/example")
    assert "maya@acme-werke.de" in example.text
    again = await step(client, f"webinar/rejected/{number[1]}/again")
    assert again.status_code == 303
    assert "Still%20refused" in again.headers["set-cookie"]
    assert (await step(client, f"webinar/rejected/{number[1]}/forget")).status_code == 303
    assert "rejected/" not in (await client.get("/inbox/forms/webinar", headers=ADMIN)).text


async def test_the_buttons_undo_retire_and_make_another_secret(client: httpx.AsyncClient):
    await saved(client)
    assert "whsec_" in (await step(client, "webinar/secret")).text
    for what in ("retire", "undo"):
        answer = await step(client, f"webinar/{what}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/inbox/forms/webinar")
    shown = (await client.get("/admin/forms/mappings/webinar", headers=ADMIN)).json()
    assert [version["note"] for version in shown["versions"]] == ["takes back version 2", "retired", ""]
    assert shown["mapping"] is not None


@pytest.mark.parametrize(
    "path", ["propose", "preview", "save", "webinar/undo", "webinar/secret", "webinar/rejected/1/again"]
)
async def test_another_sites_page_cannot_press_anything(client: httpx.AsyncClient, path: str):
    answer = await client.post(
        f"/inbox/forms/{path}", data={"payload": PAYLOAD}, headers=ADMIN | {"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


async def test_a_form_that_there_is_not_is_404(client: httpx.AsyncClient):
    assert (await client.get("/inbox/forms/nothing", headers=ADMIN)).status_code == 404
