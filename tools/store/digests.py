"""Makes a person's digest once for each part of a day: that it was made, and its effect, in one transaction.

Whoever asks first makes it; a second ask, another dispatcher or one after a restart, finds the part made. Blocking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select

from graph.domain.effects import key_of
from graph.domain.telling import PostDigest
from graph.rules.digest import DigestLead, TeamCount, digest_of
from tools.store.redraw import write_effect
from tools.store.tables import HELD, assignments, digests, leads
from tools.store.upsert import insert_for

FIRST: Final = timedelta(days=1)
"""How far the first digest of a person looks back."""
MOST: Final = 500
"""Leads of a person that are read for one digest."""
ENDED: Final = ("passed", "missed", "moved", "closed")


def make_digest(
    engine: Engine,
    owner: str,
    part: str,
    now: datetime,
    *,
    team: Sequence[str],
    zone: tzinfo,
    channel: str | None,
    public_url: str,
) -> bool:
    """Whether this call made it, and there was something to tell. team: addresses of whom they manage; channel: their
    Slack user id."""
    with engine.connect() as connection:  # a person may have thousands of leads: no decision waits while they are read
        if connection.scalar(_last(owner).where(digests.c.part == part)) is not None:
            return False
        last = connection.scalar(_last(owner))
        since = last or now - FIRST
        mine = _assignments(connection, owner, since)
        counts = [_count(connection, member, since) for member in team]
    message = digest_of(mine, counts, since=since, now=now, zone=zone, public_url=public_url)
    with engine.execution_options(immediate=True).begin() as connection:
        if connection.scalar(_last(owner)) != last:
            return False  # another dispatcher told of what came since then
        row = {"owner": owner, "part": part, "since": since, "until": now, "leads": len(mine)}
        made = insert_for(connection, digests).values(row).on_conflict_do_nothing().returning(digests.c.part)
        if connection.execute(made).first() is None or message is None:
            return False
        effect, lead_id = PostDigest(owner, channel, part, message), queue_of(owner)
        write_effect(connection, key_of(effect, lead_id, 0), lead_id, 0, effect, now)
    return True


def _last(owner: str) -> Any:
    return select(func.max(digests.c.until)).where(digests.c.owner == owner)


def queue_of(owner: str) -> str:
    """What stands in the outbox in the place of a lead, so that one person's digest waits for nobody else's."""
    return f"digest_{hashlib.sha256(owner.encode()).hexdigest()[:24]}"


def _assignments(connection: Connection, owner: str, since: datetime) -> list[DigestLead]:
    """Those that are the owner's work now or wait in a sequence, and those that ended since then; newest first."""
    ended_at = func.coalesce(assignments.c.closed_at, assignments.c.acted_at)
    present = (assignments.c.number == leads.c.assignment) & assignments.c.state.in_(HELD)
    ended = assignments.c.state.in_(ENDED) & (ended_at > since)
    wanted = (
        select(assignments, leads.c.company, leads.c.full_name, leads.c.email, leads.c.tier, leads.c.score)
        .add_columns(leads.c.path, leads.c.owner.label("holder"))
        .join(leads, leads.c.lead_id == assignments.c.lead_id)
        .where(assignments.c.owner == owner, present | ended)
        .order_by(assignments.c.offered_at.desc(), assignments.c.lead_id)
        .limit(MOST)
    )
    return [_lead(row) for row in connection.execute(wanted) if not _back_again(row, owner)]


def _back_again(row: Row[Any], owner: str) -> bool:
    """It left the owner and is theirs again: it is among those that they have."""
    return row.state in ENDED and row.state != "closed" and row.holder == owner


def _lead(row: Row[Any]) -> DigestLead:
    ended = row.closed_at or row.acted_at if row.state in ENDED else None
    return DigestLead(
        row.lead_id,
        row.number,
        row.company or row.full_name or row.email or "somebody without a name",
        row.tier,
        row.score,
        row.path,
        row.state,
        row.offered_at,
        row.accept_due_at,
        row.touch_due_at,
        ended,
        row.outcome,
        row.holder,
    )


def _count(connection: Connection, owner: str, since: datetime) -> TeamCount:
    mine = _assignments(connection, owner, since)
    return TeamCount(
        owner,
        new=sum(lead.offered_at > since and lead.ended_at is None for lead in mine),
        waiting=sum(lead.state == "offered" and lead.path != "nurture" for lead in mine),
        missed=sum(lead.state == "missed" for lead in mine),
    )
