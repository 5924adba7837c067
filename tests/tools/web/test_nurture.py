"""Sequences over HTTP and on pages, and the links of mails, which strangers and their mail programs follow."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from tests.fixtures.nurture import (
    BEGIN,
    FILE,
    HEAD,
    KEY,
    MAYA,
    Clock,
    enrol,
    enrolment,
    file_of,
    mails,
    put_lead,
    steps_of,
    tick,
)  # fmt: skip
from tools.nurture.tokens import Tokens
from tools.sequence_file import LiveSequences
from tools.store.engine import open_engine
from tools.store.nurture_clicks import MOST
from tools.store.tables import lead_events, nurture_unsubscribes, outbox
from tools.web.nurture import nurture_admin, nurture_pages
from tools.web.nurture_links import link_router

TOKENS = Tokens(KEY)
OWN = {"sec-fetch-site": "same-origin"}
ONE = file_of(
    [
        {"id": "mail", "do": "EMAIL", "template": "hello"},
        {"id": "wait", "do": "WAIT", "for": "9d"},
        {"id": "last", "do": "EMAIL", "template": "hello"},
    ],
    mail="Subject: Hi {first_name|you}\n\nRead [this](https://example.com/a).",
)


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock(BEGIN + timedelta(days=1))


@pytest.fixture
def client(engine: Engine, clock: Clock) -> Iterator[TestClient]:
    sequences = LiveSequences(FILE, lambda: 0.0)
    app = FastAPI()
    app.include_router(nurture_admin(engine, sequences, clock))
    app.include_router(nurture_pages(engine, sequences, lambda: None, clock))
    app.include_router(link_router(engine, TOKENS, clock))
    with TestClient(app, follow_redirects=False) as client:
        yield client


def mailed(engine: Engine, **lead: str) -> str:
    """Maya has got a mail with one link. Returns its id."""

    async def made() -> None:
        put_lead(engine, **lead)  # type: ignore[arg-type]
        await enrol(engine, ONE)
        await tick(engine, steps_of(engine, Clock(), ONE, head=replace(HEAD, clicks=True)), BEGIN)

    asyncio.run(made())
    return str(mails(engine)[0].mail_id)


def test_reading_the_page_changes_nothing_and_one_click_unsubscribes(client: TestClient, engine: Engine):
    path = f"/unsubscribe/{TOKENS.token(mailed(engine))}"
    for _ in range(2):  # a scanner looks at every link, some more than once
        page = client.get(path)
        assert page.status_code == 200
        assert '<form method="post">' in page.text
        assert client.head(path).status_code in {200, 405}
    assert enrolment(engine).status == "ACTIVE"
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert enrolment(engine).status == "CANCELLED"
    with engine.connect() as connection:
        (row,) = connection.execute(select(nurture_unsubscribes)).all()
        kinds = connection.scalars(select(lead_events.c.type)).all()
    assert (row.address, row.how) == (MAYA, "one_click")
    assert "unsubscribe" in kinds
    assert client.post(path).status_code == 200  # again, by the button: still done
    assert MAYA not in page.text + answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_is_not_ours_does_nothing(client: TestClient, engine: Engine, method: str):
    mail_id = mailed(engine)
    good = TOKENS.token(mail_id)
    bad = [good[:-1] + ("A" if good[-1] != "A" else "B"), good[:-4], "x", "%00", Tokens(b"other").token(mail_id)]
    bad += [TOKENS.token("0" * 32), TOKENS.token(mail_id, 0), "é" * 20]
    for token in bad:
        assert client.request(method, f"/unsubscribe/{token}").status_code == 404, token
    assert enrolment(engine).status == "ACTIVE"


def test_a_counted_link_leads_where_the_template_says_and_counts_once(client: TestClient, engine: Engine):
    mail_id = mailed(engine)
    for _ in range(2):
        answer = client.get(f"/c/{TOKENS.token(mail_id, 0)}?url=https://evil.example")
        assert (answer.status_code, answer.headers["location"]) == (302, "https://example.com/a")
    assert client.get(f"/c/{TOKENS.token(mail_id, 1)}").status_code == 404
    assert client.get(f"/c/{TOKENS.token(mail_id)}").status_code == 404
    with engine.connect() as connection:
        clicks = connection.execute(select(lead_events).where(lead_events.c.type == "email_click")).all()
    assert [(row.lead_id, row.email, row.counts) for row in clicks] == [("ld_1", MAYA, True)]


NOBODYS = {
    "HEAD": ("HEAD", {}, 60),
    "a crawler": (
        "GET",
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        60,
    ),
    "loaded ahead": ("GET", {"sec-purpose": "prefetch;prerender"}, 60),
    "loaded ahead, in Firefox": ("GET", {"x-moz": "prefetch"}, 60),
    "a second after sending": ("GET", {}, 1),
}


@pytest.mark.parametrize(("method", "headers", "after_s"), NOBODYS.values(), ids=NOBODYS)
def test_a_click_that_no_person_made_leads_on_and_does_not_count_and_hides_no_persons_click(
    client: TestClient, engine: Engine, clock: Clock, method: str, headers: dict[str, str], after_s: float
):
    mail_id = mailed(engine)
    path = f"/c/{TOKENS.token(mail_id, 0)}"
    clock.now = BEGIN + timedelta(seconds=after_s)
    for _ in range(2):
        answer = client.request(method, path, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (302, "https://example.com/a")
    assert [row for row in clicks(engine) if row.counts] == []
    assert all(row.reason for row in clicks(engine))
    clock.on(hours=1)
    for _ in range(2):
        client.get(path, headers={"user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15"})
    assert [row.lead_id for row in clicks(engine) if row.counts] == ["ld_1"]
    with engine.connect() as connection:
        weighed = connection.scalars(select(outbox.c.lead_id).where(outbox.c.vendor == "activity")).all()
    assert weighed == ["ld_1"], "a lead is weighed anew when somebody follows a link"


def test_a_scanner_that_comes_back_for_ever_fills_no_table(client: TestClient, engine: Engine, clock: Clock):
    mail_id = mailed(engine)
    for _ in range(MOST + 5):
        clock.on(minutes=1)
        client.get(f"/c/{TOKENS.token(mail_id, 0)}", headers={"purpose": "prefetch"})
    assert len(clicks(engine)) == MOST


def clicks(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        wanted = select(lead_events).where(lead_events.c.type == "email_click").order_by(lead_events.c.at)
        return list(connection.execute(wanted))


def test_the_admin_sees_every_step_and_mail_and_pauses_resumes_and_cancels(client: TestClient, engine: Engine):
    mailed(engine)
    listed = client.get("/admin/nurture", params={"status": "ACTIVE"}).json()
    assert (listed["total"], listed["enrolments"][0]["contact_key"]) == (1, MAYA)
    (card,) = client.get("/admin/nurture/ld_1").json()["enrolments"]
    assert [(step["step"], step["did"]) for step in card["history"]] == [("mail", "mail"), ("wait", "nothing")]
    assert [mail["state"] for mail in card["mails"]] == ["kept"]
    for word, status in (("pause", "PAUSED"), ("resume", "ACTIVE"), ("cancel", "CANCELLED")):
        (told,) = client.post(f"/admin/nurture/ld_1/{word}").json()["enrolments"]
        assert (told["status"], told["changed"]) == (status, True)
    assert client.post("/admin/nurture/ld_1/resume").json()["enrolments"][0]["changed"] is False
    assert client.post("/admin/nurture/ld_9/pause").status_code == 404
    assert client.get("/admin/nurture/ld_9").status_code == 404
    assert client.post("/admin/nurture/ld_1/explode").status_code == 422


def test_the_preview_says_what_would_come_when(client: TestClient, engine: Engine):
    put_lead(engine, country="DE", state=None)
    anybody = client.get("/admin/nurture/preview/low_score_nurture").json()["steps"]
    assert [step["step"] for step in anybody] == ["welcome", "guide", "interest", "question", "revisit"]
    theirs = client.get("/admin/nurture/preview/low_score_nurture", params={"lead": "ld_1"}).json()["steps"]
    assert "Not sent: no consent was given, and DE asks for it." in [step["said"] for step in theirs]
    assert client.get("/admin/nurture/preview/nothing").status_code == 404
    assert client.get("/admin/nurture/preview/low_score_nurture", params={"lead": "ld_9"}).status_code == 404


def test_an_operator_unsubscribes_an_address(client: TestClient, engine: Engine):
    mailed(engine)
    answer = client.post("/admin/nurture/unsubscribes", json={"address": "Maya@acme.example"})
    assert (answer.status_code, answer.json()) == (201, {"address": MAYA, "cancelled": 1})
    assert client.post("/admin/nurture/unsubscribes", json={"address": "nobody"}).status_code == 422


def test_the_pages_show_enrolments_history_and_mails_as_they_look(client: TestClient, engine: Engine):
    mail_id = mailed(engine, full_name="<script>x</script>")
    page = client.get("/inbox/nurture")
    assert MAYA in page.text
    assert client.get("/inbox/nurture?status=PAUSED").text.count(MAYA) == 0
    lead = client.get("/inbox/nurture/ld_1")
    assert "Mail hello." in lead.text
    assert "<script>x" not in lead.text
    assert "Hi Maya" in client.get("/inbox/nurture/mails").text
    mail = client.get(f"/inbox/nurture/mails/{mail_id}")
    assert '<a href="https://leads.us.example/c/' in mail.text
    assert "sent to nobody" in mail.text
    assert client.get("/inbox/nurture/ld_9").status_code == 404
    form = {"word": "pause", "sequence": "low_score_nurture"}
    assert client.post("/inbox/nurture/ld_1", data=form, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/inbox/nurture/ld_1", data=form, headers=OWN).status_code == 303
    assert enrolment(engine).status == "PAUSED"


def test_nobody_enrolled_is_a_page_too(client: TestClient):
    assert "Nobody is enrolled" in client.get("/inbox/nurture").text
    assert "No mail yet" in client.get("/inbox/nurture/mails").text
