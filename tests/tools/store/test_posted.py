"""Which Slack message shows a lead to an owner, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, select

from tools.store.posted import PostedMessage, SqlPosted
from tools.store.tables import slack_messages

NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
FIRST = PostedMessage("D01DEE", "1775570001.000100", "sha256:" + "a" * 32, 1)
SECOND = PostedMessage("D01DEE", "1775570002.000100", "sha256:" + "b" * 32, 3)


def test_a_message_is_known_by_lead_and_owner(database: Engine) -> None:
    posted = SqlPosted(database)
    posted.put("ld_1", "dee@us.example", FIRST)
    assert posted.get("ld_1", "dee@us.example") == FIRST
    assert posted.get("ld_1", "eli@us.example") is None
    assert posted.get("ld_2", "dee@us.example") is None


def test_a_later_message_replaces_the_earlier_and_keeps_its_time(database: Engine) -> None:
    SqlPosted(database, clock=lambda: NOW).put("ld_1", "dee@us.example", FIRST)
    SqlPosted(database).put("ld_1", "dee@us.example", SECOND)
    assert SqlPosted(database).get("ld_1", "dee@us.example") == SECOND
    with database.connect() as connection:
        assert connection.execute(select(slack_messages.c.posted_at)).scalar_one() == NOW
