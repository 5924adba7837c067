"""The command: what it answers privately, and what leave it writes into the routing file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fixtures.front import LEAD
from tests.fixtures.slack import Office
from tests.tools.web.slack.test_story import decided
from tools.editing.days import Unclear, spoken
from tools.routing_file import load
from tools.store.routing_changes import live_changes
from tools.web.slack.commands import days_away

TODAY = datetime(2026, 4, 7, tzinfo=UTC).date()  # a Tuesday


def leave_of(folder: Path, name: str) -> list[tuple[str, str, str | None]]:
    person = load(folder / "routing.json").people[name]
    return [(f"{each.window.from_day}", f"{each.window.until_day}", each.cover) for each in person.leave]


async def test_help_lists_what_there_is_and_says_what_was_not_understood(office: Office):
    said = await office.command("", "maren")
    assert all(f"/lead {verb}" in said for verb in ("mine", "why", "away", "back", "board"))
    said = await office.command("dance <!channel>", "maren")
    assert '"dance" is nothing this command knows.' in said
    assert "/routes mine" in await office.command("help", "maren", command="/routes")
    assert "evil" not in await office.command("help", "maren", command="<https://evil.example>")


async def test_mine_lists_open_leads_by_their_deadline(office: Office):
    assert await office.command("mine", "maren") == "No lead is open with you."
    lead_id, owner = await decided(office)
    said = await office.command("mine", owner)
    assert said.startswith("*1 open lead with you*")
    assert "Maya Ortiz" in said
    assert "waiting for you" in said
    assert "accept by <!date^" in said
    await office.button("lead.accept", f"{lead_id}:1", owner)
    assert "accepted, *overdue*, first touch by <!date^" in await office.command("MINE", owner)
    await office.choose("lead.close", f"lead:{lead_id}:1", "lost", owner)
    assert await office.command("mine", owner) == "No lead is open with you."


async def test_why_finds_a_lead_by_address_or_id(office: Office):
    lead_id, owner = await decided(office)
    address = LEAD["email"]
    for words in (address, address.upper(), f"<mailto:{address}|{address}>", lead_id):
        said = await office.command(f"why {words}", "tess")
        assert f"*Why {owner.capitalize()}?*" in said, words
        assert "*Why not Tess?*" in said
    said = await office.command(f"why {lead_id} not <@U07RAY|ray>", owner)
    assert "*Why not Ray?*" in said
    assert "*Why not Grace?*" in await office.command(f"why {lead_id} not grace", owner)
    assert "No decision" in await office.command("why nobody@nowhere.example", "tess")
    assert "Say which lead" in await office.command("why", "tess")
    assert "Nobody in the routing file" in await office.command(f"why {lead_id} not zaphod", owner)


async def test_why_is_told_to_colleagues_only(office: Office):
    lead_id, _ = await decided(office)
    office.slack.users["U0GUEST"] = "guest@elsewhere.example"
    said = await office.command(f"why {lead_id}", "maren", user_id="U0GUEST")
    assert said.startswith("guest@elsewhere.example is not in the routing file")
    assert "Maren" not in said


async def test_board_shows_the_pools_of_the_asker_or_the_one_named(office: Office):
    _, owner = await decided(office)
    said = await office.command("board", "maren")
    assert "*dach*, 1 turn so far" in said
    assert "us-smb" not in said
    assert "share 50%" in said
    assert f"{owner.capitalize()}: share 50%, 1 taken" in said
    assert "← next" in said
    assert "*us-smb*" in await office.command("board us-smb", "maren")
    assert "no pool nothing" in await office.command("board nothing", "maren")
    assert "*dach*" in await office.command("board", "helen"), "a manager sees the pools of those they manage"


async def test_away_writes_a_leave_with_its_cover_as_the_persons_own_edit(office: Office, tmp_path: Path):
    office.slack.profiles["U07MAREN"] = {"tz": "Europe/Berlin"}
    first = datetime.now(UTC).date() + timedelta(days=30)
    last = first + timedelta(days=4)
    words = f"away from {first} until {last} cover"
    said = await office.command(f"{words} <@U07JONAS|jonas>", "maren")
    assert said.startswith(
        f"You are away from {spoken(first)} until {spoken(last)}, the last day; Jonas gets your leads"
    )
    assert leave_of(tmp_path, "maren") == [(f"{first}", f"{last}", "jonas@company.com")]
    change = live_changes(office.bench.engine, 1)[0]
    assert change.author == "maren@company.com"
    assert change.reason == f"Away until {last}, Jonas covers, said in Slack."
    text = (tmp_path / "routing.json").read_text()
    assert '"cover": "jonas"' in text
    assert "// Who gets a lead, and why." in text, "what people wrote stays as it is"

    again = await office.command(f"{words} jonas", "maren")
    assert "You are away from" in again
    assert live_changes(office.bench.engine, 1)[0].id == change.id, "the same leave is no second edit"

    assert "Take one back by the day" in await office.command("back", "maren")
    assert "is taken back" in await office.command(f"back {first}", "maren")
    assert leave_of(tmp_path, "maren") == []


async def test_back_ends_the_leave_that_holds_today(office: Office, tmp_path: Path):
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=3), today + timedelta(days=3)
    assert "You are away from" in await office.command(f"away from {first} until {last} cover tess", "omar")
    assert "Welcome back" in await office.command("back", "omar")
    ((_, until, _),) = leave_of(tmp_path, "omar")
    assert until in {f"{today - timedelta(days=1)}", f"{today - timedelta(days=2)}"}, "by the day in their zone"
    assert await office.command("back", "omar") == "You are not away, and no leave is planned."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("until", "Say which day"),
        ("", "Say which day"),
        ("until someday cover jonas", "is not clear enough for a day"),
        ("until 3/4 cover jonas", "write the one you mean"),
        ("until 2030-01-01 cover jonas", "more than a year"),
        ("until 2020-01-01 cover jonas", "is before the first"),
        ("from 2020-01-01 until 2020-01-05 cover jonas", "is over already"),
        ("until tomorrow cover zaphod", "Nobody in the routing file"),
        ("until tomorrow cover maren", "Nobody covers for themselves"),
        ("until tomorrow cover <@U0NOBODY>", "Slack did not say"),
    ],
)
async def test_what_is_no_leave_is_asked_back_and_nothing_is_written(
    office: Office, tmp_path: Path, words: str, said: str
):
    before = (tmp_path / "routing.json").read_bytes()
    assert said in await office.command(f"away {words}", "maren")
    assert (tmp_path / "routing.json").read_bytes() == before


async def test_a_guard_of_the_file_stops_a_leave_and_says_so(office: Office, tmp_path: Path):
    path = tmp_path / "routing.json"
    text = path.read_text().replace(
        '"default_sla": "standard",', '"default_sla": "standard", "guards": {"approvals": {"people": 1}},'
    )
    path.write_text(text)
    said = await office.command("away until tomorrow cover jonas", "maren")
    assert said.startswith("It is not live yet.")
    assert "approval" in said
    assert leave_of(tmp_path, "maren") == []


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("until friday", "2026-04-07", "2026-04-10"),
        ("till 24 dec", "2026-04-07", "2026-12-24"),
        ("from monday until friday", "2026-04-13", "2026-04-17"),
        ("monday to wednesday", "2026-04-13", "2026-04-15"),
        ("From Tomorrow Through 2026-04-20", "2026-04-08", "2026-04-20"),
        ("tomorrow", "2026-04-08", "2026-04-08"),
        ("on friday", "2026-04-10", "2026-04-10"),
    ],
)
def test_days_away_in_words(words: str, first: str, last: str):
    assert tuple(map(str, days_away(words, TODAY))) == (first, last)


def test_days_that_are_unclear_are_not_guessed():
    with pytest.raises(Unclear):
        days_away("until next friday", TODAY)
