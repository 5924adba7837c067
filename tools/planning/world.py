"""A virtual past: the leads of a period, routed one after the other under one file, with ledgers of its own.

Its clock is each lead's own time and its pools take each other's turns, so that two worlds that begin alike and differ in
the file alone differ by the file alone. Nothing here is written anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from graph.domain.lead import LATE, Path
from graph.domain.routing import PoolState
from graph.domain.table import RoutingTable
from graph.rules.aliases import read_again
from graph.rules.chosen import RULE as CHOSEN
from graph.rules.nurture import sequence_for, unsure_of, way_for, work_moved
from graph.rules.routing import leads_counted, route
from tools.store.past import Given, Past

G = TypeVar("G", bound=Given)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who gets the lead in one world. accept_s: seconds of the SLA's own clock; None for a lead without deadline."""

    owner: str
    rule: str
    line: int | None
    pool: str | None
    sla: str | None
    path: Path
    sequence: str | None
    accept_s: int | None
    accept_due_at: datetime | None

    @property
    def target(self) -> str:
        """What the line of the file gives to: `pool:us-smb`, or the address."""
        return self.owner if self.pool is None else f"pool:{self.pool}"

    @property
    def by(self) -> str:
        return self.rule if self.line is None else f"{self.rule} (line {self.line})"


@dataclass(slots=True)
class Ledgers:
    """What routing is given besides the lead: pools by name, open leads by e-mail."""

    pools: dict[str, PoolState] = field(default_factory=dict)
    open: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Lead:
    """How a lead stands in one world. turns: member by pool; work: owner and way while it is somebody's open lead."""

    turns: dict[str, str]
    holder: str | None
    work: tuple[str, str | None] | None


def as_it_began(leads: Iterable[Given]) -> Ledgers:
    """The ledgers when the period began: each pool as the first decision that asked it saw it; each count of open leads
    as the first that asked it, without what the decisions of the period before it had added."""
    begun, since = Ledgers(), Counter[str]()
    for given in leads:
        for name, state in given.pools.items():
            begun.pools.setdefault(name, state)
        for email, count in given.open.items():
            if email not in begun.open:
                begun.open[email] = count - since[email]
        if isinstance(given, Past):
            since.update(work_moved(_work(given), (given.owner, given.path)))
    return begun


def routed(leads: Iterable[G]) -> list[G]:
    """Those whose owner the rules chose. A ladder of escalation gave the others away because of who did not accept them,
    which no routing file could have told; a person chose their owner in the CRM; or their owner had them when a late
    judgement or late facts came."""
    kept = LATE | {"missed", "reassigned"}
    return [each for each in leads if not _escalated(each) and (each.cause not in kept or _anew(each))]


def _anew(given: Given) -> bool:
    """A lead that what became known later brought out of a sequence of mails."""
    return given.cause in LATE and not given.accepted


def _escalated(given: Given) -> bool:
    return isinstance(given, Past) and given.rule.startswith(("slas.", CHOSEN))


def _work(given: Given) -> tuple[str, str | None] | None:
    return None if given.holder is None or given.closed else (given.holder, given.held_way)


class World:
    """begun: the ledgers at the beginning; a pool without one has had no turn yet."""

    def __init__(self, table: RoutingTable, begun: Ledgers) -> None:
        self.table = table
        self._ledgers = Ledgers(dict(begun.pools), begun.open.copy())
        self._counted = bool(leads_counted(table))
        self._leads: dict[str, _Lead] = {}

    def decide(self, given: Given) -> Outcome:
        """The next lead; leads come in the order of their time. A lead that comes again is held as it was left here."""
        table, ledgers = self.table, self._ledgers
        lead = self._leads.get(given.lead_id)
        if lead is None:
            lead = self._leads[given.lead_id] = _Lead(dict(given.prior_turns), given.holder, _work(given))
        facts = given.facts
        if table.aliases and isinstance(given, Past):  # what was not understood then may be so under this file
            facts = read_again(facts, given.unknown, table.aliases)
        found = route(
            facts,
            table,
            ledgers.pools,
            given.decided_at,
            prior_turns=lead.turns,
            holder=lead.holder,
            returned=given.cause == "pass",
            open_leads=ledgers.open,
            excluded=given.excluded,
        )
        if found.turn is not None:
            ledgers.pools[found.turn.pool] = found.turn.after
            lead.turns[found.turn.pool] = found.turn.member
        sequence = sequence_for(facts, table)
        unsure = sequence is not None and unsure_of(facts, table) is not None
        path = way_for(sequence, given.cause, review=given.review, accepted=given.accepted, unsure=unsure)
        if self._counted:
            ledgers.open.update(work_moved(lead.work, (found.owner, path)))
        lead.holder, lead.work = found.owner, (found.owner, path)
        timed = path != "nurture"
        return Outcome(
            owner=found.owner,
            rule=found.rule,
            line=found.line,
            pool=found.pool,
            sla=found.sla if timed else None,
            path=path,
            sequence=sequence if path == "nurture" else None,
            accept_s=found.accept_s if timed else None,
            accept_due_at=found.accept_due_at if timed else None,
        )
