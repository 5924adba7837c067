"""A round of a vendor whose effects are rows of the outbox's own database: performed and settled in one transaction.

    read what is due --(the write lock)--> still due? perform, outbox rows done

Nothing is leased: what a dispatcher that dies had begun was never there. An order that cannot be performed so is left as it
was, for a round that claims it: there a failure is its own, with its attempts and its schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, runtime_checkable

import structlog
from sqlalchemy import Connection, Engine, bindparam, func, select, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from graph.ports import Order, Receipt
from tools.store.dead import storable
from tools.store.rows import update_rows
from tools.store.tables import outbox
from tools.stream.outbox import Claimed, Outcome, due_now, one_at_a_time

log = structlog.get_logger(__name__)
DOWN: Final = (OperationalError, InterfaceError, PoolTimeoutError)


@runtime_checkable
class StoredPerformer(Protocol):
    """A performer whose effects are rows of our own database."""

    def perform_within(self, connection: Connection, orders: Sequence[Order]) -> Sequence[Receipt | Exception]:
        """One answer for each order, in order. Of an order that is not answered by a receipt nothing was written. Whatever
        is raised undoes them all. Blocking."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """found: how many were due; done: what was performed; left: whether some of it waits for a round that claims."""

    found: int = 0
    done: list[Outcome] = field(default_factory=list)
    left: bool = False


class _Moved(Exception):
    """Another dispatcher was faster, or what was due is no longer to be done."""


def perform_due(engine: Engine, vendor: str, performer: StoredPerformer, now: datetime, *, limit: int) -> Stored:
    """Up to `limit` effects of a vendor that are due. Raises SQLAlchemy's errors of a database that is away. Blocking."""
    with engine.connect() as connection:
        read, unreadable = due_now(connection, vendor, now, limit=limit)
    if not read:
        return Stored(int(unreadable), left=unreadable)
    try:
        done = _perform(engine, vendor, performer, read, now)
    except _Moved:
        return Stored(len(read))
    except DOWN:
        raise
    except Exception as error:  # noqa: BLE001 - found again, and told, by the round that claims
        log.info("a round is performed one by one", vendor=vendor, error=type(error).__name__)
        return Stored(len(read), left=True)
    return Stored(len(read), done, unreadable or len(done) < len(read))


def _perform(
    engine: Engine, vendor: str, performer: StoredPerformer, read: Sequence[Claimed], now: datetime
) -> list[Outcome]:
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        one_at_a_time(connection, vendor)
        if connection.scalar(_STILL, {"v_ids": [one.row_id for one in read], "v_now": now}) != len(read):
            raise _Moved
        answers = performer.perform_within(connection, [one.order for one in read])
        done = [
            Outcome(one, done=True, external_id=answer.external_id)
            for one, answer in zip(read, answers, strict=True)
            if isinstance(answer, Receipt)
        ]
        if update_rows(connection, outbox, SETTLED, KEYS, [_settled(one, now) for one in done]) != len(done):
            raise _Moved
    return done


_STILL = select(func.count()).where(
    outbox.c.id.in_(bindparam("v_ids", expanding=True)),
    outbox.c.state == text("'pending'"),
    outbox.c.due_at <= bindparam("v_now"),
)
SETTLED: Final = ("state", "done_at", "external_id", "error", "attempts", "lease_by")
KEYS: Final = ("id", "state")


def _settled(one: Outcome, now: datetime) -> tuple[Any, ...]:
    claimed, said = one.claimed, storable(one.external_id, 200) or None
    return "done", now, said, None, claimed.order.attempt, None, claimed.row_id, "pending"
