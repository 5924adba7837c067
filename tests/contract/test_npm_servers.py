"""What the servers from npm refuse, and what they take though the vendor would not: a test over them proves no more than that."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from graph.domain.effects import PostAlert, key_of
from graph.domain.facts import Found, Unavailable
from graph.ports import JudgeAsk, NoteAsk, Order, VendorError
from tests.contract.faults import NOW
from tests.servers.aimock_server import CHAT, KEY, Aimock
from tests.servers.emulate_server import TOKEN, EmulatedSlack
from tests.servers.openai_rules import fault_of
from tests.servers.openai_server import OPINION
from tools.llm import OpenAiJudge, OpenAiWriter
from tools.opinions import ChatModel
from tools.slack import SlackNotifier
from tools.store.engine import open_engine
from tools.store.posted import SqlPosted

DEMO = JudgeAsk("We would like a demo for forty engineers by May.", "VP Engineering", "Acme", "software", "website")


def model(aimock: Aimock, key: str = KEY, **settings: Any) -> ChatModel:
    return ChatModel(
        **{"api_key": key, "model": "gpt-4o-mini", "base_url": aimock.base_url, "max_retries": 0} | settings
    )


# aimock, in OpenAI's place


@pytest.mark.parametrize("form", ["json_schema", "function_calling", "json_mode"])
async def test_every_question_to_a_model_is_one_that_openai_takes(aimock: Aimock, form: Any) -> None:
    judge, writer = OpenAiJudge(model(aimock, structured=form)), OpenAiWriter(model(aimock, structured=form))
    aimock.says(OPINION)
    (opinion,) = await judge.judge([DEMO], NOW)
    aimock.says({"note": "They would like a demo."})
    (note,) = await writer.write([NoteAsk("ld_1", {"Company": "Acme"})], NOW)
    await judge.aclose()
    await writer.aclose()
    assert isinstance(opinion, Found)
    assert isinstance(note, Found)
    asked = aimock.journal()
    assert [(entry["method"], entry["path"], entry["response"]["status"]) for entry in asked] == [
        ("POST", CHAT, 200)
    ] * 2
    for entry in asked:
        assert fault_of(CHAT, entry["body"]) is None
        assert not entry["body"].get("stream")
        assert entry["body"]["model"] == "gpt-4o-mini"
        assert [message["role"] for message in entry["body"]["messages"]] == ["system", "user"]
        assert "response_format" in entry["body"] or "tools" in entry["body"]


async def test_aimock_refuses_a_wrong_key(aimock: Aimock) -> None:
    aimock.says(OPINION)
    judge = OpenAiJudge(model(aimock, key="another"))
    assert list(await judge.judge([DEMO], NOW)) == [Unavailable("openai:gpt-4o-mini", NOW, "unauthorised")]
    await judge.aclose()


@pytest.mark.parametrize("body", [b'{"model": "m", "messages": ', b'{"model": "m"}'], ids=["half", "no messages"])
def test_aimock_refuses_a_body_that_is_no_question(aimock_process: Aimock, body: bytes) -> None:
    assert _post(aimock_process, CHAT, body).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"model": ""},
        {"messages": [{"role": "boss", "content": "x"}]},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "strict": True, "schema": {"type": "object"}},
            }
        },
    ],
    ids=["no model", "an unknown role", "an open form"],
)
def test_aimock_takes_what_openai_refuses_so_its_journal_is_what_proves(
    aimock_process: Aimock, changed: dict[str, Any]
) -> None:
    aimock_process.forget()
    aimock_process.says(OPINION)
    good = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": {}}}
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "response_format": good} | changed
    assert _post(aimock_process, CHAT, body).status_code == 200
    (entry,) = aimock_process.journal()
    assert fault_of(entry["path"], entry["body"]) is not None


def _post(aimock: Aimock, path: str, body: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    return httpx.post(aimock.url + path, headers=headers, timeout=30, **sent)


# emulate, in Slack's place


def alert(message: dict[str, Any]) -> Order:
    effect = PostAlert("dee@us.example", None, 1, message)
    return Order(key_of(effect, "ld_1", 1), "ld_1", 1, 1, effect)


@pytest.mark.parametrize(
    ("token", "message", "code"),
    [
        ("xoxb-another", {"text": "new"}, "missing_scope"),
        (TOKEN, {"text": ""}, "no_text"),
        (TOKEN, {"text": "", "blocks": []}, "no_text"),
    ],
    ids=["wrong token", "no text", "neither text nor blocks"],
)
@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
async def test_emulate_refuses_a_wrong_token_and_an_empty_message(
    emulated_slack: EmulatedSlack, sqlite_url: str, token: str, message: dict[str, Any], code: str
) -> None:
    database = open_engine(sqlite_url)
    notifier = SlackNotifier(token, SqlPosted(database), base_url=emulated_slack.api)
    with pytest.raises(VendorError) as raised:
        await notifier.perform(alert(message))
    assert (raised.value.code, raised.value.permanent) == (code, True)
    assert emulated_slack.messages(emulated_slack.direct("dee@us.example")) == []
    await notifier.aclose()
    database.dispose()


def test_emulate_refuses_a_call_without_a_token_and_half_a_body(emulated_slack: EmulatedSlack) -> None:
    at, headers = f"{emulated_slack.api}chat.postMessage", {"content-type": "application/json"}
    team = emulated_slack.channel("team")
    sent = httpx.post(at, json={"channel": team, "text": "x"}, timeout=30)
    assert sent.json() == {"ok": False, "error": "not_authed"}
    half = {**headers, "authorization": f"Bearer {TOKEN}"}
    assert not httpx.post(at, content=b'{"channel": "team", "te', headers=half, timeout=30).json()["ok"]


@pytest.mark.parametrize(
    "more",
    [
        {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
        {"blocks": [{"type": "no_such_block"}]},
        {"metadata": {"event_type": "x"}},
        {"thread_ts": "1.000001"},
    ],
    ids=["a long header", "an unknown block", "half of metadata", "no such thread"],
)
def test_emulate_takes_what_slack_refuses_so_limits_are_proved_over_our_own(
    emulated_slack: EmulatedSlack, more: dict[str, Any]
) -> None:
    """The same four are refused by `slack_server`: tests/servers/test_refusals.py, tests/fixtures/slack_limits.py."""
    emulated_slack.ask("chat.postMessage", channel=emulated_slack.channel("team"), text="x", **more)
