"""The local Slack refuses what Slack refuses; else the tests against it prove nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import httpx
import pytest

from graph.ports import VendorError
from tests.servers.slack_server import TOKEN
from tests.servers.slack_workspace import MOST_ANSWERS, SlackWorkspace
from tools.slack.people import REMEMBERED_S, SlackPeople, SlackUser
from tools.web.slack.forms import pass_form
from tools.web.slack.payloads import About

VIEW = pass_form(About(lead_id="ld_1", number=1, by="ana@x.com"), "Acme Labs, Maya", date(2026, 4, 7))
NOTE = {"text": "Noted."}


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace() as running:
        running.users["U01ANA"] = "Ana@X.com"
        running.channels["D01ANA"] = []
        yield running


@pytest.fixture
def people(slack: SlackWorkspace) -> SlackPeople:
    return SlackPeople(TOKEN, time.monotonic, base_url=slack.api)


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(VendorError) as raised:
        call(*arguments)
    return raised.value.code


def test_a_wrong_token_is_refused_by_every_method(slack: SlackWorkspace):
    people = SlackPeople("xoxb-wrong", time.monotonic, base_url=slack.api)
    assert refused(people.user, "U01ANA") == "invalid_auth"
    assert refused(people.open_form, slack.trigger(), VIEW) == "invalid_auth"
    assert refused(people.whisper, "D01ANA", "U01ANA", NOTE) == "invalid_auth"
    assert (slack.views, slack.whispers) == ([], [])


def test_a_trigger_opens_one_form(slack: SlackWorkspace, people: SlackPeople):
    trigger = slack.trigger()
    people.open_form(trigger, VIEW)
    assert refused(people.open_form, trigger, VIEW) == "expired_trigger_id"
    assert refused(people.open_form, "made.up", VIEW) == "expired_trigger_id"
    assert slack.views == [VIEW]


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    view = deepcopy(VIEW)
    held: Any = view
    for step in path[:-1]:
        held = held[step]
    held[path[-1]] = value
    return view


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("type",), "home"),
        (("title", "text"), "x" * 25),
        (("title", "text"), ""),
        (("title", "type"), "mrkdwn"),
        (("private_metadata",), "x" * 3001),
        (("callback_id",), "x" * 256),
        (("blocks",), []),
        (("blocks",), VIEW["blocks"] * 30),
        (("blocks", 1, "block_id"), "lead"),
        (("blocks", 0, "text", "text"), "x" * 3001),
        (("blocks", 1, "label", "type"), "mrkdwn"),
        (("blocks", 1, "element", "options"), []),
        (("blocks", 1, "element", "options", 0, "text", "text"), "x" * 76),
        (("blocks", 1, "element", "action_id"), ""),
        (("blocks", 2, "hint", "text"), ""),
        (("blocks", 0, "type"), "rich"),
    ],
)
def test_a_malformed_form_is_refused(slack: SlackWorkspace, people: SlackPeople, path: tuple[Any, ...], value: Any):
    assert refused(people.open_form, slack.trigger(), changed(path, value)) == "invalid_arguments"
    assert slack.views == []


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": ""},
        {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]},
        {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}] * 51},
        {"text": "x", "blocks": [{"type": "actions", "elements": []}]},
        {"text": "x", "blocks": [{"type": "context", "elements": []}]},
    ],
)
def test_a_malformed_note_is_refused_in_the_conversation_and_by_address(
    slack: SlackWorkspace, people: SlackPeople, message: dict[str, Any]
):
    assert refused(people.whisper, "D01ANA", "U01ANA", message) == "invalid_blocks"
    assert refused(people.reply, slack.response_url(), message) == "vendor_error"
    assert (slack.whispers, slack.told) == ([], [])


def test_an_address_to_answer_to_takes_five_answers_and_no_token(slack: SlackWorkspace, people: SlackPeople):
    url = slack.response_url()
    for _ in range(MOST_ANSWERS):
        people.reply(url, NOTE)
    assert refused(people.reply, url, NOTE) == "vendor_error"
    assert refused(people.reply, f"{slack.url}/response/99", NOTE) == "vendor_error"
    assert len(slack.told) == MOST_ANSWERS
    assert slack.told[0] == {"response_type": "ephemeral", "replace_original": False, "text": "Noted."}
    assert httpx.post(slack.response_url(), json=NOTE, headers={"authorization": "Bearer x"}).status_code == 404


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "https://hooks.slack.com@evil.example/x", "file:///etc/passwd", ""]
)
def test_an_answer_goes_to_slack_and_nowhere_else(people: SlackPeople, url: str):
    assert refused(people.reply, url, NOTE) == "invalid_response_url"


def test_a_user_is_asked_for_once_an_hour(slack: SlackWorkspace):
    now = [0.0]
    people = SlackPeople(TOKEN, lambda: now[0], base_url=slack.api)
    slack.profiles["U01ANA"] = {"tz": "Europe/Berlin"}
    for _ in range(3):
        assert people.user("U01ANA") == SlackUser("ana@x.com", "Europe/Berlin")
    slack.profiles["U01ANA"] = {"deleted": True, "tz": "../../etc/passwd"}
    assert len(slack.called("users.info")) == 1
    now[0] = REMEMBERED_S
    assert people.user("U01ANA") == SlackUser(None, None)
    assert refused(people.user, "U0NOBODY") == "user_not_found"
