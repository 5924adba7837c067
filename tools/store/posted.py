"""Which Slack message shows a lead to an owner: what `chat.update` needs to find it again. Never talks to Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from tools.clock import utc_now
from tools.store.tables import slack_messages
from tools.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """channel: the conversation Slack answered with (never a user id); ts: Slack's time stamp, the message's id in it;
    receipt: digest of the key of the effect that posted it; assignment: the newest one it shows."""

    channel: str
    ts: str
    receipt: str
    assignment: int


class SqlPosted:
    """One message for each lead and owner. Blocking: call it from a thread."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine, self._clock = engine, clock

    def get(self, lead_id: str, owner: str) -> PostedMessage | None:
        table = slack_messages.c
        wanted = select(table.channel, table.ts, table.receipt, table.assignment)
        with self._engine.connect() as connection:
            row = connection.execute(wanted.where(table.lead_id == lead_id, table.owner == owner)).first()
        return None if row is None else PostedMessage(*row)

    def put(self, lead_id: str, owner: str, message: PostedMessage) -> None:
        """Replaces what is known for this lead and owner; the time is that of the first message."""
        row = {
            "lead_id": lead_id,
            "owner": owner,
            "channel": message.channel,
            "ts": message.ts,
            "receipt": message.receipt,
            "assignment": message.assignment,
            "posted_at": self._clock(),
        }
        with self._engine.execution_options(immediate=True).begin() as connection:
            upsert(connection, slack_messages, [row], keys=("lead_id", "owner"), keep=("posted_at",))
