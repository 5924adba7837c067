"""What every notifier behind the port keeps to: ours on both databases, and Slack's SDK against two
local Slacks: our own, and emulate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson
import pytest
from sqlalchemy import Engine, select

from graph.domain.effects import Effect, EnrolNurture, PostAlert, UpdateAlert, key_of
from graph.domain.telling import PostDigest, PostLine
from graph.ports import Order, Performer, Receipt, VendorError
from tests.servers.emulate_server import TOKEN as EMULATED
from tests.servers.emulate_server import EmulatedSlack
from tests.servers.slack_server import TOKEN, SlackServer
from tools.embedded.notifier import EmbeddedNotifier
from tools.slack import SlackNotifier
from tools.store.engine import open_engine
from tools.store.posted import SqlPosted
from tools.store.tables import alert_notes, alerts, team_posts

DEE, ELI = "dee@us.example", "eli@us.example"


@dataclass
class Shown:
    """One message as its owner sees it."""

    text: str
    notes: list[str]


class World(Protocol):
    """team: the channel of the team."""

    notifier: Performer
    team: str

    def shown_to(self, owner: str) -> list[Shown]: ...

    def told(self) -> list[str]: ...


class OurWorld:
    team = "C0TEAM"

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.notifier = EmbeddedNotifier(database)

    def shown_to(self, owner: str) -> list[Shown]:
        with self.database.connect() as connection:
            mine = select(alerts).where(alerts.c.owner == owner).order_by(alerts.c.alert_id)
            return [
                Shown(
                    orjson.loads(row.message)["text"],
                    list(
                        connection.scalars(
                            select(alert_notes.c.text)
                            .where(alert_notes.c.lead_id == row.lead_id, alert_notes.c.owner == owner)
                            .order_by(alert_notes.c.note_id)
                        )
                    ),
                )
                for row in connection.execute(mine).all()
            ]

    def told(self) -> list[str]:
        with self.database.connect() as connection:
            rows = connection.scalars(select(team_posts.c.message).order_by(team_posts.c.post_id))
            return [orjson.loads(message)["text"] for message in rows]


class SlackWorld:
    team = "C0TEAM"

    def __init__(self, server: SlackServer, database: Engine) -> None:
        self.server = server
        self.notifier = SlackNotifier(TOKEN, SqlPosted(database), base_url=server.api)
        server.users.update({"U01DEE": DEE, "U01ELI": ELI})
        server.channels["C0TEAM"] = []

    def told(self) -> list[str]:
        return [m["text"] for channel in ("C0TEAM", "D01DEE") for m in self.server.messages(channel)]

    def shown_to(self, owner: str) -> list[Shown]:
        channel = next(f"D{user[1:]}" for user, email in self.server.users.items() if email == owner)
        return [
            Shown(message["text"], [reply["text"] for reply in self.server.replies(channel, message["ts"])])
            for message in self.server.messages(channel)
        ]


class EmulatedWorld:
    def __init__(self, server: EmulatedSlack, database: Engine) -> None:
        self.server, self.team = server, server.channel("team")
        self.notifier = SlackNotifier(EMULATED, SqlPosted(database), base_url=server.api)

    def told(self) -> list[str]:
        return [m["text"] for channel in (self.team, self.server.direct(DEE)) for m in self.server.messages(channel)]

    def shown_to(self, owner: str) -> list[Shown]:
        channel = self.server.direct(owner)
        return [
            Shown(message["text"], [reply["text"] for reply in self.server.replies(channel, message["ts"])])
            for message in self.server.messages(channel)
        ]


@pytest.fixture(params=["embedded-sqlite", "embedded-postgresql", "slack", "emulate"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    url = request.getfixturevalue("postgres_url" if "postgresql" in request.param else "sqlite_url")
    database = open_engine(url)
    if request.param == "slack":
        with SlackServer() as server:
            yield SlackWorld(server, database)
    elif request.param == "emulate":
        yield EmulatedWorld(request.getfixturevalue("emulated_slack"), database)
    else:
        yield OurWorld(database)
    database.dispose()


def body(text: str) -> dict[str, Any]:
    about = {"event_type": "lead_assigned", "event_payload": {"lead_id": "ld_1", "assignment": 1}}
    header = {"type": "header", "text": {"type": "plain_text", "text": text}}
    return {"text": text, "unfurl_links": False, "metadata": about, "blocks": [header]}


def post(text: str = "new", owner: str = DEE, assignment: int = 1, channel: str | None = None) -> PostAlert:
    return PostAlert(owner, channel, assignment, body(text))


def update(text: str = "accepted", owner: str = DEE, assignment: int = 1, note: str = "") -> UpdateAlert:
    return UpdateAlert(owner, assignment, body(text), note, closed=text.startswith("moved"))


BODY_OF_A_NOTE = {"text": "<https://router.example/why|decision record>", "unfurl_links": False}


async def perform(world: World, effect: Effect, attempt: int = 1, revision: int = 1, lead_id: str = "ld_1") -> Receipt:
    return await world.notifier.perform(Order(key_of(effect, lead_id, revision), lead_id, revision, attempt, effect))


async def test_an_alert_is_shown_to_its_owner_and_to_nobody_else(world: World) -> None:
    await perform(world, post("new lead"))
    assert world.shown_to(DEE) == [Shown("new lead", [])]
    assert world.shown_to(ELI) == []


async def test_the_second_perform_of_a_post_shows_nothing_new(world: World) -> None:
    first = await perform(world, post())
    second = await perform(world, post(), attempt=2)
    assert (first.repeated, second.repeated) == (False, True)
    assert first.external_id == second.external_id
    assert world.shown_to(DEE) == [Shown("new", [])]


async def test_one_owner_has_one_message_about_a_lead_for_life(world: World) -> None:
    first = await perform(world, post("first"))
    second = await perform(world, post("second", assignment=2), revision=2)
    assert second.repeated
    assert first.external_id == second.external_id
    assert world.shown_to(DEE) == [Shown("second", [])]


async def test_leads_and_owners_have_messages_of_their_own(world: World) -> None:
    await perform(world, post("one"))
    await perform(world, post("two"), lead_id="ld_2")
    await perform(world, post("three", owner=ELI), revision=2)
    assert [shown.text for shown in world.shown_to(DEE)] == ["one", "two"]
    assert [shown.text for shown in world.shown_to(ELI)] == ["three"]


async def test_an_update_replaces_the_message_and_its_note_goes_below(world: World) -> None:
    posted = await perform(world, post())
    updated = await perform(world, update("accepted", note="accepted after 72 s"), revision=2)
    assert updated.external_id == posted.external_id
    assert world.shown_to(DEE) == [Shown("accepted", ["accepted after 72 s"])]


async def test_the_second_perform_of_an_update_writes_no_second_note(world: World) -> None:
    await perform(world, post())
    first = await perform(world, update(note="moved to Eli"), revision=2)
    second = await perform(world, update(note="moved to Eli"), attempt=2, revision=2)
    assert (first.repeated, second.repeated) == (False, True)
    assert world.shown_to(DEE) == [Shown("accepted", ["moved to Eli"])]


async def test_notes_keep_their_order(world: World) -> None:
    await perform(world, post())
    for revision, note in enumerate(("reminder", "accepted", "first touch"), start=2):
        await perform(world, update(note=note), revision=revision)
    assert world.shown_to(DEE)[0].notes == ["reminder", "accepted", "first touch"]


async def test_an_update_without_a_note_adds_none(world: World) -> None:
    await perform(world, post())
    await perform(world, update("clock changed"), revision=2)
    assert world.shown_to(DEE) == [Shown("clock changed", [])]


async def test_an_update_of_a_message_that_was_never_shown_shows_it(world: World) -> None:
    await perform(world, update("moved to Eli", note="no accept"), revision=2)
    assert world.shown_to(DEE) == [Shown("moved to Eli", ["no accept"])]


async def test_an_older_assignment_never_overwrites_a_newer_one(world: World) -> None:
    await perform(world, post("first", assignment=1))
    await perform(world, post("back again", assignment=3), revision=3)
    await perform(world, update("moved to Eli", assignment=1, note="moved to Eli"), revision=2)
    assert world.shown_to(DEE) == [Shown("back again", ["moved to Eli"])]


async def test_a_message_is_kept_as_it_was_built(world: World) -> None:
    hostile = "&lt;!channel&gt; <@U1> *x* `y` \U0001f600 \u202e " + "é" * 60
    await perform(world, post(hostile))
    assert world.shown_to(DEE) == [Shown(hostile, [])]


async def test_an_effect_of_another_vendor_is_refused_for_good(world: World) -> None:
    with pytest.raises(VendorError) as raised:
        await perform(world, EnrolNurture("maya@acme.example", "low_score_nurture", DEE))
    assert (raised.value.code, raised.value.permanent) == ("unsupported_effect", True)


async def test_the_thread_begins_with_the_alerts_own_note_once(world: World) -> None:
    first = replace(post(), note="decision record", thread=BODY_OF_A_NOTE)
    await perform(world, first)
    await perform(world, first, attempt=2)
    assert [len(shown.notes) for shown in world.shown_to(DEE)] == [1]


async def test_a_note_alone_leaves_the_message_as_it_is(world: World) -> None:
    await perform(world, post("as it was"))
    await perform(world, UpdateAlert(DEE, 1, {}, "one more visit"), revision=2)
    assert world.shown_to(DEE) == [Shown("as it was", ["one more visit"])]


async def test_who_was_never_shown_a_lead_hears_neither_that_it_moved_nor_a_note_about_it(world: World) -> None:
    await perform(world, post(owner=ELI))
    await perform(world, replace(update("moved to Eli", note="no accept"), shown_only=True), revision=2)
    await perform(world, UpdateAlert(DEE, 1, {}, "one more visit"), revision=3)
    assert world.shown_to(DEE) == []


async def test_a_lead_that_comes_back_to_an_earlier_owner_has_one_message_still(world: World) -> None:
    await perform(world, replace(post("first"), note="offered to Dee"))
    await perform(world, update("moved to Eli", note="no accept"), revision=2)
    await perform(world, post(owner=ELI, assignment=2), revision=2)
    await perform(world, update("moved to Dee", owner=ELI, assignment=2, note="passed"), revision=3)
    await perform(world, replace(post("yours again", assignment=3), note="offered to Dee again"), revision=3)
    assert world.shown_to(DEE) == [Shown("yours again", ["offered to Dee", "no accept", "offered to Dee again"])]
    assert [shown.text for shown in world.shown_to(ELI)] == ["moved to Dee"]


async def test_lines_of_the_team_and_digests_are_posted_once_and_are_no_alerts(world: World) -> None:
    line, digest = PostLine(world.team, body("hot lead")), PostDigest(DEE, None, "2026-04-07T08", body("your leads"))
    for effect in (line, digest):
        first = await perform(world, effect)
        second = await perform(world, effect, attempt=2)
        assert (first.repeated, second.repeated) == (False, True)
        assert first.external_id == second.external_id
    assert world.told() == ["hot lead", "your leads"]
