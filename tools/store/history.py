"""What we decided before, as the graph asks for it: five short questions a batch, none a lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, Row, and_, bindparam, func, select

from graph.domain.account import Family, Prior
from graph.domain.activity import Did, Wanted
from graph.domain.facts import Absent, Fact, Found
from graph.domain.person import KnownPerson, Who
from graph.domain.routing import PoolState, Spent
from tools.store.activity_reading import any_events, read_activities
from tools.store.asking import ask
from tools.store.people import read_people
from tools.store.tables import HELD, accounts, assignments, leads, pools, turns

T = TypeVar("T")
SOURCE = "store"


class SqlHistory:
    """The History port over the store. What a server is asked runs in `executor`; a database that is down raises to the
    worker, which waits for it: without history nothing may be decided."""

    def __init__(self, engine: Engine, executor: Executor) -> None:
        self._engine, self._executor = engine, executor
        self._events = False

    async def priors(self, lead_ids: Sequence[str], now: datetime) -> Sequence[Fact[Prior]]:
        found = await self._run(lambda connection: read_priors(connection, lead_ids))
        return [Found(found[i], SOURCE, now) if i in found else Absent(SOURCE, now) for i in lead_ids]

    async def people(self, asks: Sequence[Who], now: datetime) -> Sequence[Fact[KnownPerson]]:
        found = await self._run(lambda connection: read_people(connection, asks))
        return [Absent(SOURCE, now) if person is None else Found(person, SOURCE, now) for person in found]

    async def activities(self, asked: Sequence[Wanted], now: datetime) -> Sequence[tuple[Did, ...]]:  # noqa: ARG002
        def read(connection: Connection) -> list[tuple[Did, ...]]:
            self._events = self._events or any_events(connection)
            return read_activities(connection, asked) if self._events else [()] * len(asked)

        return await self._run(read)

    async def families(self, parent_domains: Sequence[str], now: datetime) -> Mapping[str, Family]:  # noqa: ARG002
        return await self._run(lambda connection: read_families(connection, parent_domains))

    async def pools(self, names: Sequence[str]) -> Mapping[str, PoolState]:
        return await self._run(lambda connection: read_pools(connection, names))

    async def open_leads(self, emails: Sequence[str]) -> Mapping[str, int]:
        return await self._run(lambda connection: read_open(connection, emails))

    async def _run(self, question: Callable[[Connection], T]) -> T:
        def asked() -> T:
            with self._engine.connect() as connection:
                return question(connection)

        return await ask(self._engine, self._executor, asked)


def _among(column: Any) -> Any:
    return column.in_(bindparam("names", expanding=True))


# Made once: to make one takes SQLAlchemy longer than the database to answer it for one lead.
_LEADS = select(leads).where(_among(leads.c.lead_id))
_TURNS = select(turns).where(_among(turns.c.lead_id)).order_by(turns.c.pool)
_ASSIGNMENTS = (
    select(assignments)
    .join(leads, and_(leads.c.lead_id == assignments.c.lead_id, leads.c.assignment == assignments.c.number))
    .where(_among(assignments.c.lead_id))
)
_BEST = select(accounts.c.parent_domain, accounts.c.best).where(_among(accounts.c.parent_domain))
_OPEN = (
    select(assignments.c.owner, func.count())
    .join(leads, (leads.c.lead_id == assignments.c.lead_id) & (leads.c.assignment == assignments.c.number))
    .where(_among(assignments.c.owner), assignments.c.state.in_(HELD), leads.c.path != "nurture")
    .group_by(assignments.c.owner)
)
_POOLS = select(pools).where(_among(pools.c.pool))


def read_priors(connection: Connection, lead_ids: Sequence[str]) -> dict[str, Prior]:
    rows = connection.execute(_LEADS, {"names": lead_ids}).all()
    if not rows:
        return {}
    taken: dict[str, list[tuple[str, str]]] = {}
    for turn in connection.execute(_TURNS, {"names": [row.lead_id for row in rows]}):
        taken.setdefault(turn.lead_id, []).append((turn.pool, turn.member))
    present = {row.lead_id: row for row in connection.execute(_ASSIGNMENTS, {"names": [row.lead_id for row in rows]})}
    return {
        row.lead_id: _prior(row, tuple(taken.get(row.lead_id, ())), present[row.lead_id]) for row in rows
    }  # fmt: skip


def _prior(row: Row[Any], taken: tuple[tuple[str, str], ...], given: Row[Any]) -> Prior:
    """given: the lead's present assignment."""
    accepted = given.accepted_at if given.state in {"accepted", "touched"} else None
    touched = given.touched_at if accepted else None
    return Prior(
        revision=row.revision,
        owner=row.owner,
        assignment=row.assignment,
        path=row.path,
        tier=row.tier,
        decided_at=row.decided_at,
        form=orjson.loads(row.form),
        alert_owner=row.alert_owner,
        submissions=row.submissions,
        turns=taken,
        passed_by=tuple(orjson.loads(row.passed_by)),
        accepted_by=given.acted_by if accepted else None,
        accepted_s=(accepted - given.offered_at).total_seconds() if accepted else None,
        rule=given.rule,
        sla=given.sla,
        clock=given.clock,
        rung=given.rung,
        accept_due_at=given.accept_due_at,
        touch_due_at=given.touch_due_at,
        touched_s=(touched - given.offered_at).total_seconds() if touched else None,
        closed=given.state == "closed",
        account=row.parent_domain,
    )


def read_families(connection: Connection, parent_domains: Sequence[str]) -> dict[str, Family]:
    """The best propensity of each company under each parent."""
    rows = connection.execute(_BEST, {"names": parent_domains})
    return {parent: Family(parent, tuple(sorted(orjson.loads(best).items()))) for parent, best in rows}


def read_pools(connection: Connection, names: Sequence[str]) -> dict[str, PoolState]:
    return {row.pool: _state(row) for row in connection.execute(_POOLS, {"names": names})}


def _state(row: Row[Any]) -> PoolState:
    spent = {unit: Spent(**held) for unit, held in orjson.loads(row.spent).items()}
    return PoolState(row.pool, row.version, orjson.loads(row.credits), orjson.loads(row.turns), spent)


def read_open(connection: Connection, emails: Sequence[str]) -> dict[str, int]:
    """How many leads each has now: offered, accepted or touched, and not in a sequence of mails."""
    return {row[0]: row[1] for row in connection.execute(_OPEN, {"names": emails})}
