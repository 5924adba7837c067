"""The state of one run: a batch of cases, each the growing story of one lead.

    BatchState = {cases: {index: Case}}     a node returns only the cases it changed; the reducer merges them
    Case       = submission + reads + what the nodes made of them

A read happens once: a node asks the ports only for facts that `reads` does not hold yet. A replay therefore is a run
whose cases bring their recorded reads along, and a run repeated after a lost race asks for nothing it already knows.
"""

from __future__ import annotations

import operator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypedDict

from graph.domain.account import CompanyProfile, CrmAccount, Family, Prior, SimilarAccount
from graph.domain.activity import Did
from graph.domain.effects import Effect
from graph.domain.facts import Fact
from graph.domain.late_facts import FactChange
from graph.domain.lead import Lead, Path, Submission
from graph.domain.person import KnownPerson
from graph.domain.profiling import Question
from graph.domain.routing import Assignment, PoolState, RoutingFacts
from graph.domain.scoring import AccountScore, Judgement, Score
from graph.domain.trace import Failure, Step, Versions
from graph.domain.values import value

if TYPE_CHECKING:
    from graph.domain.table import RoutingTable
    from graph.ports import Ports


@value(frozen=True)
class Reads:
    """Every fact a decision rests on, each with source and time. None: not read yet. person: not asked for a lead without a
    name. pools: the ledger of each pool that
    was asked, as it was before; open: leads open at once, by the e-mail of those whose caps were asked; language_model: who
    may be asked after the decision, empty for nobody; late: what the company's facts say otherwise than the decision before,
    where they came after it; activities: what the person did up to the submission, as far as it counts, oldest first."""

    prior: Fact[Prior] | None = None
    person: Fact[KnownPerson] | None = None
    profile: Fact[CompanyProfile] | None = None
    crm: Fact[CrmAccount] | None = None
    judgement: Fact[Judgement] | None = None
    family: Family | None = None
    pools: dict[str, PoolState] | None = None
    open: dict[str, int] | None = None
    similar: Fact[tuple[SimilarAccount, ...]] | None = None
    note: Fact[str] | None = None
    language_model: str | None = None
    late: tuple[FactChange, ...] | None = None
    activities: tuple[Did, ...] | None = None


@value(frozen=True)
class Case:
    """model: digest of the model that scored it."""

    submission: Submission
    reads: Reads = Reads()
    lead: Lead | None = None
    vector: tuple[float, ...] = ()
    score: Score | None = None
    model: str | None = None
    account: AccountScore | None = None
    routing_facts: RoutingFacts | None = None
    assignment: Assignment | None = None
    sequence: str | None = None
    next_question: Question | None = None
    path: Path | None = None
    alert: dict[str, object] | None = None
    effects: tuple[Effect, ...] = ()
    trace: tuple[Step, ...] = ()
    failure: Failure | None = None


class BatchState(TypedDict):
    cases: Annotated[dict[int, Case], operator.or_]


@value(frozen=True)
class RunContext:
    """What is the same for the whole run: the clock's reading, the routing file, the versions, the ports."""

    now: datetime
    table: RoutingTable
    versions: Versions
    ports: Ports
    public_url: str = ""
