"""The door: what is let in, what is refused, and that Slack is answered whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from redis.asyncio import Redis

from graph.ports import VendorError
from tests.fixtures.front import client_of, opened
from tests.fixtures.router import Bench
from tests.fixtures.slack import SECRET, Office, direct, id_of, office_of, signed
from tests.servers.base import DROP, Answer
from tests.servers.slack_workspace import SlackWorkspace
from tests.tools.web.slack.test_story import decided, of
from tools.embedded.valkey import EmbeddedValkey
from tools.settings import Settings
from tools.store.tables import lead_feedback
from tools.web.slack import router as routes
from tools.web.slack.tasks import Tasks

PATHS = ("/slack/interactions", "/slack/commands")
BODIES = {
    "/slack/interactions": urlencode(
        {"payload": orjson.dumps({"type": "view_closed", "user": {"id": "U07MAREN"}})}
    ).encode(),
    "/slack/commands": urlencode({"command": "/lead", "text": "help", "user_id": "U07MAREN"}).encode(),
}


@pytest.fixture
async def door(
    tmp_path: Path,
    shared_valkey: EmbeddedValkey,
    sqlite_url: str,
    redis: Redis,
    slack: SlackWorkspace,
) -> AsyncIterator[Office]:
    """On one database and without a worker: what comes in here reaches neither."""
    async with office_of(tmp_path, shared_valkey.url, sqlite_url, cast("Bench", None), slack) as running:
        yield running


@pytest.mark.parametrize("path", PATHS)
async def test_without_the_signing_secret_the_answer_names_the_setting(client: httpx.AsyncClient, path: str):
    answer = await client.post(path, content=BODIES[path], headers=signed(BODIES[path]))
    assert answer.status_code == 404
    assert "SLACK_SIGNING_SECRET" in answer.json()["detail"]


@pytest.mark.parametrize("path", PATHS)
async def test_what_slack_signed_is_taken_within_five_minutes(door: Office, path: str):
    body = BODIES[path]
    for age_s in (0, 290, -290):
        headers = signed(body, time.time() - age_s)
        assert (await door.send(path, body, headers)).status_code == 200, age_s


@pytest.mark.parametrize("path", PATHS)
async def test_any_other_signature_is_401(door: Office, path: str):
    body = BODIES[path]
    good = signed(body)
    wrong: list[dict[str, str]] = [
        signed(body, time.time() - 310),
        signed(body, time.time() + 310),
        signed(body, secret="another"),
        signed(body + b"&x=1"),
        good | {"x-slack-signature": good["x-slack-signature"].replace("v0=", "v1=")},
        good | {"x-slack-request-timestamp": str(int(time.time()) + 1)},
        good | {"x-slack-request-timestamp": "soon"},
        {name: value for name, value in good.items() if name != "x-slack-signature"},
        {name: value for name, value in good.items() if name != "x-slack-request-timestamp"},
        {"content-type": "application/x-www-form-urlencoded"},
    ]
    for headers in wrong:
        answer = await door.send(path, body, headers)
        assert answer.status_code == 401, headers
        assert SECRET not in answer.text
    assert (await door.send(path, body, good)).status_code == 200


@pytest.mark.parametrize("path", PATHS)
async def test_five_megabytes_are_refused_before_they_are_read(door: Office, path: str):
    body = b"payload=" + b"x" * 5_000_000
    assert (await door.send(path, body)).status_code == 413

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"x" * 65_536

    answer = await door.client.post(path, content=slowly(), headers=signed(b""))
    assert answer.status_code == 413, "without a declared length"


CLICK: dict[str, Any] = {"type": "block_actions", "user": {"id": "U07MAREN"}, "actions": [{"action_id": "lead.accept"}]}
BAD = [
    b"",
    b"payload=",
    b"payload=%7B",
    b"payload=\xff\xfe",
    b"payload=%FF",
    b"payload=%22a%20text%22",
    b"payload=[]",
    b"payload=null",
    b"payload=%7B%22type%22%3A%22%5Cud800%22%7D",
    b"&".join(b"a=1" for _ in range(200)),
    urlencode({"payload": orjson.dumps({"type": "shortcut"})}).encode(),
    urlencode({"payload": orjson.dumps(CLICK | {"actions": []})}).encode(),
    urlencode({"payload": orjson.dumps(CLICK | {"user": {"id": "../admin"}})}).encode(),
    urlencode({"payload": orjson.dumps(CLICK | {"user": None})}).encode(),
    urlencode({"payload": orjson.dumps(CLICK | {"actions": [{"action_id": 7}]})}).encode(),
    urlencode({"payload": orjson.dumps(CLICK | {"actions": [{"action_id": "x" * 300}]})}).encode(),
    urlencode({"payload": "[" * 50_000}).encode(),
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
async def test_a_signed_body_that_is_no_interaction_is_400(door: Office, body: bytes):
    answer = await door.send("/slack/interactions", body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


async def test_a_command_without_a_user_or_as_json_is_400(door: Office):
    body = urlencode({"command": "/lead", "text": "mine"}).encode()
    answer = await door.send("/slack/commands", body)
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, "user_id")
    body = b'{"user_id": "U07MAREN"}'
    answer = await door.send("/slack/commands", body, signed(body) | {"content-type": "application/json"})
    assert answer.status_code == 400


async def test_slack_may_look_whether_the_address_answers(door: Office):
    assert (await door.send("/slack/commands", b"ssl_check=1&token=x")).status_code == 200


async def test_a_replayed_request_does_nothing(office: Office):
    """Not even one that would be valid again: "wrong" after "right" would be another verdict."""
    lead_id, owner = await decided(office)
    payload = {
        "type": "block_actions",
        "user": {"id": id_of(owner)},
        "channel": {"id": direct(owner)},
        "actions": [{"action_id": "lead.right.no", "value": f"{lead_id}:1"}],
    }
    body = urlencode({"payload": orjson.dumps(payload)}).encode()
    headers = signed(body)
    assert (await office.send("/slack/interactions", body, headers)).status_code == 200
    await office.button("lead.right.yes", f"{lead_id}:1", owner)
    first = [(row.code, row.at) for row in of(office, lead_feedback)]
    again = await office.send("/slack/interactions", body, headers)
    assert (again.status_code, again.content) == (200, b"")
    assert [(row.code, row.at) for row in of(office, lead_feedback)] == first


async def test_without_the_memory_of_requests_a_click_still_counts(
    tmp_path: Path, own_valkey: EmbeddedValkey, sqlite_url: str, slack: SlackWorkspace
):
    async with office_of(tmp_path, own_valkey.url, sqlite_url, cast("Bench", None), slack) as office:
        await asyncio.to_thread(own_valkey.stop)
        assert "mine" in await office.command("help", "maren")


async def test_a_failure_of_ours_is_answered_200_and_told(office: Office, monkeypatch: pytest.MonkeyPatch):
    lead_id, owner = await decided(office)

    def broken(*_arguments: object) -> None:
        raise RuntimeError("a secret of the database")

    monkeypatch.setattr("tools.store.acts.look", broken)
    answer = await office.button("lead.accept", f"{lead_id}:1", owner)
    assert (answer.status_code, answer.content) == (200, b"")
    assert await office.notes() == [routes.FAILED]


async def test_an_act_that_is_late_goes_on_and_is_told_afterwards(office: Office, monkeypatch: pytest.MonkeyPatch):
    """The deadline passes, Slack has its answer, and the act is done all the same."""
    lead_id, owner = await decided(office)
    side = office.front._slack
    assert side is not None
    monkeypatch.setattr(side, "_deadline_s", 0.0)
    answer = await office.button("lead.accept", f"{lead_id}:1", owner)
    assert answer.status_code == 200
    await office.bench.until(lambda: office.bench.rows("assignments")[0].state == "accepted")
    await office.settled()
    await office.button("lead.accept", f"{lead_id}:1", owner)
    assert await office.notes() == [f"{owner.capitalize()} has accepted this lead already."]
    assert "What this command" not in await office.command("mine", owner)


async def test_a_slack_that_is_gone_or_hangs_changes_nothing_about_the_act(office: Office):
    lead_id, owner = await decided(office)
    office.slack.always(DROP)
    assert (await office.button("lead.accept", f"{lead_id}:1", owner)).status_code == 200
    assert (await office.button("lead.accept", f"{lead_id}:1", owner)).status_code == 200
    await office.settled()
    assert office.bench.rows("assignments")[0].state == "accepted"
    assert office.slack.told == []
    assert office.slack.whispers == []


async def test_a_form_that_slack_does_not_open_is_told(office: Office):
    lead_id, owner = await decided(office)
    office.slack.script(
        Answer(200, {"ok": False, "error": "expired_trigger_id"}), matching=lambda r: r.path == "/api/views.open"
    )
    await office.button("lead.pass", f"{lead_id}:1", owner)
    assert await office.notes() == ["Slack did not open the form, and nothing has changed: press Pass again."]


async def test_a_note_falls_back_to_the_conversation(office: Office):
    lead_id, owner = await decided(office)
    office.slack.always(Answer(500, "no"), matching=lambda r: r.path.startswith("/response/"))
    await office.choose("lead.more", f"lead:{lead_id}:1", "spam", owner)
    assert await office.notes() == ["Noted: spam."]
    assert office.slack.whispers[0][:2] == (direct(owner), id_of(owner))


async def test_an_address_that_is_not_slacks_is_never_called(office: Office, slack: SlackWorkspace):
    lead_id, owner = await decided(office)
    with SlackWorkspace() as stranger:
        action = {"action_id": "lead.accept", "value": f"{lead_id}:9"}
        for url in (stranger.url + "/response/1", "https://hooks.slack.com.evil.example/x", "http://hooks.slack.com/x"):
            await office.press(action, owner, response_url=url)
        await office.notes(3)
        assert stranger.requests == []
    assert len(slack.whispers) == 3, "it is told in the conversation"


async def test_notes_beyond_the_limit_are_dropped_and_acts_are_not():
    tasks, done, hold = Tasks(most=1), [], asyncio.Event()

    async def waits() -> None:
        await hold.wait()
        done.append("note")

    async def act() -> str:
        done.append("act")
        return "done"

    async def late(_: str) -> None:
        raise AssertionError

    tasks.tell(waits())
    tasks.tell(waits())
    assert await tasks.within(act(), 5, late) == "done"
    hold.set()
    await tasks.aclose()
    assert done == ["act", "note"]


async def test_a_failed_background_task_is_logged_and_stops_nothing():
    tasks = Tasks()

    async def fails() -> None:
        raise VendorError("gone", "gone")

    tasks.tell(fails())
    await asyncio.sleep(0)
    await tasks.aclose()


async def test_the_signing_secret_alone_is_refused_at_start(tmp_path: Path, redis: Redis):
    with pytest.raises(ValueError, match="SLACK_SIGNING_SECRET needs SLACK_BOT_TOKEN"):
        Settings(_env_file=None, data_dir=tmp_path, slack_signing_secret=SECRET)


async def test_both_routes_are_in_the_document(front_settings: Settings, redis: Redis):
    async with opened(front_settings) as front, client_of(front) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    for path in PATHS:
        assert {"400", "401", "404", "413"} <= paths[path]["post"]["responses"].keys()
