"""Past decisions as routing saw them: what a plan, a proof's shares and the watch on drift need, without a replay.

Each comes from its decision record alone. Only what routing asked for is read, 20 us a decision; who needs the whole
record asks `tools.store.queries`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Engine, func, select

from graph.domain.evidence import PersonMatch
from graph.domain.lead import GIVES_BACK, Cause, Path
from graph.domain.routing import PoolState, RoutingFacts
from graph.rules.nurture import stays
from graph.rules.people.matching import is_sure
from tools.shape import Shape
from tools.store.tables import decisions

POOLS: Shape[dict[str, PoolState]] = Shape(dict[str, PoolState])
PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What routing is given about one lead. prior_turns: member by pool; holder: who had it, on which way (held_way), with
    an outcome already (closed); excluded: owners who passed it; pools, open: the ledgers and the counts of open leads
    that it asked; review, accepted, cause: see `way_for`. company is for people to recognise the lead."""

    lead_id: str
    decided_at: datetime
    facts: RoutingFacts
    cause: Cause = "submission"
    prior_turns: Mapping[str, str] = field(default_factory=dict)
    holder: str | None = None
    held_way: Path | None = None
    closed: bool = False
    excluded: tuple[str, ...] = ()
    pools: Mapping[str, PoolState] = field(default_factory=dict)
    open: Mapping[str, int] = field(default_factory=dict)
    review: bool = False
    accepted: bool = False
    company: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past(Given):
    """One recorded decision: what routing was given, and what came out under the file of routing_digest.

    unknown: (field, text) of what was typed and not understood; a stranger's text, like `company`.
    """

    revision: int
    owner: str
    rule: str
    line: int | None
    pool: str | None
    sla: str | None
    path: Path
    routing_digest: str
    unknown: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Decisions with since <= decided_at < until, of one lead or of all; with a limit the newest of them."""

    since: datetime | None = None
    until: datetime | None = None
    lead_id: str | None = None
    limit: int | None = None


EVERYTHING: Final = Chosen()


def past_decisions(engine: Engine, chosen: Chosen = EVERYTHING) -> Iterator[Past]:
    """Oldest first, read in pages."""
    for decided_at, record in past_records(engine, chosen):
        yield past_of(decided_at, orjson.loads(record))


def past_records(engine: Engine, chosen: Chosen = EVERYTHING) -> Iterator[tuple[datetime, bytes]]:
    """The same as (decided_at, decision record)."""
    keys = select(decisions.c.decided_at, decisions.c.lead_id, decisions.c.revision)
    if chosen.since is not None:
        keys = keys.where(decisions.c.decided_at >= chosen.since)
    if chosen.until is not None:
        keys = keys.where(decisions.c.decided_at < chosen.until)
    if chosen.lead_id is not None:
        keys = keys.where(decisions.c.lead_id == chosen.lead_id)
    if chosen.limit is not None:
        newest = (decisions.c.decided_at.desc(), decisions.c.lead_id.desc(), decisions.c.revision.desc())
        keys = keys.order_by(*newest).limit(chosen.limit)
    held = keys.subquery()
    wanted = (
        select(decisions.c.decided_at, decisions.c.record)
        .join(held, (decisions.c.lead_id == held.c.lead_id) & (decisions.c.revision == held.c.revision))
        .order_by(decisions.c.decided_at, decisions.c.lead_id, decisions.c.revision)
    )
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=PAGE).execute(wanted):
            yield row.decided_at, row.record


def count_decisions(engine: Engine, since: datetime | None = None) -> int:
    """How many decisions were made since then."""
    wanted = select(func.count()).select_from(decisions)
    if since is not None:
        wanted = wanted.where(decisions.c.decided_at >= since)
    with engine.connect() as connection:
        return int(connection.scalar(wanted) or 0)


def past_of(decided_at: datetime, record: dict[str, Any]) -> Past:
    """From a decision record as JSON (see graph.record)."""
    reads, submission, lead, assignment = (record[key] for key in ("facts", "submission", "lead", "assignment"))
    prior, profile = _value(reads["prior"]), _value(reads["profile"])
    facts = record["routing_facts"]
    return Past(
        lead_id=record["lead_id"],
        revision=record["revision"],
        decided_at=decided_at,
        cause=submission["cause"],
        facts=RoutingFacts(**(facts | {"family": tuple(facts["family"])})),
        prior_turns=turns_in(reads, submission["cause"]),
        holder=prior["owner"] if prior else _holder(reads),
        held_way=prior["path"] if prior else None,
        closed=prior is not None and prior["closed"],
        excluded=(*(prior["passed_by"] if prior else ()), *submission["excluded"]),
        review=any(flag["review"] for flag in lead["flags"]),
        accepted=prior is not None
        and stays(submission["cause"], accepted=prior["accepted_by"] is not None, path=prior["path"]),
        pools=POOLS.validate_python(reads["pools"]) if reads["pools"] else {},
        open=reads["open"] or {},
        owner=record["owner"],
        rule=record["rule"],
        line=assignment["line"],
        pool=record["pool"],
        sla=assignment["sla"],
        path=record["path"],
        routing_digest=record["versions"]["routing"],
        company=(profile["name"] if profile else None) or lead["company"],
        unknown=tuple((item["field"], item["typed"]) for item in lead["unknown"]),
    )


def turns_in(reads: dict[str, Any], cause: str) -> dict[str, str]:
    """The turns that counted for the lead: its own before those of the same person's other leads (graph.nodes.route)."""
    prior, person = _value(reads["prior"]), _same_person(reads)
    own = dict(prior["turns"]) if prior else {}
    return own if person is None or cause in GIVES_BACK else dict(person["turns"]) | own


def _holder(reads: dict[str, Any]) -> str | None:
    person = _same_person(reads)
    return person["owner"] if person is not None and person["open"] else None


def _same_person(reads: dict[str, Any]) -> Any:
    person = _value(reads.get("person"))
    return person if person is not None and is_sure(PersonMatch(**person["match"])) else None


def _value(fact: dict[str, Any] | None) -> Any:
    return fact["value"] if fact is not None and fact["kind"] == "found" else None
