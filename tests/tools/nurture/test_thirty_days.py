"""A sequence of 30 days, performed by processes that die: a real SMTP server, both databases, a clock that is set."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.fixtures.mail_server import MailServer, mail_server
from tests.fixtures.nurture import BEGIN, MAYA, decide, enrol, enrolment, event, history, mails, put_lead, shipped
from tools.nurture.steps import revisit_id

ROOT = Path(__file__).parents[3]
OTHERS = {"leaver@acme.example": "ld_2", "answers@acme.example": "ld_3"}
PEOPLE = {MAYA: "ld_1", **OTHERS}


class Dispatchers:
    """Starts one process after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.tools.nurture.dispatcher"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, url: str, server: MailServer, now: datetime, dies_at: str = "-") -> bool:
        """Whether it lived to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{url} {server.port} {now.isoformat()} {dies_at}\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        assert code in {0, 9}
        return code == 0

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def dispatch() -> Iterator[Dispatchers]:
    dispatchers = Dispatchers()
    yield dispatchers
    dispatchers.close()


async def start(database: Engine) -> None:
    for email, lead_id in PEOPLE.items():
        put_lead(database, lead_id, email)
        await enrol(database, shipped(), lead_id=lead_id, email=email)


async def test_over_twenty_restarts_each_mail_comes_once_and_none_after_unsubscribing(
    database: Engine, database_url: str, dispatch: Dispatchers
):
    """Kills fall before a mail's content is given to the server, and after what came of it was written down."""
    await start(database)
    deaths = {1: "intended", 7: "settled", 8: "intended", 21: "intended", 22: "settled"}
    restarts = 0
    with mail_server() as server:
        for day in (0, 1, 2, 4, 6, 7, 8, 10, 13, 16, 19, 21, 22, 24, 27, 30):
            now = BEGIN + timedelta(days=day)
            if day == 2:
                event(database, "unsubscribe", now - timedelta(hours=3), email="leaver@acme.example", lead_id="ld_2")
            if day == 13:
                event(database, "reply", now, email="answers@acme.example", lead_id="ld_3")
            if day in deaths:
                dispatch(database_url, server, now, deaths[day])
                restarts += 1
                now += timedelta(minutes=2)  # its lease is over
            assert dispatch(database_url, server, now)
            restarts += 1
    assert restarts >= 20
    per_person = Counter(str(message["To"]) for message in server.received)
    assert per_person == {MAYA: 3, "leaver@acme.example": 1, "answers@acme.example": 2}
    assert len(set(server.ids)) == len(server.ids) == 6
    assert {mail.state for mail in mails(database)} == {"sent"}
    assert [step for step, did in history(database) if did == "mail"] == ["welcome", "guide", "question"]
    assert (enrolment(database).status, enrolment(database).step) == ("ACTIVE", "SETTLE")
    left = enrolment(database, "leaver@acme.example")
    assert (left.status, left.reason) == ("CANCELLED", "The person wants no more mails.")
    assert enrolment(database, "answers@acme.example").reason == "The person answered."


async def test_a_mail_whose_outcome_died_with_its_process_is_shown_and_never_sent_twice(
    database: Engine, database_url: str, dispatch: Dispatchers
):
    put_lead(database)
    await enrol(database, shipped())
    with mail_server() as server:
        assert dispatch(database_url, server, BEGIN)
        for day, moment in ((1, "taken"), (7, "given")):
            now = BEGIN + timedelta(days=day)
            assert not dispatch(database_url, server, now, moment)
            assert dispatch(database_url, server, now + timedelta(minutes=2))
        assert dispatch(database_url, server, BEGIN + timedelta(days=21))
    assert [mail.state for mail in mails(database)] == ["unknown", "unknown", "sent"]
    assert len(server.ids) == len(set(server.ids)) == 2  # the one that was taken never came, the one that was given did
    assert [(step, did) for step, did in history(database) if did in {"unknown", "mail"}] == [
        ("welcome", "unknown"),
        ("guide", "unknown"),
        ("question", "mail"),
    ]


async def test_after_thirty_days_the_lead_is_scored_again_and_the_sequence_is_over(
    database: Engine, database_url: str, dispatch: Dispatchers
):
    put_lead(database)
    await enrol(database, shipped())
    with mail_server() as server:
        for day in (0, 1, 7, 21, 30):
            assert dispatch(database_url, server, BEGIN + timedelta(days=day))
        row = enrolment(database)
        assert row.step == "SETTLE"
        assert dispatch(database_url, server, BEGIN + timedelta(days=30, minutes=11))
        assert enrolment(database).status == "ACTIVE"  # nobody has decided it yet
        decide(database, submission_id=revisit_id(row))
        assert dispatch(database_url, server, BEGIN + timedelta(days=30, minutes=22))
    assert enrolment(database).status == "COMPLETED"
    assert enrolment(database).reason == "Still not ready when it was scored again."
    assert len(server.received) == 3
