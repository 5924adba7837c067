"""Digests: when one is due, and what it tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from graph.domain.working import Hours, Span
from graph.rules.digest import DigestLead, TeamCount, digest_of, part_of
from graph.rules.working import Calendar

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(Hours((Span((0, 1, 2, 3, 4), 9 * 60, 17 * 60, "Europe/Berlin"),)), (), "UTC")
NOW = datetime(2026, 4, 7, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(hours=5)


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("2026-04-07T08:30", None),  # eight has struck, and they are still asleep
        ("2026-04-07T09:00", "2026-04-07T08"),
        ("2026-04-07T12:59", "2026-04-07T08"),
        ("2026-04-07T13:00", "2026-04-07T13"),
        ("2026-04-07T17:00", None),
        ("2026-04-11T10:00", None),  # a Saturday
        ("2026-10-26T09:00", "2026-10-26T08"),  # the clocks went back the day before
    ],
)
def test_a_digest_is_due_at_its_hour_on_the_readers_clock_while_they_work(clock: str, part: str | None):
    now = datetime.fromisoformat(clock).replace(tzinfo=BERLIN).astimezone(UTC)
    assert part_of(OFFICE, BERLIN, (8, 13), now) == part
    assert part_of(OFFICE, BERLIN, (), now) is None


def lead(name: str, **changes: object) -> DigestLead:
    given = {
        "lead_id": "ld_1", "number": 1, "name": name, "tier": "medium", "score": 41.0, "path": "qualify",
        "state": "offered", "offered_at": NOW - timedelta(hours=1),
    }  # fmt: skip
    return DigestLead(**(given | changes))  # type: ignore[arg-type]


def told(*leads: DigestLead, team: tuple[TeamCount, ...] = ()) -> str:
    message = digest_of(leads, team, since=OLD, now=NOW, zone=BERLIN, public_url="http://127.0.0.1:8000")
    assert message is not None
    return "\n".join(b["text"]["text"] for b in message["blocks"] if b["type"] == "section")


def test_what_came_what_waits_and_what_left_is_told_under_its_heading():
    text = told(
        lead("Acme", accept_due_at=NOW - timedelta(minutes=1)),
        lead("Borg", path="nurture"),
        lead("Cyan", state="passed", ended_at=NOW, holder="eli@company.com"),
        lead("Dune", state="closed", ended_at=NOW, outcome="won"),
        lead("Echo", state="accepted", offered_at=OLD - timedelta(days=2), touch_due_at=NOW + timedelta(hours=1)),
        team=(TeamCount("dee@company.com", 2, 1, 0), TeamCount("eli@company.com", 0, 0, 0)),
    )
    lines = text.replace("<http://127.0.0.1:8000/inbox/crm/ld_1|", "<").split("\n")
    assert lines[:4] == [
        "*New*", "• <Acme>, medium, 41 in 100, offered", "• <Borg>, medium, 41 in 100, in a sequence of mails",
        "*Waits for you*",
    ]  # fmt: skip
    assert lines[4].startswith("• <Acme>: *late*, accept by <!date^")
    assert lines[5].startswith("• <Echo>: first touch by <!date^")
    assert lines[6:] == [
        "*No longer with you*", "• <Cyan>: passed on, now with Eli", "• <Dune>: won",
        "*Your team*", "• Dee: 2 new, 1 waits, 0 missed",
    ]  # fmt: skip


def test_nothing_to_tell_is_no_digest():
    quiet = TeamCount("dee@company.com", 0, 0, 0)
    assert digest_of((), (quiet,), since=OLD, now=NOW, zone=UTC, public_url="") is None


def test_a_long_list_is_counted_and_not_listed():
    text = told(*(lead(f"Acme {n}", path="nurture") for n in range(14)))
    assert text.count("Acme") == 10
    assert text.endswith("• and 4 others")
