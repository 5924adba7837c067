"""What people think of a prediction: the menu's opinions, and the one tap that says whether the score was right.

An opinion is kept once for each person and assignment, with the prediction that it is about: the newest SCORE that was
stored for the lead, else the decision's own score, which is stored now. "Right", "wrong", "too high" and "too low" are
verdicts on it (the last one counts, as over HTTP); "wrong company" and "spam" say that it was asked the wrong question,
and leave it without one. Blocking: call it from a thread.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, select

from graph.domain.effects import UpdateAlert
from graph.rules.blocks import FEEDBACK, Message
from graph.rules.wording import first_name
from tools.store.predictions import New, alone, as_payload, keep_in, newest_in, validate_in
from tools.store.reasons import decision_of
from tools.store.redraw import redraw, shown, standing
from tools.store.tables import alert_notes, alerts, lead_feedback, slack_messages
from tools.store.upsert import insert_new, upsert

NO_LEAD: Final = "There is no such lead, or it was never offered under this number."
TAPS: Final = {"right": "The score was right", "wrong": "The score was wrong"}
"""Codes and words of the one tap after the outcome."""
_WORDS: Final = FEEDBACK | TAPS
_VERDICTS: Final = {"right": True, "wrong": False, "score_high": False, "score_low": False}


def feedback(engine: Engine, lead_id: str, number: int, *, by: str, code: str, now: datetime) -> str:
    """Keep what somebody thinks of the prediction, and tell the alert's thread once for each opinion of a person. code: of
    FEEDBACK or TAPS. Returns a sentence; raises KeyError for an opinion that nothing offers."""
    words = _WORDS[code]
    said = f"{words[0].lower()}{words[1:]}"
    with engine.execution_options(immediate=True).begin() as connection:
        state = standing(connection, lead_id, number)
        if state is None:
            return NO_LEAD
        prediction = _judged(connection, state, now)
        if prediction is None:
            return NO_LEAD
        if code in _VERDICTS:
            validate_in(connection, prediction, _VERDICTS[code], now)
        row = {
            "lead_id": lead_id,
            "number": number,
            "said_by": by,
            "code": code,
            "prediction_id": prediction,
            "at": now,
        }
        upsert(connection, lead_feedback, [row], keys=("lead_id", "number", "said_by", "code"))
        _tell(connection, state, by, code, f"Feedback from {first_name(by)}: {said}.", now)
    return f"Noted: {said}."


def _judged(connection: Connection, state: Row[Any], now: datetime) -> str | None:
    """The id of the prediction that an opinion is about; None for a lead without a decision."""
    alone(connection, [state.lead_id])  # two taps at once store the decision's score once
    if (found := newest_in(connection, state.lead_id, "SCORE", now)) is not None:
        return found.prediction_id
    decision = decision_of(connection, state.lead_id, state.number)
    if decision is None:
        return None
    row, record = decision
    scorer = str((record.get("scoring") or {}).get("scorer") or "unknown")
    source: Any = "rules" if scorer.startswith("rules") else "model"
    payload = as_payload({"claim": f"tier {row.tier}", "from": "decision"})
    own = New(row.lead_id, row.revision, "SCORE", row.score, scorer, row.model_digest, source, 0.0, payload)
    return keep_in(connection, [own], row.decided_at)[0].prediction_id


def _tell(connection: Connection, state: Row[Any], by: str, code: str, note: str, now: datetime) -> None:
    """Into the thread of the alert, where it stands: our own inbox at once, Slack through the outbox."""
    mine = (state.lead_id, state.owner)
    if _there(connection, alerts, *mine):
        key = f"{state.lead_id}/feedback/{state.number}/{code}/{by}"[:400]
        row = {"effect_key": key, "lead_id": state.lead_id, "owner": state.owner, "text": note, "at": now}
        insert_new(connection, alert_notes, [row], ["effect_key"])
    if _there(connection, slack_messages, *mine) and (message := shown(connection, state)) is not None:
        update = UpdateAlert(state.owner, state.number, _anew(message, code), note)
        redraw(connection, state, f"{code}-{by}"[:200], update, now)


def _there(connection: Connection, table: Any, lead_id: str, owner: str) -> bool:
    wanted = select(table.c.lead_id).where(table.c.lead_id == lead_id, table.c.owner == owner)
    return connection.execute(wanted).first() is not None


def _anew(message: Message, code: str) -> Message:
    """The same message; Slack wants a new block_id on each update."""
    blocks = [
        {**block, "block_id": f"{block['block_id']}:{code}"[:255]} if block["type"] == "actions" else block
        for block in message["blocks"]
    ]
    return {**message, "blocks": blocks}
