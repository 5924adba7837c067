"""From what happened to the receiver, through the dispatcher: once as a rule, at least once whatever happens."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from tests.fixtures.webhooks import SEALER, WAY, Receiver, Sending, happened, passed, subscribed, told
from tests.servers.base import DROP, LOSE, Answer
from tools.outgoing import endpoints
from tools.outgoing.performing import Terms
from tools.outgoing.sealing import BadSecret, Sealer, checked_secret
from tools.store.dead import list_dead
from tools.store.tables import outbox, webhook_endpoints
from tools.store.webhook_deliveries import deliveries, replay_since, send_again, tidy, waiting
from tools.store.webhooks import CannotKeep, found_endpoint, remove_endpoint, set_state
from tools.stream import dispatcher as dispatching

EARLY = datetime(2026, 1, 1, tzinfo=UTC)


async def test_what_happened_reaches_the_receiver_signed_and_is_noted(
    database: Engine, receiver: Receiver, sending: Sending
):
    one = await subscribed(database, receiver)
    happened(database)
    await sending.drain()
    ((event_id, body),) = receiver.taken
    assert (body["type"], body["data"]["lead_id"]) == ("lead.passed", "ld_1")
    (row,) = deliveries(database, one.endpoint)
    assert (row.event_id, row.outcome, row.status, row.attempts) == (event_id, "delivered", 200, 1)
    assert (row.excerpt, row.state) == ("taken", "done")
    assert found_endpoint(database, one.endpoint).ok_at is not None
    assert [row.state for row in told(database)] == ["done"]


async def test_after_a_failure_the_same_message_comes_again_with_a_fresh_time(
    database: Engine, receiver: Receiver, sending: Sending
):
    one = await subscribed(database, receiver)
    happened(database)
    receiver.script(Answer(500, "oops"), DROP)
    await sending.drain()
    (row,) = deliveries(database, one.endpoint)
    assert (row.outcome, row.status, row.error, row.excerpt, row.state) == (
        "failed", 500, "status_500: no 2xx", "oops", "pending",
    )  # fmt: skip
    assert found_endpoint(database, one.endpoint).failing_since is not None
    await sending.again()
    await sending.again()
    assert len(receiver.requests) == 3
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len(receiver.taken) == 1
    (row,) = deliveries(database, one.endpoint)
    assert (row.outcome, row.attempts) == ("delivered", 3)
    assert found_endpoint(database, one.endpoint).failing_since is None


async def test_an_answer_that_got_lost_makes_a_second_message_of_the_same_id(
    database: Engine, receiver: Receiver, sending: Sending
):
    await subscribed(database, receiver)
    happened(database)
    receiver.script(LOSE)
    await sending.drain()
    await sending.again()
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


async def test_a_dispatcher_that_dies_between_sending_and_recording_sends_the_same_id_twice_at_most(
    database: Engine, receiver: Receiver, executor: Executor, monkeypatch: pytest.MonkeyPatch
):
    await subscribed(database, receiver)
    happened(database, passed(part="1"), passed(part="2"))
    dying = Sending(database, executor)

    def killed(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(dispatching, "record", killed)
        with pytest.raises(ExceptionGroup):
            await dying.drain()
    sent = len(receiver.taken)
    assert sent > 0
    assert {row.state for row in told(database)} == {"pending"}, "nothing was recorded"
    await Sending(database, executor).drain()
    assert len(receiver.taken) == sent, "the lease of the dead one still holds"
    await Sending(database, executor).again()
    assert len(set(receiver.ids)) == 2
    assert max(receiver.ids.count(one) for one in receiver.ids) == 2
    assert {row.state for row in told(database)} == {"done"}


async def test_a_wish_to_wait_is_kept_where_it_is_longer_than_the_schedule(
    database: Engine, receiver: Receiver, sending: Sending
):
    await subscribed(database, receiver)
    happened(database)
    receiver.script(Answer(429, headers={"Retry-After": "3600"}))
    before = datetime.now(UTC)
    await sending.drain()
    (row,) = told(database)
    assert row.due_at >= before + timedelta(minutes=59)


async def test_gone_switches_the_endpoint_off_and_what_happens_waits_until_somebody_resumes_it(
    database: Engine, receiver: Receiver, sending: Sending
):
    one = await subscribed(database, receiver)
    happened(database)
    receiver.script(Answer(410))
    await sending.drain()
    held = found_endpoint(database, one.endpoint)
    assert (held.state, held.why) == ("off", "it answered 410 Gone")
    happened(database, passed(part="2"))
    await sending.again()
    assert len(receiver.requests) == 1
    assert waiting(database)[one.endpoint].messages == 2
    set_state(database, one.endpoint, "active", None)
    await sending.drain()
    assert len(set(receiver.ids)) == 2


async def test_days_of_nothing_but_failures_switch_it_off_and_a_success_between_does_not(
    database: Engine, receiver: Receiver, executor: Executor
):
    sending = Sending(database, executor, terms=Terms(off_after=timedelta(days=5)))
    one = await subscribed(database, receiver)
    receiver.always(Answer(503))
    sending.now = EARLY
    happened(database)
    await sending.drain()
    sending.now = EARLY + timedelta(days=4, hours=23)
    await sending.again()
    assert found_endpoint(database, one.endpoint).state == "active"
    receiver.script(Answer(200))
    await sending.again()
    happened(database, passed(part="2"))
    await sending.again()
    sending.now = EARLY + timedelta(days=6)
    await sending.again()
    assert found_endpoint(database, one.endpoint).state == "active"
    sending.now = EARLY + timedelta(days=10)
    await sending.again()
    held = found_endpoint(database, one.endpoint)
    assert held.state == "off"
    assert held.why is not None
    assert held.why.startswith("nothing but failures since 2026-01-05 23:00 UTC, the last one status_503")


async def test_what_is_never_taken_ends_as_a_dead_letter_and_a_replay_settles_it(
    database: Engine, receiver: Receiver, sending: Sending
):
    one = await subscribed(database, receiver)
    happened(database)
    receiver.always(Answer(400))
    for _ in range(len(dispatching.SCHEDULES["send_webhook"]) + 1):
        await sending.again()
    assert [row.state for row in told(database)] == ["dead"]
    assert len(list_dead(database)) == 1
    requests = len(receiver.requests)
    await sending.again()
    assert len(receiver.requests) == requests
    receiver.always(None)
    (row,) = deliveries(database, one.endpoint)
    assert send_again(database, one.endpoint, row.event_id, datetime.now(UTC))
    await sending.drain()
    assert receiver.ids == [row.event_id]
    assert list_dead(database) == []


async def test_an_endpoint_that_stalls_delays_only_its_own(database: Engine, receiver: Receiver, executor: Executor):
    sending = Sending(database, executor, way=replace(WAY, deadline_s=5.0))
    with Receiver() as slow:
        slow.always(Answer(200, delay_s=30))
        one = await subscribed(database, slow)
        other = await subscribed(database, receiver)
        happened(database, *(passed(part=str(n)) for n in range(40)))
        running = sending.dispatcher()
        await sending.until(running, lambda: len(receiver.taken) == 40)
        states = {(row.vendor, row.state) for row in told(database)}
    assert (other.queue, "pending") not in states
    assert (one.queue, "done") not in states
    assert len(slow.requests) <= 16


async def test_a_row_of_failures_opens_the_breaker_of_that_endpoint_alone(
    database: Engine, receiver: Receiver, sending: Sending
):
    with Receiver() as down:
        down.always(Answer(500))
        one, other = await subscribed(database, down), await subscribed(database, receiver)
        happened(database, *(passed(f"ld_{n}", "1") for n in range(100)))
        running = sending.dispatcher()
        await sending.until(running, lambda: len(receiver.taken) == 100 and running.breakers[one.queue].state == "open")
        assert len(down.requests) < 100
        assert running.breakers[other.queue].state == "closed"


async def test_a_failing_message_does_not_hold_up_what_happens_to_its_lead_later(
    database: Engine, receiver: Receiver, sending: Sending
):
    await subscribed(database, receiver)
    happened(database, passed(part="1"))
    receiver.script(Answer(500))
    await sending.drain()
    happened(database, passed(part="2"))
    await sending.drain()
    assert len(receiver.taken) == 1
    assert [row.state for row in told(database)] == ["pending", "done"]


async def test_an_endpoint_that_comes_pauses_or_goes_counts_while_the_dispatcher_runs(
    database: Engine, receiver: Receiver, sending: Sending
):
    running, seen = sending.dispatcher(), list[str]()

    def step() -> bool:
        """Seen from the test: add, send, pause, resume, remove, each once the one before has shown."""
        if not seen and receiver.secrets:
            happened(database, passed(part="1"))
            seen.append("added")
        elif seen == ["added"] and len(receiver.taken) == 1:
            set_state(database, names[0], "paused", "by a person")
            seen.append("paused")
        elif seen == ["added", "paused"] and not running._passing:
            happened(database, passed(part="2"))
            set_state(database, names[0], "active", None)
            seen.append("resumed")
        elif seen[-1:] == ["resumed"] and len(receiver.taken) == 2:
            remove_endpoint(database, names[0], datetime.now(UTC))
            seen.append("removed")
        return seen[-1:] == ["removed"] and not running._passing

    names = [(await subscribed(database, receiver)).endpoint]
    await sending.until(running, step)
    assert len(set(receiver.ids)) == 2


async def test_a_secret_that_was_replaced_signs_for_a_day_beside_the_new_one(
    database: Engine, receiver: Receiver, executor: Executor
):
    one = await subscribed(database, receiver)
    now = datetime.now(UTC)
    shown = endpoints.rotate(database, SEALER, one.endpoint, now)
    happened(database, passed(part="1"))
    await Sending(database, executor).drain()
    assert len(receiver.taken) == 1, "the receiver has the old secret yet"
    receiver.secrets = [shown.secret]
    happened(database, passed(part="2"))
    await Sending(database, executor).drain()
    assert len(receiver.taken) == 2
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(update(webhook_endpoints).values(old_until=now - timedelta(seconds=1)))
    happened(database, passed(part="3"))
    await Sending(database, executor).drain()
    signatures = [len(request.headers["webhook-signature"].split(" ")) for request in receiver.requests]
    assert signatures == [2, 2, 1]


async def test_a_secret_that_this_installation_cannot_open_is_said_and_not_sent_without(
    database: Engine, receiver: Receiver, executor: Executor
):
    one = await subscribed(database, receiver)
    happened(database)
    sending = Sending(database, executor)
    sending.outgoing._make_sealer = lambda: Sealer(b"another" * 5)
    await sending.drain()
    assert receiver.requests == []
    (row,) = deliveries(database, one.endpoint)
    assert "another data folder" in row.error


def test_a_secret_is_kept_sealed_and_one_of_your_own_has_to_be_one():
    assert "whsec_" not in SEALER.seal("whsec_abc")
    assert SEALER.open(SEALER.seal("whsec_abc")) == "whsec_abc"
    with pytest.raises(BadSecret, match="another data folder"):
        Sealer(b"other" * 7).open(SEALER.seal("whsec_abc"))
    for bad in ("abc", "whsec_", "whsec_!!!!", "whsec_" + "A" * 8, "whsec_" + "A" * 200):
        with pytest.raises(BadSecret) as refused:
            checked_secret(bad)
        assert bad not in str(refused.value) or bad in {"abc", "whsec_"}


async def test_a_replay_sends_everything_since_then_under_the_same_ids(
    database: Engine, receiver: Receiver, sending: Sending
):
    one = await subscribed(database, receiver)
    happened(database, passed(part="old"), at=EARLY)
    happened(database, passed(part="1"), passed(part="2"))
    await sending.drain()
    first = list(receiver.ids)
    now = datetime.now(UTC)
    assert replay_since(database, one.endpoint, EARLY + timedelta(days=1), now) == 2
    await sending.drain()
    assert sorted(receiver.ids[3:]) == sorted(set(first[1:]) & set(receiver.ids[3:]))
    assert len(receiver.ids) == 5
    assert len(set(receiver.ids)) == 3
    assert replay_since(database, one.endpoint, EARLY, now, undelivered=True) == 0
    receiver.script(Answer(500))
    happened(database, passed(part="3"))
    await sending.drain()
    with pytest.raises(CannotKeep, match="no endpoint"):
        replay_since(database, "ep_zzzzzzzz", EARLY, now)
    with pytest.raises(CannotKeep, match="was sent no message"):
        send_again(database, one.endpoint, "msg_none", now)


async def test_what_waits_too_long_for_an_endpoint_at_rest_is_given_up_and_can_be_replayed(
    database: Engine, receiver: Receiver, sending: Sending
):
    one = await subscribed(database, receiver)
    set_state(database, one.endpoint, "paused", "by a person")
    happened(database, passed(part="old"), at=EARLY)
    happened(database, passed(part="new"))
    now = datetime.now(UTC)
    assert tidy(database, now, waits_since=now - timedelta(days=7), kept_since=now - timedelta(days=30)) == (1, 0)
    (row,) = deliveries(database, one.endpoint)
    assert (row.outcome, row.status, row.state) == ("expired", None, "done")
    set_state(database, one.endpoint, "active", None)
    await sending.drain()
    assert len(receiver.taken) == 1
    assert replay_since(database, one.endpoint, EARLY, now, undelivered=True) == 1
    await sending.drain()
    assert len(receiver.taken) == 2
    later = now + timedelta(days=31)
    assert tidy(database, later, waits_since=now, kept_since=later - timedelta(days=30)) == (0, 2)


async def test_what_was_announced_to_an_endpoint_that_is_gone_waits_for_nobody(
    database: Engine, receiver: Receiver, sending: Sending
):
    """A worker knows for some seconds yet of an endpoint that was removed elsewhere."""
    one = await subscribed(database, receiver)
    happened(database)
    assert remove_endpoint(database, one.endpoint, datetime.now(UTC)) == 1
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(update(outbox).values(state="pending"))
    await sending.drain()
    assert receiver.requests == []
    assert {row.error for row in told(database)} == {"not sent: endpoint removed"}
    assert waiting(database) == {}


async def test_a_ping_says_what_came_back_and_is_kept_too(database: Engine, receiver: Receiver):
    one = await subscribed(database, receiver)
    now = datetime.now(UTC)
    assert (await endpoints.test(database, SEALER, WAY, one.endpoint, now)).status == 200
    receiver.script(Answer(404, "not here"))
    refused = await endpoints.test(database, SEALER, WAY, one.endpoint, now)
    assert (refused.ok, refused.status, refused.excerpt) == (False, 404, "not here")
    assert receiver.types == ["ping"]
    rows = deliveries(database, one.endpoint)
    assert [row.event for row in rows] == ["ping", "ping"]
    with pytest.raises(CannotKeep, match="ping"):
        send_again(database, one.endpoint, rows[0].event_id, now)


async def test_what_is_no_endpoint_is_refused_with_a_reason(database: Engine, receiver: Receiver):
    one = await subscribed(database, receiver, "lead.decided")
    for url, events, secret, why in (
        ("https://hooks.example/", ["lead.won"], None, "there is no 'lead.won'"),
        ("https://hooks.example/", [], None, "at least one"),
        ("https://hooks.example/", ["ping"], None, "there is no 'ping'"),
        ("ftp://hooks.example/", ["all"], None, "url: "),
        ("https://hooks.example/", ["all"], "whsec_x", "secret: "),
        (one.url, ["all"], None, "has this URL already"),
    ):
        with pytest.raises(CannotKeep, match=why):
            await endpoints.add(database, SEALER, WAY, url, events, personal=False, secret=secret, now=EARLY)
    strict = replace(WAY, private=False)
    with pytest.raises(CannotKeep, match="public internet"):
        await endpoints.add(database, SEALER, strict, "https://127.1/x", ["all"], personal=False, now=EARLY)
