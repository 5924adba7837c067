"""Slack's adapter over its real SDK: the exact requests, nothing posted twice, and what each failure means."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.signature import SignatureVerifier

from graph.domain.effects import Effect, PostAlert, UpdateAlert, key_of
from graph.domain.telling import PostDigest, PostLine
from graph.ports import Order, Receipt, VendorError
from tests.servers.base import DROP, HALF, LOSE, Answer, Request
from tests.servers.slack_server import TOKEN, SlackServer
from tools.slack import SlackNotifier, receipt_of, verify_signature
from tools.store.posted import PostedMessage

DEE = "dee@us.example"
BODY = {
    "text": "New hot lead for you",
    "unfurl_links": False,
    "metadata": {"event_type": "lead_assigned", "event_payload": {"lead_id": "ld_1", "assignment": 3}},
    "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "Hot lead: Acme Labs"}}],
}
POST = PostAlert(DEE, "U01DEE", 3, BODY)
UPDATE = UpdateAlert(DEE, 3, {**BODY, "text": "Accepted"}, "accepted after 72 s")


class Memory:
    """`Posted` in a dict."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], PostedMessage] = {}

    def get(self, lead_id: str, owner: str) -> PostedMessage | None:
        return self.held.get((lead_id, owner))

    def put(self, lead_id: str, owner: str, message: PostedMessage) -> None:
        self.held[lead_id, owner] = message


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer() as running:
        running.users["U01DEE"] = DEE
        yield running


@pytest.fixture
def posted() -> Memory:
    return Memory()


@pytest.fixture
def slack(server: SlackServer, posted: Memory) -> SlackNotifier:
    return SlackNotifier(TOKEN, posted, base_url=server.api)


def order(effect: Effect, attempt: int = 1, revision: int = 1) -> Order:
    return Order(key_of(effect, "ld_1", revision), "ld_1", revision, attempt, effect)


def to(method: str) -> Any:
    def matching(request: Request) -> bool:
        return request.path == f"/api/{method}"

    return matching


async def failure(slack: SlackNotifier, effect: Effect, attempt: int = 1) -> VendorError:
    with pytest.raises(VendorError) as raised:
        await slack.perform(order(effect, attempt))
    return raised.value


async def test_an_alert_is_one_message_to_the_owner_with_our_receipt(
    server: SlackServer, slack: SlackNotifier, posted: Memory
) -> None:
    receipt = await slack.perform(order(POST))
    digest = receipt_of("ld_1@1/post_alert/dee@us.example")
    payload = {"lead_id": "ld_1", "assignment": 3, "receipt": digest}
    expected = {**BODY, "channel": "U01DEE", "metadata": {"event_type": "lead_assigned", "event_payload": payload}}
    assert server.called("chat.postMessage") == [expected]
    (message,) = server.messages("D01DEE")
    assert receipt == Receipt(f"D01DEE:{message['ts']}", detail={"channel": "D01DEE", "ts": message["ts"]})
    assert posted.held == {("ld_1", DEE): PostedMessage("D01DEE", message["ts"], digest, 3)}
    assert [r.path for r in server.requests] == ["/api/chat.postMessage"]
    assert "dee" not in digest


async def test_nothing_is_posted_when_another_may_have_posted_it_by_now(
    server: SlackServer, slack: SlackNotifier, posted: Memory
) -> None:
    """A process stood still between its claim and the post: whoever has the lease now has looked for the receipt."""
    over = datetime.now(UTC)
    for late in (order(POST), order(PostDigest(DEE, "U01DEE", "2026-03-02T08", BODY))):
        with pytest.raises(VendorError, match="timeout"):
            await slack.perform(replace(late, until=over))
    posted.put("ld_1", DEE, PostedMessage("D01DEE", "1.0", "r", 3))
    with pytest.raises(VendorError, match="timeout"):
        await slack.perform(replace(order(UPDATE), until=over))
    assert server.called("chat.postMessage") == []


async def test_an_update_goes_to_the_conversation_and_its_note_into_the_thread(
    server: SlackServer, slack: SlackNotifier
) -> None:
    await slack.perform(order(POST))
    receipt = await slack.perform(order(UPDATE, revision=2))
    (message,) = server.messages("D01DEE")
    (sent,) = server.called("chat.update")
    assert (sent["channel"], sent["ts"], sent["text"]) == ("D01DEE", message["ts"], "Accepted")
    assert sent["metadata"]["event_payload"]["receipt"] == receipt_of(order(POST).key), "it still proves the post"
    assert "unfurl_links" not in sent
    assert server.called("chat.postMessage")[1] == {
        "channel": "D01DEE",
        "thread_ts": message["ts"],
        "text": "accepted after 72 s",
        "unfurl_links": False,
        "metadata": {
            "event_type": "lead_note",
            "event_payload": {"lead_id": "ld_1", "assignment": 3, "receipt": receipt_of(order(UPDATE, 1, 2).key)},
        },
    }
    assert receipt.detail is not None
    assert receipt.detail["note_ts"] == server.replies("D01DEE", message["ts"])[0]["ts"]


async def test_a_strangers_words_in_a_note_mention_nobody_and_link_nowhere(
    server: SlackServer, slack: SlackNotifier
) -> None:
    await slack.perform(order(POST))
    hostile = "Wrote again: <!channel> <@U012AB3CD> <https://login.invalid|open your CRM> & more"
    await slack.perform(order(replace(UPDATE, note=hostile), revision=2))
    text = server.called("chat.postMessage")[1]["text"]
    assert "<" not in text
    assert "&lt;!channel&gt;" in text


async def test_an_owner_without_a_user_id_is_looked_up_once(server: SlackServer, slack: SlackNotifier) -> None:
    for revision in range(1, 4):
        await slack.perform(replace(order(replace(POST, channel=None), revision=revision), lead_id=f"ld_{revision}"))
    assert server.called("users.lookupByEmail") == [{"email": DEE}]
    assert len(server.messages("D01DEE")) == 3


async def test_an_owner_who_joins_slack_later_is_found_then(server: SlackServer, slack: SlackNotifier) -> None:
    new = replace(POST, owner="new@us.example", channel=None)
    error = await failure(slack, new)
    assert (error.code, error.permanent) == ("users_not_found", True)
    assert "`slack`" in error.detail
    server.users["U02NEW"] = "new@us.example"
    await slack.perform(order(new, attempt=2))
    assert len(server.messages("D02NEW")) == 1


async def test_an_alert_of_an_owner_without_slack_goes_to_the_team_channel(server: SlackServer, posted: Memory) -> None:
    server.channels["C0TEAM"] = []
    slack = SlackNotifier(TOKEN, posted, base_url=server.api, team_channel="C0TEAM")
    new = replace(POST, owner="new@us.example", channel=None)
    server.script(LOSE, matching=to("chat.postMessage"))
    await failure(slack, new)
    receipt = await slack.perform(order(new, attempt=2))
    assert receipt.repeated
    assert len(server.messages("C0TEAM")) == 1


@pytest.mark.parametrize("lost", [LOSE, Answer(500, "oops", handled=True)], ids=["connection", "500"])
async def test_a_post_whose_answer_got_lost_is_found_and_not_repeated(
    server: SlackServer, slack: SlackNotifier, posted: Memory, lost: Answer
) -> None:
    server.script(lost, matching=to("chat.postMessage"))
    error = await failure(slack, POST)
    assert not error.permanent
    assert posted.held == {}
    receipt = await slack.perform(order(POST, attempt=2))
    (message,) = server.messages("D01DEE")
    assert receipt.repeated
    assert receipt.external_id == f"D01DEE:{message['ts']}"
    await slack.perform(order(UPDATE, revision=2))
    assert server.messages("D01DEE")[0]["text"] == "Accepted"


async def test_a_post_that_never_arrived_is_posted_by_the_next_attempt(
    server: SlackServer, slack: SlackNotifier
) -> None:
    server.script(DROP, matching=to("chat.postMessage"))
    await failure(slack, POST)
    receipt = await slack.perform(order(POST, attempt=2))
    assert not receipt.repeated
    assert len(server.messages("D01DEE")) == 1


async def test_a_receipt_is_looked_for_on_all_pages_of_the_conversation(
    server: SlackServer, slack: SlackNotifier
) -> None:
    server.page = 2
    server.script(LOSE, matching=to("chat.postMessage"))
    await failure(slack, POST)
    for n in range(7):
        await slack.perform(replace(order(POST), key=f"ld_{n}", lead_id=f"ld_other_{n}"))
    receipt = await slack.perform(order(POST, attempt=2))
    assert receipt.repeated
    assert len(server.messages("D01DEE")) == 8
    first, *_ = server.called("conversations.history")
    assert (first["channel"], first["limit"], first["include_all_metadata"]) == ("D01DEE", "200", "1")
    assert [asked.get("cursor") for asked in server.called("conversations.history")] == [None, "2", "4", "6"]


async def test_a_note_whose_answer_got_lost_is_found_and_not_repeated(
    server: SlackServer, slack: SlackNotifier
) -> None:
    await slack.perform(order(POST))
    server.script(LOSE, matching=to("chat.postMessage"))
    with pytest.raises(VendorError):
        await slack.perform(order(UPDATE, revision=2))
    receipt = await slack.perform(order(UPDATE, attempt=2, revision=2))
    (message,) = server.messages("D01DEE")
    assert receipt.repeated
    assert [reply["text"] for reply in server.replies("D01DEE", message["ts"])] == ["accepted after 72 s"]


async def test_a_message_somebody_deleted_is_posted_anew(
    server: SlackServer, slack: SlackNotifier, posted: Memory
) -> None:
    await slack.perform(order(POST))
    server.channels["D01DEE"].clear()
    await slack.perform(order(UPDATE, revision=2))
    (message,) = server.messages("D01DEE")
    assert message["text"] == "Accepted"
    assert posted.held["ld_1", DEE].ts == message["ts"]
    assert len(server.replies("D01DEE", message["ts"])) == 1


async def test_the_newest_assignment_shown_is_remembered(slack: SlackNotifier, posted: Memory) -> None:
    await slack.perform(order(POST))
    await slack.perform(order(replace(UPDATE, assignment=5), revision=2))
    assert posted.held["ld_1", DEE].assignment == 5


async def test_a_reply_is_not_taken_for_the_message_nor_the_message_for_a_reply(
    server: SlackServer, slack: SlackNotifier, posted: Memory
) -> None:
    """An update of a message that nobody posted carries one receipt twice: on the message, and on its note."""
    server.script(LOSE, matching=lambda r: r.path == "/api/chat.postMessage" and b"thread_ts" in r.body)
    with pytest.raises(VendorError):
        await slack.perform(order(UPDATE))
    posted.held.clear()  # and we forgot that it was posted
    await slack.perform(order(UPDATE, attempt=2))
    (message,) = server.messages("D01DEE")
    assert [reply["text"] for reply in server.replies("D01DEE", message["ts"])] == ["accepted after 72 s"]


async def test_a_lead_that_comes_back_is_heard_of_though_its_message_is_an_old_one(
    server: SlackServer, slack: SlackNotifier
) -> None:
    await slack.perform(order(replace(POST, note="offered")))
    await slack.perform(order(replace(POST, assignment=5, note="offered again"), revision=3))
    (message,) = server.messages("D01DEE")
    first, again = server.replies("D01DEE", message["ts"])
    assert "reply_broadcast" not in first
    assert again["reply_broadcast"] is True
    await slack.perform(order(replace(POST, assignment=5, note="offered again"), attempt=2, revision=3))
    assert len(server.channels["D01DEE"]) == 3


async def test_a_reminder_is_shown_in_the_conversation_and_an_ordinary_note_is_not(
    server: SlackServer, slack: SlackNotifier
) -> None:
    await slack.perform(order(POST))
    await slack.perform(order(replace(UPDATE, ping=True), revision=2))
    await slack.perform(order(UPDATE, revision=3))
    (message,) = server.messages("D01DEE")
    assert [r.get("reply_broadcast") for r in server.replies("D01DEE", message["ts"])] == [True, None]


GONE = [
    "account_inactive", "cannot_dm_bot", "channel_not_found", "is_archived", "messages_tab_disabled", "user_disabled",
    "user_not_found",
]  # fmt: skip


@pytest.mark.parametrize("code", GONE)
async def test_whom_no_direct_message_reaches_is_written_to_in_the_team_channel(
    server: SlackServer, posted: Memory, code: str
) -> None:
    server.channels["C0TEAM"] = []
    slack = SlackNotifier(TOKEN, posted, base_url=server.api, team_channel="C0TEAM")
    server.script(Answer(200, {"ok": False, "error": code}), matching=to("chat.postMessage"))
    await slack.perform(order(replace(POST, note="offered")))
    await slack.perform(order(replace(UPDATE, ping=True), revision=2))
    (message,) = server.messages("C0TEAM")
    assert message["text"] == "Accepted"
    assert all("reply_broadcast" not in reply for reply in server.replies("C0TEAM", message["ts"])), (
        "the team is not pinged"
    )
    alone = await failure(SlackNotifier(TOKEN, Memory(), base_url=server.api), replace(POST, channel="U09GONE"))
    assert alone.permanent


async def test_a_conversation_that_was_archived_gives_its_lead_to_the_team_channel(
    server: SlackServer, posted: Memory
) -> None:
    server.channels["C0TEAM"] = []
    slack = SlackNotifier(TOKEN, posted, base_url=server.api, team_channel="C0TEAM")
    await slack.perform(order(POST))
    server.archived.add("D01DEE")
    await slack.perform(order(UPDATE, revision=2))
    (message,) = server.messages("C0TEAM")
    assert message["text"] == "Accepted"
    assert posted.held["ld_1", DEE].channel == "C0TEAM"
    server.archived.add("C0TEAM")
    with pytest.raises(VendorError) as raised:
        await slack.perform(order(UPDATE, revision=3))
    assert (raised.value.code, raised.value.permanent) == ("is_archived", True)


async def test_a_deleted_message_about_a_lead_that_moved_is_not_posted_anew(
    server: SlackServer, slack: SlackNotifier
) -> None:
    await slack.perform(order(POST))
    server.channels["D01DEE"].clear()
    await slack.perform(order(replace(UPDATE, closed=True), revision=2))
    await slack.perform(order(replace(UPDATE, message={}), revision=3))
    assert server.channels["D01DEE"] == []


async def test_a_line_goes_to_the_pools_channel_else_to_the_teams_else_to_nobody(server: SlackServer) -> None:
    server.channels |= {"C0TEAM": [], "C0POOL": []}
    slack = SlackNotifier(TOKEN, Memory(), base_url=server.api, team_channel="C0TEAM")
    await slack.perform(order(PostLine("C0POOL", BODY)))
    await slack.perform(order(PostLine(None, BODY), revision=2))
    server.archived.add("C0POOL")
    await slack.perform(order(PostLine("C0POOL", BODY), revision=3))
    assert (len(server.messages("C0POOL")), len(server.messages("C0TEAM"))) == (1, 2)
    nobody = SlackNotifier(TOKEN, Memory(), base_url=server.api)
    assert (await nobody.perform(order(PostLine(None, BODY)))).external_id == "no team channel"


async def test_a_digest_is_a_direct_message_and_found_again(server: SlackServer, slack: SlackNotifier) -> None:
    digest = PostDigest(DEE, None, "2026-04-07T08", BODY)
    server.script(LOSE, matching=to("chat.postMessage"))
    await failure(slack, digest)
    receipt = await slack.perform(order(digest, attempt=2))
    assert receipt.repeated
    assert len(server.messages("D01DEE")) == 1


NO = {"ok": False, "error": "ratelimited"}
FAILURES = [
    (Answer(429, NO, headers={"Retry-After": "30"}), "rate_limited", False, 30.0),
    (Answer(429, "slow down"), "rate_limited", False, None),
    (Answer(200, {"ok": False, "error": "ratelimited"}), "ratelimited", False, None),
    (Answer(200, {"ok": False, "error": "internal_error"}), "internal_error", False, None),
    (Answer(200, {"ok": False, "error": "channel_not_found"}), "channel_not_found", True, None),
    (Answer(200, {"ok": False, "error": "invalid_blocks", "errors": ["secret"]}), "invalid_blocks", True, None),
    (Answer(200, {"ok": False, "error": "secret text <html>"}), "invalid_answer", False, None),
    (Answer(200, "<html>secret</html>"), "invalid_answer", False, None),
    (Answer(403, {"ok": False, "error": "token_revoked"}), "token_revoked", True, None),
    (Answer(500, "secret"), "vendor_error", False, None),
    (Answer(503, b"", headers={"Retry-After": "5"}), "vendor_error", False, 5.0),
    (DROP, "unreachable", False, None),
    (HALF, "unreachable", False, None),
    (Answer(delay_s=5), "timeout", False, None),
]


@pytest.mark.parametrize(("answer", "code", "permanent", "after"), FAILURES)
async def test_a_failure_says_whether_and_when_to_try_again_and_quotes_nobody(
    server: SlackServer, answer: Answer, code: str, permanent: bool, after: float | None
) -> None:
    slack = SlackNotifier(TOKEN, Memory(), base_url=server.api, timeout_s=1)
    server.always(answer, matching=to("chat.postMessage"))
    error = await failure(slack, POST)
    assert (error.code, error.permanent, error.retry_after_s) == (code, permanent, after)
    assert "secret" not in str(error)
    assert error.__suppress_context__
    assert len(server.called("chat.postMessage")) == 1, "the dispatcher retries, the SDK does not"


async def test_a_missing_scope_is_named(server: SlackServer, slack: SlackNotifier) -> None:
    answer = {"ok": False, "error": "missing_scope", "needed": "users:read.email", "provided": "chat:write"}
    server.always(Answer(200, answer))
    error = await failure(slack, replace(POST, channel=None))
    assert error.permanent
    assert error.detail == "Slack answered missing_scope; the app needs the scope users:read.email"


async def test_a_wrong_token_ends_the_retries(server: SlackServer) -> None:
    error = await failure(SlackNotifier("xoxb-wrong", Memory(), base_url=server.api), POST)
    assert (error.code, error.permanent) == ("invalid_auth", True)


async def test_a_slack_that_is_gone_is_unreachable(server: SlackServer, slack: SlackNotifier) -> None:
    server.stop()
    error = await failure(slack, POST)
    assert (error.code, error.permanent) == ("unreachable", False)


async def test_calls_under_way_at_once_are_bounded_and_the_loop_stays_free(server: SlackServer) -> None:
    slack = SlackNotifier(TOKEN, Memory(), base_url=server.api, concurrency=2)
    server.always(Answer(500, delay_s=0.05))
    calls = asyncio.gather(*(slack.perform(order(POST)) for _ in range(8)), return_exceptions=True)
    turns = 0
    while not calls.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert server.peak == 2
    assert turns > 20
    await slack.aclose()


NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM = b"payload=%7B%22type%22%3A%22block_actions%22%7D"


def signed(body: bytes = FORM, at: datetime = NOW) -> tuple[str, str]:
    """(time stamp, signature) as Slack's own SDK makes them."""
    timestamp = str(int(at.timestamp()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    assert signature is not None
    return timestamp, signature


@pytest.mark.parametrize("age_s", [0, 299, 300, -300])
def test_a_signature_as_slack_makes_it_is_taken_for_five_minutes(age_s: int) -> None:
    timestamp, signature = signed(at=NOW - timedelta(seconds=age_s))
    assert verify_signature(SECRET, timestamp, FORM, signature, NOW)


@pytest.mark.parametrize("age_s", [301, -301, 86_400])
def test_an_old_or_early_request_is_not_taken(age_s: int) -> None:
    timestamp, signature = signed(at=NOW - timedelta(seconds=age_s))
    assert not verify_signature(SECRET, timestamp, FORM, signature, NOW)


def test_any_other_secret_body_or_time_is_not_taken() -> None:
    timestamp, signature = signed()
    assert not verify_signature("other", timestamp, FORM, signature, NOW)
    assert not verify_signature(SECRET, timestamp, FORM + b"&a=1", signature, NOW)
    assert not verify_signature(SECRET, str(int(timestamp) + 1), FORM, signature, NOW)
    assert not verify_signature(SECRET, timestamp, FORM, signature.replace("v0=", "v1="), NOW)


@pytest.mark.parametrize("timestamp", [None, "", "soon", "-1", "1e9", "١٢٣٤", "9" * 400, "1775570400.0"])
def test_a_time_stamp_that_is_none_is_not_taken(timestamp: str | None) -> None:
    assert not verify_signature(SECRET, timestamp, FORM, signed()[1], NOW)


@pytest.mark.parametrize("signature", [None, "", "v0=", "v0=é", "\udcff", "x" * 100_000])
def test_a_signature_that_is_none_is_not_taken(signature: str | None) -> None:
    assert not verify_signature(SECRET, signed()[0], FORM, signature, NOW)


def test_a_body_that_is_no_text_can_be_signed_too() -> None:
    assert not verify_signature(SECRET, signed()[0], b"\xff\xfe\x00", signed()[1], NOW)


def test_an_empty_secret_is_a_fault_of_ours() -> None:
    timestamp, signature = signed()
    with pytest.raises(ValueError, match="Signing Secret"):
        verify_signature("", timestamp, FORM, signature, NOW)
