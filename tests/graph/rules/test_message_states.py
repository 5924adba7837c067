"""The life of a message after it was sent: its clock line, its buttons, and nothing that was said gets lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.domain.brief import Part
from graph.rules.blocks import GAP, message_of
from graph.rules.brief import brief_of
from graph.rules.bullets import moment
from graph.rules.message_states import (
    OUTCOMES,
    accepted_message,
    overdue_message,
    reminded_message,
    settled_message,
    touched_message,
)
from tests.fixtures.alerts import NOW, decision

DEE = "dee@company.com"


def message() -> dict[str, Any]:
    return message_of(brief_of(**decision()))


def touch_by(at: datetime | None = None) -> Part:
    return moment(at or NOW + timedelta(minutes=15), NOW, UTC)


def facts(held: dict[str, Any]) -> list[str]:
    return list(held["blocks"][1]["elements"][0]["text"].split(GAP))


def actions(held: dict[str, Any]) -> list[str]:
    return [element["action_id"] for element in held["blocks"][-1]["elements"]]


def test_a_reminder_changes_the_clock_line_and_leaves_the_buttons():
    sent = message()
    reminded = reminded_message(sent)
    assert facts(reminded)[0] == facts(sent)[0].replace("*Accept by", "*Reminder: accept by")
    assert facts(reminded)[1:] == facts(sent)[1:]
    assert actions(reminded) == actions(sent)
    assert reminded_message(reminded)["blocks"][1] == reminded["blocks"][1]


@pytest.mark.parametrize("before", [lambda held: held, reminded_message])
def test_an_acceptance_shows_until_when_to_touch_and_how_to_log_it(before):
    taken = accepted_message(before(message()), DEE, 72, touch_by())
    assert facts(taken)[0] == "*Accepted by Dee in 1 min 12 s*"
    assert facts(taken)[1].startswith("first touch by <!date^")
    assert "ccept by" not in json.dumps(taken["blocks"])
    assert actions(taken)[:3] == ["lead.touch.call", "lead.touch.booked", "lead.close"]
    first = taken["blocks"][-1]["elements"][0]
    assert (first["text"]["text"], first["value"], first["style"]) == (
        "Log call", message()["blocks"][-1]["elements"][0]["value"], "primary",
    )  # fmt: skip


def test_without_a_touch_time_none_is_promised():
    assert "first touch" not in str(accepted_message(message(), DEE, 5)["blocks"][1])


def test_a_touch_says_how_long_it_took_and_can_be_logged_once():
    touched = touched_message(accepted_message(message(), DEE, 72, touch_by()), 360)
    assert facts(touched)[:2] == ["*First touch 6 min*", "*Accepted by Dee in 1 min 12 s*"]
    assert "lead.touch" not in str(touched)
    assert actions(touched)[0] == "lead.close"
    assert touched["text"].startswith("First touch 6 min: ")


def test_an_overdue_touch_is_said_until_it_comes():
    late = overdue_message(accepted_message(message(), DEE, 72, touch_by()))
    assert facts(late)[0].startswith("*First touch overdue, it was due by <!date^")
    assert "lead.touch.call" in actions(late)
    assert facts(touched_message(late, 3600))[:2] == ["*First touch 1 h*", "*Accepted by Dee in 1 min 12 s*"]
    assert facts(overdue_message(message()))[0] == "*First touch overdue*"


@pytest.mark.parametrize(("code", "words"), OUTCOMES.items())
def test_an_outcome_is_the_last_line_and_leaves_only_what_looks_something_up(code: str, words: str):
    accepted = accepted_message(message(), DEE, 72, touch_by())
    for held in (accepted, touched_message(accepted, 360), overdue_message(accepted)):
        ended = settled_message(held, code, DEE)
        assert facts(ended)[0] == f"*{words}, closed by Dee*"
        assert not any(fact.startswith("first touch by") for fact in facts(ended))
        assert actions(ended) == ["lead.why", "lead.crm", "lead.more"]


def test_each_state_has_a_block_id_of_its_own_and_leaves_the_message_before_as_it_was():
    sent = message()
    steps = [sent, reminded_message(sent)]
    steps.append(accepted_message(steps[-1], DEE, 72, touch_by()))
    steps.append(overdue_message(steps[-1]))
    steps.append(touched_message(steps[-1], 360))
    steps.append(settled_message(steps[-1], "won", DEE))
    ids = [step["blocks"][-1]["block_id"] for step in steps]
    assert len(set(ids)) == len(steps)
    assert max(map(len, ids)) <= 255
    assert sent == message()
    assert all(len(step["blocks"][1]["elements"][0]["text"]) <= 3_000 for step in steps)
