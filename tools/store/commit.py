"""The one transaction of a decision: record, lead, assignment, pool turns and outbox rows, for a whole batch.

Everything a decision read from the store is checked here again by unique keys and by the pools' versions: a batch that
lost a race raises Conflict, nothing of it is written, and the worker decides it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from graph.domain.facts import value_of
from graph.domain.routing import PoolState
from graph.domain.trace import Versions
from graph.record import assignment_number, company_of, parent_of, record_bytes, record_of, revision_of
from graph.rules.forms import form_fields, merged
from graph.state import Case, RunContext
from tools.store.account_rows import families_before, write_accounts
from tools.store.announced import announce_decisions
from tools.store.assigning import NoLongerOffered, write_assignments
from tools.store.people_commit import KEYS, keys_in, stored_name_key, write_people
from tools.store.queueing import OUTBOX, queued
from tools.store.rows import insert_numbered, insert_rows, ready, update_rows
from tools.store.tables import decisions, leads, outbox, person_keys, pools, turns
from tools.store.weighing import weigh_unseen


class Conflict(Exception):
    """Another worker was faster with one of these submissions, leads or pools."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One case ready to be written, its record already serialised."""

    case: Case
    revision: int
    record: bytes


def seal(case: Case, context: RunContext) -> Decided:
    """Serialise the record outside of the transaction. Raises graph.record.Undecided for an unfinished case."""
    return Decided(case, revision_of(case), record_bytes(record_of(case, context)))


def already_decided(engine: Engine, submission_ids: Sequence[str]) -> set[str]:
    """Which of these submissions have a decision: they need only be acknowledged."""
    with engine.connect() as connection:
        wanted = select(decisions.c.submission_id).where(decisions.c.submission_id.in_(submission_ids))
        return set(connection.scalars(wanted))


def commit(engine: Engine, batch: Sequence[Decided], now: datetime, versions: Versions) -> None:
    """Write the batch or nothing of it. Raises Conflict; a database that is away raises SQLAlchemy's own errors."""
    if not batch:
        return
    cases = [d.case for d in batch]
    make = partial(ready, engine.dialect.name)  # rows are made before the write lock is asked for
    decided = make(decisions, DECISIONS, [_decision(d, now, versions) for d in batch])
    newest = make(leads, LEADS, [_lead(d, now) for d in batch], keys=("lead_id",), keep=("created_at",))
    people = make(person_keys, KEYS, keys_in(cases))
    effects = make(outbox, OUTBOX, [row for d in batch for row in _effects(d, now)])
    wrote = {c.submission.lead_id: c.submission.received_at for c in cases if value_of(c.reads.prior) is None}
    try:
        with engine.connect().execution_options(immediate=True) as connection, connection.begin():
            decided.write(connection)
            _write_pools(connection, batch, now)
            write_assignments(connection, cases, now)
            before = families_before(connection, cases)
            newest.write(connection)
            write_accounts(connection, cases, before, now)
            write_people(connection, cases, people, now)
            effects.write(connection)
            weigh_unseen(connection, wrote, now)
            announce_decisions(connection, ((d.case, d.revision) for d in batch), now)
    except NoLongerOffered as error:
        raise Conflict(str(error)) from error
    except IntegrityError as error:
        if not _is_duplicate(error):
            raise  # a value that the tables refuse: another try would end the same
        raise Conflict(str(error.orig)[:200]) from error


DECISIONS = (
    "lead_id", "revision", "submission_id", "path", "owner", "rule", "pool", "tier", "score", "routing_digest",
    "model_digest", "received_at", "decided_at", "record",
)  # fmt: skip


def _decision(decided: Decided, now: datetime, versions: Versions) -> tuple[Any, ...]:
    case = decided.case
    assert case.assignment is not None and case.score is not None  # noqa: PT018 - record_of has checked it
    return (
        case.submission.lead_id, decided.revision, case.submission.submission_id, case.path, case.assignment.owner,
        case.assignment.rule, case.assignment.pool, case.score.tier, case.score.points, versions.routing,
        case.model or versions.model, case.submission.received_at, now, decided.record,
    )  # fmt: skip


LEADS = (
    "lead_id", "revision", "assignment", "owner", "alert_owner", "path", "tier", "score", "propensity", "acv_usd", "email",
    "full_name", "name_key", "phone", "company", "domain", "parent_domain", "country", "form", "passed_by", "submissions",
    "created_at", "decided_at",
)  # fmt: skip


def _lead(decided: Decided, now: datetime) -> tuple[Any, ...]:
    case, prior = decided.case, value_of(decided.case.reads.prior)
    lead, score, assignment = case.lead, case.score, case.assignment
    assert lead is not None and score is not None and assignment is not None  # noqa: PT018
    profile = value_of(case.reads.profile)
    passed = {*(prior.passed_by if prior else ()), *case.submission.excluded}
    return (
        lead.lead_id,
        decided.revision,
        assignment_number(case),
        assignment.owner,
        assignment.owner if case.alert is not None else (prior.alert_owner if prior else None),
        case.path,
        score.tier,
        score.points,
        score.propensity,
        score.acv_usd,
        lead.email,
        lead.full_name,
        stored_name_key(lead.full_name),
        lead.phone,
        (profile.name if profile else None) or lead.company,
        company_of(case),
        parent_of(case),
        lead.country,
        orjson.dumps(form_fields(merged(case.submission.form, prior))).decode(),
        orjson.dumps(sorted(passed)).decode(),
        (prior.submissions if prior else 0) + (case.submission.cause == "submission"),
        case.submission.received_at,
        now,
    )


def _is_duplicate(error: IntegrityError) -> bool:
    """A unique key that somebody else's row has already."""
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    return code in {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}


LEDGER = ("version", "credits", "turns", "spent", "updated_at")


def _write_pools(connection: Connection, batch: Sequence[Decided], now: datetime) -> None:
    first: dict[str, PoolState] = {}
    last: dict[str, PoolState] = {}
    taken: list[tuple[Any, ...]] = []
    for decided in batch:
        turn = decided.case.assignment.turn if decided.case.assignment else None
        if turn is None or turn.reused:
            continue
        first.setdefault(turn.pool, turn.before)
        last[turn.pool] = turn.after
        taken.append((decided.case.submission.lead_id, turn.pool, turn.member, now))
    for name in sorted(last):
        if not _move_pool(connection, first[name], last[name], now):
            raise Conflict(f"pool {name} moved on from version {first[name].version}")
    insert_rows(connection, turns, ("lead_id", "pool", "member", "taken_at"), taken, keys=("lead_id", "pool"))


def _move_pool(connection: Connection, before: PoolState, after: PoolState, now: datetime) -> bool:
    """Write the ledger if it still is at the version that was read."""
    ledgers = [orjson.dumps(value).decode() for value in (after.credits, after.turns, after.spent)]
    row = (after.version, *ledgers, now, after.pool)
    if before.version == 0:
        return bool(insert_numbered(connection, pools, (*LEDGER, "pool"), [row], ("pool",), once=True))
    return update_rows(connection, pools, LEDGER, ("pool", "version"), [(*row, before.version)]) == 1


def _effects(decided: Decided, now: datetime) -> list[tuple[Any, ...]]:
    submission, revision = decided.case.submission, decided.revision
    lead_id, accepted_at = submission.lead_id, submission.received_at
    return [queued(effect, lead_id, revision, now, accepted_at=accepted_at) for effect in decided.case.effects]
