"""Who may press what, what the loser hears, and what a stranger's words may do in a private note: nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tests.fixtures.slack import Office, direct, texts
from tests.servers.slack_workspace import wrong_message
from tests.tools.web.slack.test_story import decided, of
from tools.routing_file import load
from tools.store.routing_changes import live_changes
from tools.store.tables import lead_feedback, predictions

HOSTILE = "<!channel> <@U07HELEN> *bold* <https://evil.example|click> &amp; @here"


def other_of(owner: str) -> str:
    return "jonas" if owner == "maren" else "maren"


async def test_a_manager_and_the_pool_may_accept_in_a_channel_and_nobody_else(office: Office):
    lead_id, owner = await decided(office)
    office.slack.channels["C0TEAM"] = []
    value = f"{lead_id}:1"
    await office.button("lead.accept", value, "ray", "C0TEAM")
    (note,) = await office.notes()
    assert note.startswith("Only ")
    assert "Helen" in note
    assert "Ray" not in note
    assert office.bench.rows("assignments")[0].state == "offered"
    await office.button("lead.accept", value, "helen", "C0TEAM")
    assert office.bench.rows("assignments")[0].acted_by == "helen@company.com"
    assert office.bench.rows("leads")[0].owner == f"{owner}@company.com", (
        "whoever accepts for the owner is not the owner"
    )


async def test_a_colleague_may_not_pass_touch_or_close_what_is_not_theirs(office: Office):
    lead_id, owner = await decided(office)
    other, value = other_of(owner), f"{lead_id}:1"
    office.slack.channels["C0TEAM"] = []
    await office.button("lead.pass", value, other, "C0TEAM")
    await office.button("lead.accept", value, owner)
    await office.button("lead.touch.call", value, other, "C0TEAM")
    await office.choose("lead.close", f"lead:{lead_id}:1", "won", other)
    assert all(note.startswith("Only ") for note in await office.notes(3))
    assert office.slack.views == []
    assert office.bench.rows("assignments")[0].state == "accepted"


async def test_in_a_direct_message_whoever_presses_is_its_owner(office: Office):
    """Their account may have another address than the routing file, and no member id there."""
    lead_id, owner = await decided(office)
    office.slack.users["U0PRIVATE"] = "somebody@private.example"
    action = {"action_id": "lead.accept", "value": f"{lead_id}:1"}
    await office.press(action, owner, user={"id": "U0PRIVATE"})
    assert office.bench.rows("assignments")[0].acted_by == f"{owner}@company.com"
    assert office.slack.called("users.info") == []


async def test_an_account_is_known_by_its_address_and_asked_for_once(office: Office):
    lead_id, _ = await decided(office)
    office.slack.channels["C0TEAM"] = []
    office.slack.users["U0HELENTWO"] = "Helen@Company.com "
    for number in (1, 9):
        action = {"action_id": "lead.accept", "value": f"{lead_id}:{number}"}
        await office.press(action, "helen", "C0TEAM", user={"id": "U0HELENTWO"})
    assert office.bench.rows("assignments")[0].acted_by == "helen@company.com"
    assert office.slack.called("users.info") == [{"user": "U0HELENTWO"}]


@pytest.mark.parametrize(
    ("user", "profile", "said"),
    [
        (
            "U0GUEST",
            {"profile": {"email": "guest@elsewhere.example"}},
            "guest@elsewhere.example is not in the routing file",
        ),
        ("U0BOT", {"is_bot": True}, "Slack shows no e-mail address of yours"),
        ("U0GONE", {"deleted": True}, "Slack shows no e-mail address of yours"),
        ("U0STRANGER", {"is_stranger": True}, "Slack shows no e-mail address of yours"),
        ("U0NONE", {"profile": {}}, "Slack shows no e-mail address of yours"),
        ("U0NOBODY", None, "Slack did not say who you are"),
    ],
)
async def test_who_is_nobody_of_ours_changes_nothing(office: Office, user: str, profile: dict | None, said: str):
    lead_id, _ = await decided(office)
    office.slack.channels["C0TEAM"] = []
    if profile is not None:
        office.slack.users[user] = "maren@company.com"
        office.slack.profiles[user] = profile
    for action_id in ("lead.accept", "lead.why", "lead.right.yes"):
        action = {"action_id": action_id, "value": f"{lead_id}:1"}
        await office.press(action, "maren", "C0TEAM", user={"id": user})
    notes = await office.notes(3)
    assert all(note.startswith(said) for note in notes), notes
    assert office.bench.rows("assignments")[0].state == "offered"
    assert of(office, lead_feedback) == []


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"action_id": "lead.accept", "value": "ld_nobody:1"}, "There is no such lead"),
        ({"action_id": "lead.accept", "value": "LEAD:7"}, "There is no such lead"),
        ({"action_id": "lead.accept", "value": "LEAD:0"}, "This button does nothing any more"),
        ({"action_id": "lead.accept", "value": "LEAD"}, "This button does nothing any more"),
        ({"action_id": "lead.accept", "value": "x' OR 1=1:1"}, "This button does nothing any more"),
        ({"action_id": "lead.accept"}, "This button does nothing any more"),
        ({"action_id": "lead.unknown", "value": "LEAD:1"}, "This button does nothing any more"),
        ({"action_id": "lead.touch.dance", "value": "LEAD:1"}, "This button does nothing any more"),
        ({"action_id": "lead.touch.call", "value": "LEAD:1"}, "This lead was not accepted yet."),
        (
            {"action_id": "lead.more", "block_id": "lead:LEAD:1", "selected_option": {"value": "x"}},
            "This button does noth",
        ),
        (
            {"action_id": "lead.more", "block_id": "other", "selected_option": {"value": "spam"}},
            "This button does noth",
        ),
        (
            {"action_id": "lead.close", "block_id": "lead:LEAD:1", "selected_option": {"value": "x"}},
            "This button does noth",
        ),
    ],
)
async def test_a_button_that_means_nothing_is_answered_privately(office: Office, action: dict, said: str):
    lead_id, owner = await decided(office)
    filled = {
        name: value.replace("LEAD", lead_id) if isinstance(value, str) else value for name, value in action.items()
    }
    assert (await office.press(filled, owner)).status_code == 200
    (note,) = await office.notes()
    assert note.startswith(said)
    assert office.bench.rows("assignments")[0].state == "offered"


async def test_the_link_to_the_crm_is_only_acknowledged(office: Office):
    lead_id, owner = await decided(office)
    assert (await office.button("lead.crm", f"{lead_id}:1", owner)).status_code == 200
    await office.settled()
    assert office.slack.told == []


async def test_the_menu_becomes_feedback_on_the_prediction(office: Office):
    lead_id, owner = await decided(office)
    for code in ("score_high", "bad_match", "score_high"):
        await office.choose("lead.more", f"lead:{lead_id}:1:accepted", code, owner)
    assert set(await office.notes(3)) == {"Noted: score is too high.", "Noted: wrong company match."}
    (prediction,) = of(office, predictions)
    assert (prediction.status, prediction.was_accurate, prediction.revision) == ("INVALIDATED", False, 1)
    assert {(row.code, row.said_by, row.prediction_id) for row in of(office, lead_feedback)} == {
        (code, f"{owner}@company.com", prediction.prediction_id) for code in ("score_high", "bad_match")
    }


async def test_why_me_gives_the_reasons_and_why_the_others_have_it_not(office: Office):
    lead_id, owner = await decided(office)
    other = other_of(owner)
    await office.button("lead.why", f"{lead_id}:1", owner)
    (said,) = await office.notes()
    assert f"*Why {owner.capitalize()}?* Decided by rules.dach" in said
    assert f"*Why not {other.capitalize()}?*" in said
    assert f"it was {owner.capitalize()}'s turn" in said
    assert f"/inbox/why/{lead_id}?number=1" in said
    (message,) = office.slack.told
    menu = next(block for block in message["blocks"] if block["type"] == "actions")
    assert (menu["block_id"], menu["elements"][0]["action_id"]) == (f"why:{lead_id}:1", "lead.why_not")

    action = {"action_id": "lead.why_not", "block_id": menu["block_id"], "selected_user": "U07RAY"}
    await office.press(action, owner)
    said = (await office.notes(2))[1]
    assert said.startswith("*Why not Ray?*")
    assert "rules.us-smb" in said


async def test_what_a_stranger_typed_does_nothing_in_a_private_note_or_a_form(office: Office):
    lead_id, owner = await decided(office, company=HOSTILE, full_name=HOSTILE, message=HOSTILE * 50)
    await office.button("lead.why", f"{lead_id}:1", owner)
    await office.button("lead.pass", f"{lead_id}:1", owner)
    said = "\n".join([*await office.notes(), await office.command("mine", owner)])
    await office.bench.until(lambda: office.slack.views)
    for harmful in ("<!channel>", "<@U07HELEN>", "<https://evil.example"):
        assert harmful not in said
    assert b"@here" not in orjson.dumps(office.slack.told)
    assert all(wrong_message(message) is None for message in office.slack.told)


async def test_every_field_of_the_form_says_what_is_wrong_with_it(office: Office):
    lead_id, owner = await decided(office)
    await office.button("lead.pass", f"{lead_id}:1", owner)
    await office.bench.until(lambda: office.slack.views)
    (view,) = office.slack.views
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    cases = [
        ({}, "reason", "is none of"),
        ({"reason": "laziness"}, "reason", "is none of"),
        ({"reason": "cover"}, "until", "Choose the day"),
        ({"reason": "cover", "until": yesterday}, "until", "That day is over"),
        ({"reason": "cover", "until": "someday"}, "until", "not a day"),
    ]
    for given, field, words in cases:
        answer = await office.submit(view, owner, **given)
        assert answer.status_code == 200
        body = answer.json()
        assert body["response_action"] == "errors"
        assert list(body["errors"]) == [field]
        assert words in body["errors"][field]
    assert field in [block["block_id"] for block in view["blocks"]], "an error names a block of the form"
    assert office.bench.rows("assignments")[0].state == "offered"

    forged = view | {"private_metadata": '{"lead_id": "../x", "number": 1, "by": "x"}'}
    assert (await office.submit(forged, owner, reason="time")).status_code == 400
    assert (await office.submit(view | {"callback_id": "other"}, owner, reason="time")).status_code == 400


async def test_cover_me_until_writes_the_owners_leave_and_says_how_to_name_who_covers(office: Office, tmp_path: Path):
    lead_id, owner = await decided(office)
    await office.button("lead.pass", f"{lead_id}:1", owner)
    await office.bench.until(lambda: office.slack.views)
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert (await office.submit(office.slack.views[0], owner, reason="cover", until=day)).content == b""
    await office.bench.drain()
    (note,) = await office.notes()
    assert "You are away from" in note
    assert "/lead away until DAY cover NAME" in note
    assert office.bench.rows("assignments", "number")[0].reason == f"cover me until {day}"
    person = load(tmp_path / "routing.json").people[owner]
    assert [(f"{each.window.until_day}", each.cover) for each in person.leave] == [(day, None)]
    change = live_changes(office.bench.engine, 1)[0]
    assert (change.author, change.reason) == (f"{owner}@company.com", f"Away until {day}, said in Slack.")
    await office.dispatch()
    assert texts(office.message(owner)), direct(owner)


async def test_another_reason_writes_no_leave(office: Office, tmp_path: Path):
    lead_id, owner = await decided(office)
    before = (tmp_path / "routing.json").read_text()
    await office.button("lead.pass", f"{lead_id}:1", owner)
    await office.bench.until(lambda: office.slack.views)
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert (await office.submit(office.slack.views[0], owner, reason="time", until=day)).content == b""
    await office.bench.drain()
    await office.notes()
    assert (tmp_path / "routing.json").read_text() == before


async def test_a_lead_held_for_review_goes_on_once_it_is_accepted(office: Office):
    lead_id, owner = await decided(office, honeypot="x")
    assert office.bench.rows("decisions")[0].path == "manual_review"
    await office.button("lead.accept", f"{lead_id}:1", owner)
    (note,) = await office.notes()
    assert "It goes to the CRM now." in note
    await office.bench.drain()
    assert [row.path for row in office.bench.rows("decisions", "revision")] == ["manual_review", "qualify"]
