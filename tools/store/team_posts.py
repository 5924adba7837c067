"""What the team was told without a button to press: lines about hot leads, and digests. Blocking: call it from a thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Engine, select

from graph.rules.blocks import Message
from tools.store.tables import team_posts as told


@dataclass(frozen=True, slots=True)
class TeamPost:
    """A line about a hot lead, or a digest; audience: the line's channel (empty for the team), the digest's reader."""

    post_id: int
    kind: str
    audience: str
    lead_id: str | None
    message: Message
    posted_at: datetime


def team_posts(
    engine: Engine, kind: str, audience: str | None = None, limit: int = 25, before_id: int | None = None
) -> list[TeamPost]:
    """The newest first. kind: line, digest."""
    wanted = select(told).where(told.c.kind == kind).order_by(told.c.post_id.desc()).limit(limit)
    if audience is not None:
        wanted = wanted.where(told.c.audience == audience)
    if before_id is not None:
        wanted = wanted.where(told.c.post_id < before_id)
    with engine.connect() as connection:
        return [
            TeamPost(row.post_id, row.kind, row.audience, row.lead_id, orjson.loads(row.message), row.posted_at)
            for row in connection.execute(wanted)
        ]


def digest_readers(engine: Engine) -> list[str]:
    """Everybody who ever had a digest, by address."""
    wanted = select(told.c.audience).where(told.c.kind == "digest").distinct().order_by(told.c.audience)
    with engine.connect() as connection:
        return list(connection.scalars(wanted))
