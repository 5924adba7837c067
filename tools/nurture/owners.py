"""What a step tells the owner of a lead: a task in the CRM, or a note in the thread of their alert, else a quiet line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from graph.domain.effects import CreateTask, UpdateAlert
from graph.domain.sequence import Step
from graph.domain.telling import PostLine
from graph.rules.blocks import escaped, sections
from tools.store.nurture_person import Known
from tools.store.nurture_places import put
from tools.store.redraw import shown, standing


def task_for(connection: Connection, enrolment: Row[Any], step: Step, known: Known, now: datetime) -> None:
    due_at = now + (step.due or timedelta(days=1))
    task = CreateTask(enrolment.contact_key, known.owner, step.subject, step.body, due_at)
    put(connection, [task], enrolment.lead_id, enrolment.revision, now, name=_name(enrolment))


def note_for(connection: Connection, enrolment: Row[Any], step: Step, known: Known, now: datetime) -> None:
    """The alert is asked for as it is now: a lead in a sequence seldom has one."""
    state = standing(connection, enrolment.lead_id, known.number)
    message = shown(connection, state) if state is not None else None
    who = known.names.get("full_name") or known.names.get("company") or enrolment.contact_key
    note = f"{who}, in {enrolment.sequence}: {step.body}"
    effect: UpdateAlert | PostLine
    if state is not None and message is not None:
        effect = UpdateAlert(known.owner, known.number, message, note)
    else:
        text = escaped(note)
        effect = PostLine(known.slack or known.owner, {"text": text, "blocks": sections([text])})
    put(connection, [effect], enrolment.lead_id, enrolment.revision, now, name=_name(enrolment))


def _name(enrolment: Row[Any]) -> str:
    return f"nurture/{enrolment.sequence}/{enrolment.visit}"
