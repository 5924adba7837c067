"""Dead letters: what was given up, with the reason and everything needed to try it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select, update

from tools.store.announced import announce_dead
from tools.store.tables import dead_letters, outbox
from tools.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """kind: lead or effect; ref: submission id or effect key."""

    id: int
    kind: str
    ref: str
    lead_id: str
    reason: str
    attempts: int
    at: datetime
    replayed_at: datetime | None


def bury_lead(engine: Engine, submission_id: str, lead_id: str, payload: bytes, reason: str, attempts: int) -> None:
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        before = _replayed_at(connection, submission_id)
        _bury(connection, "lead", submission_id, lead_id, payload, reason, attempts)
        held, why = storable(lead_id, 40), storable(reason, 200)
        announce_dead(connection, held, submission_id, why, attempts, before, datetime.now(UTC))


def _replayed_at(connection: Connection, submission_id: str) -> str:
    """When this submission was given up before and was replayed; empty for one that was not."""
    named = (dead_letters.c.kind == "lead") & (dead_letters.c.ref == storable(submission_id, 500))
    at = connection.scalar(select(dead_letters.c.replayed_at).where(named))
    return "" if at is None else at.isoformat()


def bury_effect(connection: Connection, key: str, lead_id: str, payload: bytes, reason: str, attempts: int) -> None:
    """Within the dispatcher's own transaction."""
    _bury(connection, "effect", key, lead_id, payload, reason, attempts)


def _bury(
    connection: Connection, kind: str, ref: str, lead_id: str, payload: bytes, reason: str, attempts: int
) -> None:
    row = {  # what is given up may be anything: its names are cut to what the columns hold, its payload is kept whole
        "kind": kind,
        "ref": storable(ref, 500),
        "lead_id": storable(lead_id, 40),
        "payload": payload,
        "reason": storable(reason, 2000),
        "attempts": attempts,
        "at": datetime.now(UTC),
        "replayed_at": None,
    }
    upsert(connection, dead_letters, [row], ["kind", "ref"])


def storable(value: str, length: int) -> str:
    """Text from anywhere as both databases can hold it."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()[:length]


def list_dead(engine: Engine, *, limit: int = 50, before_id: int | None = None) -> list[DeadLetter]:
    """Newest first; those replayed already are left out."""
    wanted = select(dead_letters).where(dead_letters.c.replayed_at.is_(None))
    if before_id is not None:
        wanted = wanted.where(dead_letters.c.id < before_id)
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(dead_letters.c.id.desc()).limit(limit)).all()
    return [DeadLetter(r.id, r.kind, r.ref, r.lead_id, r.reason, r.attempts, r.at, r.replayed_at) for r in rows]


def find_dead(engine: Engine, letter_id: int) -> tuple[str, str, str, bytes] | None:
    """(kind, ref, lead_id, payload) of a letter that was not replayed yet."""
    wanted = select(dead_letters).where(dead_letters.c.id == letter_id, dead_letters.c.replayed_at.is_(None))
    with engine.connect() as connection:
        row = connection.execute(wanted).first()
    return (row.kind, row.ref, row.lead_id, row.payload) if row else None


def mark_replayed(engine: Engine, letter_id: int) -> None:
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        connection.execute(
            update(dead_letters).where(dead_letters.c.id == letter_id).values(replayed_at=datetime.now(UTC))
        )


def reopen_effect(engine: Engine, letter_id: int, key: str) -> None:
    """The effect goes back to the dispatcher, due now, with its attempts forgotten."""
    now = datetime.now(UTC)
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        connection.execute(
            update(outbox)
            .where(outbox.c.key == key, outbox.c.state == "dead")
            .values(state="pending", attempts=1, due_at=now, lease_by=None)  # 1: its adapter looks before it writes
        )
        connection.execute(update(dead_letters).where(dead_letters.c.id == letter_id).values(replayed_at=now))
