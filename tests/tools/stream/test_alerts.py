"""When and to whom a decision's alert goes: never before the owner works, once for each lead and owner, and anew only when
the tier or the account changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from tests.fixtures.router import Bench, person
from tests.tools.stream.test_sla_timers import FILE, Desk
from tools.embedded.rule_scorer import RuleScorer
from tools.routing_file import parse
from tools.store.acts import accept, close
from tools.store.inbox import alerts
from tools.store.tables import outbox
from tools.store.team_posts import team_posts
from tools.stream.again import again, passed
from tools.stream.outbox import TIMER, depth

NIGHT = datetime(2099, 4, 7, 2, 0, tzinfo=UTC)  # a Tuesday in the future: a dispatcher goes by the machine's clock
OPENING = datetime(2099, 4, 7, 7, 0, tzinfo=UTC)
HOURS = "mon-fri 09:00-17:00 Europe/Berlin"


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


def working(*people: str, **changes: Any) -> Any:
    """The file with these people at work in Berlin from 9 to 17, the others always."""
    named = {key: value | ({"hours": HOURS} if key in people else {}) for key, value in FILE["people"].items()}  # type: ignore[attr-defined]
    pools = {"ent": {"members": ["dee", "eli"], "off_hours": "hold"}}
    return parse(json.dumps({**FILE, "people": named, "pools": pools, **changes}))


def rows(desk: Desk, **wanted: Any) -> list[Any]:
    found = select(outbox).where(outbox.c.vendor == "notifier").order_by(outbox.c.id)
    with desk.engine.connect() as connection:
        return [row for row in connection.execute(found) if all(getattr(row, k) == v for k, v in wanted.items())]


async def test_at_night_the_alert_waits_for_the_owners_opening(desk: Desk):
    desk.table, desk.bench.now = working("dee", "eli", "rita"), NIGHT
    lead_id = await desk.lead()
    (row,) = rows(desk, kind="post_alert")
    assert row.due_at == OPENING
    assert depth(desk.engine, NIGHT)["notifier", TIMER] == 1, "what waits for morning is no backlog"
    await desk.dispatch()
    assert alerts(desk.engine) == [], "nobody is pinged at night"
    assert desk.record(lead_id)["assignment"]["opens_at"] == "2099-04-07T07:00:00Z"


async def test_an_owner_without_a_pool_is_left_in_peace_too(desk: Desk):
    desk.table = working("rita", rules=[{"id": "r", "to": "rita", "sla": "hot"}])
    desk.bench.now = NIGHT
    await desk.lead()
    assert [row.due_at for row in rows(desk, kind="post_alert")] == [OPENING]


async def test_a_pool_that_goes_on_gives_it_to_whoever_works_now_at_once(desk: Desk):
    desk.table = working("dee", pools={"ent": {"members": ["dee", "eli"], "off_hours": "next"}})
    desk.bench.now = NIGHT
    lead_id = await desk.lead()
    assert desk.record(lead_id)["owner"] == "eli@company.com"
    assert [row.due_at for row in rows(desk, kind="post_alert")] == [NIGHT]


async def test_a_lead_that_moves_on_before_the_opening_is_never_shown_to_who_slept(desk: Desk):
    desk.table, desk.bench.now = working("dee", "eli"), NIGHT
    lead_id = await desk.lead()
    desk.table = parse(json.dumps({**FILE, "rules": [{"id": "r", "to": "eli", "sla": "hot"}]}))
    await desk.bench.post(person("ann", message="and another thing"))
    await desk.work()
    (slept,) = rows(desk, kind="post_alert", revision=1)
    assert desk.record(lead_id)["owner"] == "eli@company.com"
    assert (slept.state, slept.error) == ("done", "not needed: moved")
    with desk.engine.execution_options(immediate=True).begin() as connection:
        waiting = outbox.update().where(outbox.c.vendor == "notifier", outbox.c.state == "pending")
        connection.execute(waiting.values(due_at=datetime.now(UTC)))
    await desk.dispatch()
    assert [alert.owner for alert in alerts(desk.engine)] == ["eli@company.com"]


async def test_new_facts_change_the_message_only_with_the_tier_or_the_account(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    (before,) = alerts(desk.engine)
    await desk.lead("ann", message="one more thing")
    await desk.dispatch()
    (after,) = alerts(desk.engine)
    assert after.message == before.message
    assert after.notes[-1].text == "Wrote again: one more thing."
    assert desk.record(lead_id)["revision"] == 2
    await desk.lead("ann", title="Student", source="newsletter", message="homework")
    await desk.dispatch()
    (redrawn,) = alerts(desk.engine)
    assert redrawn.message != before.message
    assert "Tier " in redrawn.notes[-1].text
    assert " before (" in redrawn.notes[-1].text


async def test_a_lead_that_comes_back_has_one_message_for_each_owner(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    for to in ("rita", "dee"):
        desk.table = parse(json.dumps({**FILE, "rules": [{"id": "r", "to": to, "sla": "hot"}]}))
        await desk.bench.post(person("ann", message=f"again, for {to}"))
        await desk.work()
        await desk.dispatch()
    by_owner = {alert.owner.partition("@")[0]: alert for alert in alerts(desk.engine)}
    assert set(by_owner) == {"dee", "rita"}
    assert (by_owner["dee"].closed, by_owner["rita"].closed) == (False, True)
    assert (by_owner["dee"].assignment, by_owner["dee"].open) == (3, True)
    assert accept(desk.engine, lead_id, 1, "dee@company.com", desk.bench.now).outcome == "moved"
    assert accept(desk.engine, lead_id, 3, "dee@company.com", desk.bench.now).outcome == "done"
    notes = [note.text.split(",")[0] for note in by_owner["dee"].notes]
    assert notes[0] == "Offered to Dee"
    assert notes[-1] == "Offered to Dee"


async def test_who_passes_reads_the_reason_the_next_owner_and_what_the_ledger_makes_of_it(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    await desk.bench.post(passed(again(desk.engine, lead_id, "pass"), 1, "dee@company.com", "conflict"))
    await desk.work()
    await desk.dispatch()
    (mine,) = alerts(desk.engine, "dee@company.com")
    assert "*Passed: conflict, moved to Eli, <!date^" in str(mine.message)
    assert mine.notes[-1].text == (
        "Reason: conflict. Next owner: eli@company.com. Ledger of the pool ent: Dee gets the turn back, 0 turns in all; "
        "Eli is charged a turn, 1 turn in all."
    )


async def test_a_lead_that_goes_back_into_a_sequence_is_nobodys_to_accept(desk: Desk):
    desk.table = parse(json.dumps({**FILE, "nurture": {"if": {"source": "newsletter"}, "sequence": "edu"}}))
    lead_id = await desk.lead()
    await desk.dispatch()
    await desk.lead("ann", source="newsletter", message="send me news")
    await desk.dispatch()
    (alert,) = alerts(desk.engine)
    assert alert.closed
    assert "lead.accept" not in str(alert.message)
    assert "the sequence edu writes to them first" in alert.notes[-1].text
    await desk.lead("ann", source="demo_request", message="now we are ready")
    await desk.dispatch()
    (alert,) = alerts(desk.engine)
    assert not alert.closed
    assert "lead.accept" in str(alert.message)
    (update,) = [row for row in rows(desk, revision=3) if row.kind == "update_alert"]
    assert orjson.loads(update.payload)["ping"] is True, "it is offered anew: the owner hears of it"
    assert desk.record(lead_id)["path"] == "qualify"


async def test_once_the_crm_has_the_owner_the_thread_says_so_and_before_that_nothing(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    accept(desk.engine, lead_id, 1, "dee@company.com", desk.bench.now)
    desk.clock = desk.bench.now + timedelta(seconds=1)
    await desk.dispatch()
    assert not any("CRM" in text for text in desk.threads("dee"))
    with desk.engine.execution_options(immediate=True).begin() as connection:
        connection.execute(outbox.update().where(outbox.c.kind == "assign_owner").values(state="done"))
    for _ in range(2):
        desk.due("confirm_owner")
        desk.clock = datetime.now(UTC)
        await desk.dispatch()
    assert [text for text in desk.threads("dee") if "CRM" in text] == ["The CRM has Dee as the owner."]


async def test_the_outcome_is_followed_by_one_question_with_buttons(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    accept(desk.engine, lead_id, 1, "dee@company.com", desk.bench.now)
    close(desk.engine, lead_id, 1, "dee@company.com", "won", desk.bench.now)
    await desk.dispatch()
    (alert,) = alerts(desk.engine, "dee@company.com")
    note = alert.notes[-1]
    assert (note.text, note.asks) == ("Won, closed by Dee. Was the score right?", True)
    assert "lead.right.yes" in str(note.message)


@pytest.mark.parametrize(("title", "lines"), [("VP Engineering", 1), ("Student", 0)])
async def test_the_team_hears_of_a_hot_lead_once_and_of_no_other(desk: Desk, title: str, lines: int):
    if lines:
        desk.bench.ports = replace(desk.bench.ports, scorer=Hot())
    lead_id = await desk.lead("ann", title=title)
    await desk.dispatch()
    await desk.bench.post(passed(again(desk.engine, lead_id, "pass"), 1, "dee@company.com", "no time"))
    await desk.work()
    await desk.dispatch()
    told = team_posts(desk.engine, "line")
    assert len(told) == lines
    assert all("lead." not in str(post.message["blocks"]) and "<@" not in str(post.message) for post in told)


class Hot(RuleScorer):
    """Finds everybody hot."""

    def score(self, rows: Any) -> Any:
        return [replace(output, propensity=0.97) for output in super().score(rows)]
