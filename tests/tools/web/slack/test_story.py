"""One lead in Slack from the form to "was the score right?", over the real application, stream, databases and dispatcher."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from tests.fixtures.front import LEAD
from tests.fixtures.slack import Office, action_ids, direct, id_of, texts
from tools.store.tables import alert_notes, assignments, lead_feedback, predictions


async def decided(office: Office, **changes: Any) -> tuple[str, str]:
    """(lead, its owner's id in the file) of a lead whose alert stands in Slack."""
    answer = await office.client.post("/webhooks/lead", json=LEAD | changes)
    assert answer.status_code == 202, answer.text
    await office.bench.drain()
    await office.dispatch()
    owner = office.bench.rows("leads", "decided_at")[-1].owner
    return answer.json()["lead_id"], owner.partition("@")[0]


def of(office: Office, table: Any) -> list[Any]:
    with office.bench.engine.connect() as connection:
        return list(connection.execute(select(table)))


async def test_a_lead_goes_from_accept_to_the_verdict_on_its_score(office: Office):
    lead_id, owner = await decided(office)
    assert owner in ("maren", "jonas")
    message = office.message(owner)
    assert "lead.accept" in action_ids(message)
    value = f"{lead_id}:1"

    answer = await office.button("lead.accept", value, owner)
    assert (answer.status_code, answer.content) == (200, b"")
    await office.dispatch()
    message = office.message(owner)
    assert message["text"].startswith(f"Accepted by {owner.capitalize()} in ")
    assert "lead.accept" not in action_ids(message)
    assert "lead.touch.call" in action_ids(message)

    assert (await office.button("lead.touch.booked", value, owner)).content == b""
    await office.dispatch()
    assert office.message(owner)["text"].startswith("First touch ")

    assert (await office.choose("lead.close", f"lead:{lead_id}:1:touched", "won", owner)).content == b""
    await office.dispatch()
    assert office.message(owner)["text"].startswith("Won, closed by ")
    (row,) = of(office, assignments)
    assert (row.state, row.touch, row.outcome, row.acted_by) == ("closed", "booked", "won", f"{owner}@company.com")

    asked = [reply for reply in office.slack.replies(direct(owner), message["ts"]) if reply.get("blocks")]
    (yes,) = [
        element
        for reply in asked
        for block in reply["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id") == "lead.right.yes"
    ]
    assert yes["value"] == value, "the thread asks, with the button that is pressed here"
    assert (await office.press(yes, owner)).status_code == 200
    assert await office.notes() == ["Noted: the score was right."]
    (prediction,) = of(office, predictions)
    assert (prediction.type, prediction.lead_id, prediction.status) == ("SCORE", lead_id, "VALIDATED")
    assert prediction.value == office.bench.rows("leads")[0].score
    (opinion,) = of(office, lead_feedback)
    assert (opinion.code, opinion.prediction_id) == ("right", prediction.prediction_id)
    await office.dispatch()
    replies = [texts(reply) for reply in office.slack.replies(direct(owner), message["ts"])]
    assert f"Feedback from {owner.capitalize()}: the score was right." in replies
    assert of(office, alert_notes) == [], "the note stands in Slack, where the alert is"
    assert len(office.slack.messages(direct(owner))) == 1, "one message for life"


async def test_a_pass_opens_a_form_that_gives_the_lead_to_somebody_else(office: Office):
    lead_id, owner = await decided(office)
    await office.button("lead.pass", f"{lead_id}:1", owner)
    await office.bench.until(lambda: office.slack.views)
    (view,) = office.slack.views
    assert view["title"]["text"] == "Pass this lead on"
    assert texts(view) == "Maya Ortiz"

    running = asyncio.create_task((worker := office.bench.worker()).run())
    answer = await office.submit(view, owner, reason="conflict", detail="  my <!channel>\nbrother ")
    assert (answer.status_code, answer.content) == (200, b""), "an empty answer closes the form"
    (note,) = await office.notes()
    worker.stop()
    await running
    assert note.startswith("Passed on: ")
    assert office.slack.whispers[0][:2] == (direct(owner), id_of(owner))
    first, second = office.bench.rows("assignments", "number")
    assert (first.state, first.reason, second.state) == ("passed", "conflict: my <!channel> brother", "offered")
    assert second.owner != first.owner

    await office.button("lead.accept", f"{lead_id}:1", owner)
    late = (await office.notes(2))[0]
    assert late.startswith("This lead has moved to ")
    assert office.bench.rows("assignments", "number")[1].state == "offered", "an old message claims nothing"
    again = await office.submit(view, owner, reason="conflict")
    assert again.json()["errors"]["reason"].startswith("This lead has moved to ")


async def test_two_clicks_at_once_have_one_winner(office: Office):
    lead_id, owner = await decided(office)
    other = "jonas" if owner == "maren" else "maren"
    office.slack.channels["C0TEAM"] = []
    value = f"{lead_id}:1"
    clicks = [office.button("lead.accept", value, who, "C0TEAM") for who in (owner, other, owner, other)]
    answers = await asyncio.gather(*clicks)
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"")] * 4
    notes = await office.notes(3)
    await office.settled()
    (row,) = office.bench.rows("assignments")
    winner = row.acted_by.partition("@")[0].capitalize()
    assert row.state == "accepted"
    assert await office.notes(3) == [f"{winner} has accepted this lead already."] * 3 == notes
    await office.dispatch()
    assert office.message(owner)["text"].startswith(f"Accepted by {winner} in ")
