"""The ledger of sources that cost money, shared by all processes: what they said, what was spent, whether they are asked.

    reserve    one transaction before a question: is the source switched on, does nobody else ask the same just now, is
               there money left today? What is granted is paid for at once and leased, so that nobody asks it twice
    settle     one transaction after it: what was said is kept, the lease ends, what was not charged comes back

Two processes never spend the same cent: each reservation of a day holds one row until it is written. Never asks a source,
and never keeps a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, Engine, and_, bindparam, delete, or_, select, update

from tools.store.tables import enrichment_answers, enrichment_sources, enrichment_spending
from tools.store.upsert import insert_new, upsert

ASKING: Final = "asking"
_GATE: Final = ""  # the row of a day that each reservation locks
_PENNY: Final = 1e-6  # sums of cents are floats

Grant: TypeAlias = Literal["granted", "over budget", "switched off", "asked elsewhere"]
"""asked elsewhere: another process asks just now, or has been answered since we looked."""

_answers, _spending, _sources = enrichment_answers, enrichment_spending, enrichment_sources
_KNOWN = select(_answers).where(
    _answers.c.source.in_(bindparam("v_sources", expanding=True)),
    _answers.c.domain.in_(bindparam("v_domains", expanding=True)),
    _answers.c.expires_at > bindparam("v_now"),
    _answers.c.outcome != ASKING,
)
_TAKEN = select(_answers.c.domain).where(
    _answers.c.source == bindparam("v_source"),
    _answers.c.domain.in_(bindparam("v_domains", expanding=True)),
    or_(
        and_(_answers.c.outcome == ASKING, _answers.c.expires_at > bindparam("v_clock")),
        and_(_answers.c.outcome != ASKING, _answers.c.expires_at > bindparam("v_now")),
    ),
)
_OLD = delete(_answers).where(_answers.c.expires_at <= bindparam("v_old"))


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it is kept. value: the profile as JSON, None where the source has nothing. at: when it was said."""

    source: str
    domain: str
    outcome: str
    value: bytes | None
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Of a day (UTC); None is none. questions and cents: of this source; all_cents: of all sources together."""

    questions: int | None = None
    cents: float | None = None
    all_cents: float | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What a rule says of a source before a question. questions: how many may be put, None for any number; after: the
    source's row once so many were put."""

    questions: int | None
    after: Callable[[int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Spent:
    """A row of the ledger: one source on one day."""

    day: str
    source: str
    questions: int
    cents: float
    filled: int
    empty: int
    failed: int


def day_of(now: datetime) -> str:
    return f"{now:%Y-%m-%d}"


def known(engine: Engine, sources: Sequence[str], domains: Sequence[str], now: datetime) -> list[Kept]:
    """What these sources said of these domains and is still good."""
    if not sources or not domains:
        return []
    with engine.connect() as connection:
        rows = connection.execute(
            _KNOWN, {"v_sources": list(sources), "v_domains": list(domains), "v_now": now}
        ).mappings()
        return [Kept(**row) for row in rows]


def reserve(
    engine: Engine,
    source: str,
    domains: Sequence[str],
    cents: float,
    ceilings: Ceilings,
    now: datetime,
    *,
    clock: datetime,
    lease: timedelta,
    room: Callable[[Mapping[str, Any] | None], Room],
) -> list[Grant]:
    """For each domain, in order, whether the source may be asked now. now: the day that pays; clock: for the lease."""
    with engine.execution_options(immediate=True).begin() as connection:
        spent = _locked(connection, day_of(now))
        row = _source_row(connection, source)
        found = room(row)
        left = _left(spent, source, cents, ceilings)
        of = {"v_source": source, "v_domains": list(domains), "v_now": now, "v_clock": clock}
        taken = set(connection.execute(_TAKEN, of).scalars())
        grants: list[Grant] = []
        granted: list[str] = []
        for domain in domains:
            if found.questions is not None and len(granted) >= found.questions:
                grants.append("switched off")
            elif domain in taken:
                grants.append("asked elsewhere")
            elif len(granted) >= left:
                grants.append("over budget")
            else:
                grants.append("granted")
                granted.append(domain)
        if granted:
            upsert(
                connection,
                _answers,
                [
                    {
                        "source": source,
                        "domain": d,
                        "outcome": ASKING,
                        "value": None,
                        "at": clock,
                        "expires_at": clock + lease,
                    }
                    for d in granted
                ],
                keys=("source", "domain"),
            )
            _add(connection, day_of(now), source, questions=len(granted), cents=cents * len(granted))
        _keep_source(connection, source, row, found.after(len(granted)))
    return grants


def settle(
    engine: Engine,
    source: str,
    answers: Sequence[Kept],
    unanswered: Iterable[str],
    now: datetime,
    *,
    back_cents: float,
    judge: Callable[[Mapping[str, Any] | None], Mapping[str, Any]],
    filled: int,
    answered: int,
) -> Mapping[str, Any]:
    """Keep these answers, end the leases of the domains that have none worth keeping, give back what was not charged.
    Returns the source's row as it then is; judge: makes it from the row before. answered: questions with an answer,
    filled: those of them that filled a field."""
    failed = list(unanswered)
    with engine.execution_options(immediate=True).begin() as connection:
        _locked(connection, day_of(now))
        connection.execute(_OLD, {"v_old": now - timedelta(days=1)})
        upsert(connection, _answers, [asdict(one) for one in answers], keys=("source", "domain"))
        if failed:
            connection.execute(
                delete(_answers).where(
                    _answers.c.source == source, _answers.c.domain.in_(failed), _answers.c.outcome == ASKING
                )
            )
        _add(
            connection,
            day_of(now),
            source,
            cents=-back_cents,
            filled=filled,
            empty=answered - filled,
            failed=len(answers) + len(failed) - answered,
        )
        row = _source_row(connection, source)
        after = judge(row)
        _keep_source(connection, source, row, after)
    return after


def spending(engine: Engine, since: str) -> list[Spent]:
    """The ledger from this day on, newest day first, then by source."""
    question = (
        select(_spending)
        .where(_spending.c.day >= since, _spending.c.source != _GATE)
        .order_by(_spending.c.day.desc(), _spending.c.source)
    )
    with engine.connect() as connection:
        return [Spent(**row) for row in connection.execute(question).mappings()]


def source_rows(engine: Engine) -> dict[str, Mapping[str, Any]]:
    """The row of every source that was ever asked or switched, by name."""
    with engine.connect() as connection:
        return {row["source"]: dict(row) for row in connection.execute(select(_sources)).mappings()}


def change_source(
    engine: Engine, source: str, now: datetime, change: Callable[[Mapping[str, Any] | None], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Change a source's row under the lock that reservations take. Returns it as it then is."""
    with engine.execution_options(immediate=True).begin() as connection:
        _locked(connection, day_of(now))
        row = _source_row(connection, source)
        after = change(row)
        _keep_source(connection, source, row, after)
    return after


def forget(engine: Engine, source: str | None, domain: str | None) -> int:
    """Drop kept answers of a source, of a domain, or of both; returns how many."""
    statement = delete(_answers)
    if source is not None:
        statement = statement.where(_answers.c.source == source)
    if domain is not None:
        statement = statement.where(_answers.c.domain == domain)
    with engine.execution_options(immediate=True).begin() as connection:
        return int(connection.execute(statement).rowcount)


def _locked(connection: Connection, day: str) -> list[Spent]:
    """The day's ledger; on PostgreSQL everybody else waits for the day's gate until this transaction ends, on SQLite an
    immediate transaction is alone anyway."""
    empty = {"questions": 0, "cents": 0.0, "filled": 0, "empty": 0, "failed": 0}
    insert_new(connection, _spending, [{"day": day, "source": _GATE, **empty}], keys=("day", "source"))
    connection.execute(
        select(_spending.c.day).where(_spending.c.day == day, _spending.c.source == _GATE).with_for_update()
    )
    rows = connection.execute(select(_spending).where(_spending.c.day == day, _spending.c.source != _GATE))
    return [Spent(**row) for row in rows.mappings()]


def _left(spent: Sequence[Spent], source: str, cents: float, ceilings: Ceilings) -> float:
    """How many questions the ceilings still allow."""
    own = next((row for row in spent if row.source == source), None)
    left = [float("inf")]
    if ceilings.questions is not None:
        left.append(ceilings.questions - (own.questions if own else 0))
    if cents > 0:
        if ceilings.cents is not None:
            left.append((ceilings.cents - (own.cents if own else 0.0) + _PENNY) // cents)
        if ceilings.all_cents is not None:
            left.append((ceilings.all_cents - sum(row.cents for row in spent) + _PENNY) // cents)
    return min(left)


def _add(connection: Connection, day: str, source: str, **amounts: float) -> None:
    empty = {"questions": 0, "cents": 0.0, "filled": 0, "empty": 0, "failed": 0}
    insert_new(connection, _spending, [{"day": day, "source": source, **empty}], keys=("day", "source"))
    changes = {name: _spending.c[name] + amount for name, amount in amounts.items() if amount}
    if changes:
        connection.execute(
            update(_spending).where(_spending.c.day == day, _spending.c.source == source).values(changes)
        )


def _source_row(connection: Connection, source: str) -> Mapping[str, Any] | None:
    row = connection.execute(select(_sources).where(_sources.c.source == source)).mappings().first()
    return dict(row) if row is not None else None


def _keep_source(
    connection: Connection, source: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    row = {"source": source, **after}
    if before is None or any(before[name] != value for name, value in row.items()):
        upsert(connection, _sources, [row], keys=("source",))
