"""What a NOTIFICATION asks for is performed: by the notifier of the store, and by Slack's SDK against a local Slack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, insert, select, update

from graph.domain.effects import PostAlert, key_of
from graph.ports import Order, Performer
from tests.fixtures.nurture import BEGIN, OWNER, Clock, enrol, file_of, put_lead, steps_of, tick
from tests.servers.slack_server import TOKEN, SlackServer
from tools.embedded.notifier import EmbeddedNotifier
from tools.slack import SlackNotifier
from tools.store.posted import SqlPosted
from tools.store.tables import alert_notes, assignments, decisions, outbox, team_posts
from tools.stream.outbox import Outcome, claim, record

TELL = file_of([{"id": "tell", "do": "NOTIFICATION", "text": "Reads a lot."}])
TOLD = "Maya Ortiz, in low_score_nurture: Reads a lot."
ALERT = {"text": "a lead of yours", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "a lead"}}]}


class Kept:
    """The notifier of the store."""

    def __init__(self, database: Engine) -> None:
        self.database, self.performer = database, EmbeddedNotifier(database)

    def lines(self, audience: str) -> list[str]:
        with self.database.connect() as connection:
            mine = select(team_posts.c.message).where(team_posts.c.audience == audience)
            return [orjson.loads(message)["text"] for message in connection.scalars(mine)]

    def notes(self) -> list[str]:
        with self.database.connect() as connection:
            return list(connection.scalars(select(alert_notes.c.text).where(alert_notes.c.owner == OWNER)))


class InSlack:
    def __init__(self, database: Engine, server: SlackServer) -> None:
        self.server = server
        self.server.users["U01DEE"] = OWNER
        self.server.channels["C0TEAM"] = []
        self.performer = SlackNotifier(
            TOKEN, SqlPosted(database), base_url=server.api, team_channel="C0TEAM", clock=Clock()
        )

    def lines(self, _audience: str) -> list[str]:
        assert self.server.messages("C0TEAM") == [], "what is about one owner's lead is no line of the team"
        return [message["text"] for message in self.server.messages("D01DEE")]

    def notes(self) -> list[str]:
        (head,) = self.server.messages("D01DEE")
        return [reply["text"] for reply in self.server.replies("D01DEE", head["ts"])]


@pytest.fixture(params=["embedded", "slack"])
def notifier(request: pytest.FixtureRequest, sqlite_engine: Engine) -> Iterator[Kept | InSlack]:
    if request.param == "embedded":
        yield Kept(sqlite_engine)
    else:
        with SlackServer() as server:
            yield InSlack(sqlite_engine, server)


async def told(engine: Engine, performer: Performer, before: Callable[[], None] = lambda: None) -> list[Outcome]:
    """The step comes due, and a dispatcher performs what it asked for."""
    clock = Clock()
    put_lead(engine)
    before()
    await enrol(engine, TELL)
    await tick(engine, steps_of(engine, clock, TELL), clock.now)
    outcomes = []
    for one in claim(engine, "notifier", "d/notifier", clock.now, limit=20, lease_s=60):
        receipt = await performer.perform(one.order)
        again = await performer.perform(
            Order(one.order.key, one.order.lead_id, one.order.revision, 2, one.order.effect)
        )
        assert again.repeated
        outcomes.append(Outcome(one, done=True, external_id=receipt.external_id))
    record(engine, outcomes, clock.now)
    return outcomes


async def test_the_owner_of_a_lead_without_an_alert_reads_a_line(
    sqlite_engine: Engine, notifier: Kept | InSlack
) -> None:
    (done,) = await told(sqlite_engine, notifier.performer)
    assert done.external_id
    assert notifier.lines("U01DEE") == [TOLD]


async def test_an_owner_whose_slack_user_is_not_in_the_file_reads_it_too(
    sqlite_engine: Engine, notifier: Kept | InSlack
) -> None:
    def no_slack() -> None:
        with sqlite_engine.execution_options(immediate=True).begin() as connection:
            whole: dict[str, Any] = orjson.loads(connection.scalar(select(decisions.c.record)) or b"")
            whole["assignment"] = {"owner": OWNER, "slack": None}
            connection.execute(update(decisions).values(record=orjson.dumps(whole)))

    await told(sqlite_engine, notifier.performer, no_slack)
    assert notifier.lines(OWNER) == [TOLD]


async def test_the_thread_of_an_alert_has_it_once(sqlite_engine: Engine, notifier: Kept | InSlack) -> None:
    alert = PostAlert(OWNER, None, 1, ALERT)
    await notifier.performer.perform(Order(key_of(alert, "ld_1", 1), "ld_1", 1, 1, alert))
    sent = {
        "kind": "post_alert",
        "payload": orjson.dumps(alert),
        "lead_id": "ld_1",
        "revision": 1,
        "vendor": "notifier",
    }
    sent |= {"key": key_of(alert, "ld_1", 1), "state": "done", "attempts": 1}
    sent |= dict.fromkeys(("due_at", "accepted_at", "created_at"), BEGIN)

    def alerted() -> None:
        one = {
            "lead_id": "ld_1",
            "number": 1,
            "owner": OWNER,
            "rule": "map.US",
            "state": "offered",
            "offered_at": BEGIN,
        }
        with sqlite_engine.execution_options(immediate=True).begin() as connection:
            connection.execute(insert(assignments), [one])
            connection.execute(insert(outbox), [sent])

    await told(sqlite_engine, notifier.performer, alerted)
    assert notifier.notes() == [TOLD]
