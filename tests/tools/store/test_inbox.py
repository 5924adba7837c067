from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import Engine, select

from tests.fixtures.alerts import NOW
from tests.fixtures.inbox import dispatch, move, offer
from tools.store import acts, inbox
from tools.store.tables import assignments, outbox

SOON = NOW + timedelta(seconds=72)


def test_alerts_come_newest_first_with_the_state_of_their_assignment(database: Engine):
    offer(database, "ld_1")
    message = offer(database, "ld_2", owner="ana@company.com")
    first, second = inbox.alerts(database)
    assert [first.lead_id, second.lead_id] == ["ld_2", "ld_1"]
    assert first.message == message
    assert (first.owner, first.assignment, first.state, first.holder) == ("ana@company.com", 1, "offered", first.owner)
    assert first.posted_at == NOW
    assert first.accept_due_at == NOW + timedelta(minutes=5)
    assert first.open
    assert first.notes == ()


def test_alerts_are_filtered_by_owner_and_paged_by_id(database: Engine):
    for i in range(5):
        offer(database, f"ld_{i}", owner="dee@company.com" if i != 2 else "ana@company.com")
    page = inbox.alerts(database, "dee@company.com", limit=2)
    assert [a.lead_id for a in page] == ["ld_4", "ld_3"]
    assert [a.lead_id for a in inbox.alerts(database, "dee@company.com", 9, page[-1].alert_id)] == ["ld_1", "ld_0"]
    assert inbox.alerts(database, "nobody@company.com") == []


def test_owners_are_listed_with_what_waits_for_them(database: Engine):
    assert inbox.owners(database) == []
    for lead in ("ld_1", "ld_2"):
        offer(database, lead)
    offer(database, "ld_3", owner="ana@company.com")
    acts.accept(database, "ld_1", 1, "dee@company.com", NOW)
    assert inbox.owners(database) == [
        inbox.OwnerCount("ana@company.com", 1, 1),
        inbox.OwnerCount("dee@company.com", 2, 1),
    ]


def test_accepting_takes_the_lead_and_redraws_the_message_through_the_outbox(database: Engine):
    offer(database)
    before = inbox.alerts(database)[0].version
    result = acts.accept(database, "ld_1", 1, "dee@company.com", SOON)
    assert result == acts.ActResult("done", "dee@company.com", "Dee has it, accepted in 1 min 12 s.", "qualify")
    with database.connect() as connection:
        row, confirms = connection.execute(
            select(outbox).where(outbox.c.state == "pending").order_by(outbox.c.id)
        ).all()
        held = connection.execute(select(assignments)).one()
    assert (confirms.key, confirms.vendor, confirms.due_at) == ("ld_1@1/confirm_owner/1.0", "sla", SOON)
    assert row.key == "ld_1@1/update_alert/accepted-1"
    assert (row.vendor, row.kind, row.revision, row.attempts, row.due_at) == ("notifier", "update_alert", 1, 0, SOON)
    effect = orjson.loads(row.payload)
    assert (effect["owner"], effect["assignment"], effect["closed"]) == ("dee@company.com", 1, False)
    assert effect["note"] == "Accepted by Dee in 1 min 12 s."
    assert (held.state, held.acted_at, held.acted_by) == ("accepted", SOON, "dee@company.com")

    assert not inbox.alerts(database)[0].open, "before the message is redrawn nobody may claim it either"
    assert dispatch(database, SOON) == 1
    alert = inbox.alerts(database)[0]
    assert alert.message == effect["message"]
    assert "lead.accept" not in orjson.dumps(alert.message).decode()
    assert [note.text for note in alert.notes] == ["Accepted by Dee in 1 min 12 s."]
    assert alert.version != before


def test_the_second_click_is_told_who_has_it_and_writes_nothing(database: Engine):
    offer(database)
    acts.accept(database, "ld_1", 1, "dee@company.com", NOW)
    again = acts.accept(database, "ld_1", 1, "ana@company.com", SOON)
    assert again == acts.ActResult("taken", "dee@company.com", "Dee has accepted this lead already.")
    with database.connect() as connection:
        kinds = connection.scalars(select(outbox.c.kind).where(outbox.c.state == "pending").order_by(outbox.c.id)).all()
    assert kinds == ["update_alert", "confirm_owner"]


def test_an_old_message_cannot_claim_a_lead_that_moved(database: Engine):
    offer(database)
    move(database, "ld_1", "eli@company.com")
    result = acts.accept(database, "ld_1", 1, "dee@company.com", NOW)
    assert (result.outcome, result.by) == ("moved", "eli@company.com")
    assert result.sentence == "This lead has moved to Eli."
    alert = inbox.alerts(database)[0]
    assert (alert.open, alert.current, alert.holder) == (False, False, "eli@company.com")
    assert acts.accept(database, "ld_1", 2, "eli@company.com", NOW).outcome == "done"


@pytest.mark.parametrize(("lead_id", "number"), [("ld_9", 1), ("ld_1", 7)])
def test_a_lead_or_number_that_does_not_exist_is_said_so(database: Engine, lead_id: str, number: int):
    offer(database)
    assert acts.accept(database, lead_id, number, "dee@company.com", NOW).outcome == "unknown"
    assert inbox.holder_of(database, lead_id, number) is None


def test_of_many_clicks_at_once_exactly_one_wins(database: Engine):
    offer(database)
    people = [f"p{i}@company.com" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda by: acts.accept(database, "ld_1", 1, by, NOW), people))
    winners = [r.by for r in results if r.outcome == "done"]
    assert len(winners) == 1
    assert {r.by for r in results} == set(winners)
    assert [r.outcome for r in results].count("taken") == 7
    assert dispatch(database) == 1


def test_a_lead_without_any_message_can_be_accepted(database: Engine):
    offer(database)
    with database.execution_options(immediate=True).begin() as connection:
        for table in ("alerts", "outbox"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert acts.accept(database, "ld_1", 1, "dee@company.com", NOW).outcome == "done"
    assert dispatch(database) == 0


def test_the_message_is_found_in_the_outbox_where_alerts_are_posted_elsewhere(database: Engine):
    offer(database)
    with database.execution_options(immediate=True).begin() as connection:
        connection.exec_driver_sql("DELETE FROM alerts")
    acts.accept(database, "ld_1", 1, "dee@company.com", NOW)
    assert dispatch(database) == 1


def test_feedback_is_kept_once_in_the_thread(database: Engine):
    offer(database)
    for _ in range(2):
        said = acts.feedback(database, "ld_1", 1, by="dee@company.com", code="score_high", now=NOW)
        assert said == "Noted: score is too high."
    assert [note.text for note in inbox.alerts(database)[0].notes] == ["Feedback from Dee: score is too high."]
    assert acts.feedback(database, "ld_9", 1, by="x", code="spam", now=NOW).startswith("There is no such lead")
    with pytest.raises(KeyError):
        acts.feedback(database, "ld_1", 1, by="x", code="nonsense", now=NOW)
