"""The console's page of leave: the same edits as in Slack, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete

from tests.fixtures.alerts import NOW
from tests.fixtures.inbox import offer
from tests.fixtures.router import ROUTING
from tools.editing.editor import Editor
from tools.editing.leave import Leaves
from tools.routing_file import load
from tools.store.routing_changes import live_changes
from tools.store.tables import decisions
from tools.web.inbox import inbox_router

OWN = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "routing.json"
    path.write_bytes(ROUTING.read_bytes())
    return path


@pytest.fixture
def client(database: Engine, path: Path) -> TestClient:
    async def pass_lead(*_arguments: object) -> str:
        return "Passed on."

    app = FastAPI()
    leaves = Leaves(Editor(database, path, lambda: NOW))
    app.include_router(inbox_router(database, pass_lead, lambda: None, lambda: NOW, leaves=leaves))
    return TestClient(app, follow_redirects=False)


def press(client: TestClient, path: str = "", **form: str) -> str:
    """What the page says afterwards."""
    answer = client.post(f"/inbox/leave{path}", data=form, headers=OWN)
    assert answer.status_code == 303, answer.text
    return unquote(answer.cookies["leave_said"].strip('"'))


def test_a_leave_is_written_shown_and_taken_back(client: TestClient, path: Path, database: Engine):
    assert "Nobody is away" in client.get("/inbox/leave").text
    first, last = (str((NOW + timedelta(days=days)).date()) for days in (10, 14))
    said = press(client, person="maren", first=first, last=last, cover="jonas")
    assert said.startswith(
        "maren@company.com: You are away from Fri 17 April until Tue 21 April, the last day; Jonas gets your leads"
    )
    (leave,) = load(path).people["maren"].leave
    assert (str(leave.window.from_day), leave.cover) == (first, "jonas@company.com")
    change = live_changes(database, 1)[0]
    assert (change.author, change.reason) == (
        "maren@company.com",
        f"Away until {last}, Jonas covers, said in the console.",
    )
    page = client.get("/inbox/leave").text
    assert "You are away from" in page
    assert "Take it back" in page
    assert "is taken back" in press(client, "/back", person="maren", first=first)
    assert load(path).people["maren"].leave == ()


def test_a_pass_for_cover_writes_the_owners_leave(client: TestClient, path: Path, database: Engine):
    offer(database, owner="maren@company.com")
    with database.begin() as connection:  # its record is one to be shown: the plan of an edit cannot decide it again
        connection.execute(delete(decisions))
    last = str((NOW + timedelta(days=3)).date())

    def passed(until: str, reason: str = "cover") -> str:
        form = {"value": "ld_1:1", "reason": reason, "until": until}
        answer = client.post("/inbox/pass", data=form, headers=OWN)
        assert answer.status_code == 303, answer.text
        return unquote(answer.cookies["inbox_said"].strip('"'))

    assert "away" not in passed("", "fit")
    assert load(path).people["maren"].leave == ()
    assert passed(last).startswith("Passed on. You are away from")
    (leave,) = load(path).people["maren"].leave
    assert (str(leave.window.from_day), str(leave.window.until_day)) == (str(NOW.date()), last)
    assert live_changes(database, 1)[0].reason == f"Away until {last}, said in the console."
    assert "Passed on. No leave was written: " in passed("2026-01-02")


def test_what_is_no_leave_is_said_on_the_page(client: TestClient, path: Path):
    before = path.read_bytes()
    assert "Nobody covers for themselves" in press(
        client, person="maren", first="2026-05-01", last="2026-05-02", cover="maren"
    )
    assert "is before the first" in press(client, person="maren", first="2026-05-03", last="2026-05-02")
    assert "No leave of yours begins" in press(client, "/back", person="maren", first="2026-05-03")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"person": "maren", "first": "soon", "last": "later"},
        {"person": "zaphod", "first": "2026-05-01", "last": "2026-05-02"},
    ],
)
def test_a_form_that_no_page_of_ours_makes_is_422(client: TestClient, form: dict[str, str]):
    assert client.post("/inbox/leave", data=form, headers=OWN).status_code == 422


def test_a_form_of_another_site_is_refused(client: TestClient):
    for path in ("", "/back"):
        answer = client.post(f"/inbox/leave{path}", data={}, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403


def test_a_file_that_cannot_be_used_is_shown(client: TestClient, path: Path):
    path.write_text("{", encoding="utf-8")
    assert "is not valid" in client.get("/inbox/leave").text
    assert "is not valid" in press(client, person="maren", first="2026-05-01", last="2026-05-02")
