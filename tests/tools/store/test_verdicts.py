"""Opinions of a prediction, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, select

from tests.fixtures.alerts import NOW, SCORE
from tests.fixtures.inbox import offer
from tools.store.posted import PostedMessage, SqlPosted
from tools.store.predictions import New, accuracy, as_payload, keep
from tools.store.tables import alert_notes, alerts, lead_feedback, outbox, predictions
from tools.store.verdicts import NO_LEAD, feedback

DEE = "dee@company.com"


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table)))


def test_without_a_stored_prediction_the_decisions_own_score_is_judged(database: Engine):
    offer(database)
    assert feedback(database, "ld_1", 1, by=DEE, code="right", now=NOW) == "Noted: the score was right."
    (one,) = rows(database, predictions)
    assert (one.type, one.value, one.model, one.version) == ("SCORE", SCORE.points, "xgboost", "m")
    assert (one.status, one.was_accurate, one.created_at, one.validated_at) == ("VALIDATED", True, NOW, NOW)
    assert orjson.loads(one.payload) == {"claim": "tier high", "from": "decision"}
    (figures,) = accuracy(database)
    assert (figures.validated, figures.invalidated) == (1, 0)


def test_the_newest_stored_score_is_judged_and_the_last_verdict_counts(database: Engine):
    offer(database)
    made = [New("ld_1", 1, kind, 0.4, "m", "v", "model", 1.0, as_payload({})) for kind in ("CONVERSION", "SCORE")]
    _, score = keep(database, made, NOW)
    for code in ("right", "score_low"):
        feedback(database, "ld_1", 1, by=DEE, code=code, now=NOW + timedelta(hours=1))
    judged = {row.prediction_id: row.status for row in rows(database, predictions)}
    assert judged[score.prediction_id] == "INVALIDATED"
    assert sorted(judged.values()) == ["ACTIVE", "INVALIDATED"]
    assert {row.code for row in rows(database, lead_feedback)} == {"right", "score_low"}


def test_spam_and_a_wrong_company_are_kept_without_a_verdict(database: Engine):
    offer(database)
    for code in ("spam", "bad_match"):
        feedback(database, "ld_1", 1, by=DEE, code=code, now=NOW)
    (one,) = rows(database, predictions)
    assert one.was_accurate is None
    assert {row.prediction_id for row in rows(database, lead_feedback)} == {one.prediction_id}


def test_taps_at_once_judge_one_prediction(database: Engine):
    offer(database)
    people = [f"p{i}@company.com" for i in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda by: feedback(database, "ld_1", 1, by=by, code="right", now=NOW), people))
    assert len(rows(database, predictions)) == 1
    assert {row.said_by for row in rows(database, lead_feedback)} == set(people)


def test_the_thread_hears_of_it_where_the_alert_stands(database: Engine):
    offer(database)
    SqlPosted(database).put("ld_1", DEE, PostedMessage("D01", "1.1", "sha256:x", 1))
    feedback(database, "ld_1", 1, by=DEE, code="spam", now=NOW)
    feedback(database, "ld_1", 1, by=DEE, code="spam", now=NOW)
    assert [row.text for row in rows(database, alert_notes)] == ["Feedback from Dee: spam."]
    (waiting,) = [row for row in rows(database, outbox) if row.state == "pending"]
    effect = orjson.loads(waiting.payload)
    assert (effect["kind"], effect["note"]) == ("update_alert", "Feedback from Dee: spam.")
    (actions,) = [block for block in effect["message"]["blocks"] if block["type"] == "actions"]
    assert actions["block_id"] == "lead:ld_1:1:spam", "Slack wants a new one on each update"


def test_a_lead_without_any_message_can_be_judged(database: Engine):
    offer(database)
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(alerts.delete())
    feedback(database, "ld_1", 1, by=DEE, code="wrong", now=NOW)
    assert rows(database, alert_notes) == []
    assert len(rows(database, lead_feedback)) == 1


def test_what_is_no_lead_or_no_opinion_is_refused(database: Engine):
    offer(database)
    assert feedback(database, "ld_9", 1, by=DEE, code="right", now=NOW) == NO_LEAD
    assert feedback(database, "ld_1", 7, by=DEE, code="right", now=NOW) == NO_LEAD
    with pytest.raises(KeyError):
        feedback(database, "ld_1", 1, by=DEE, code="nonsense", now=NOW)
    assert rows(database, lead_feedback) == []
