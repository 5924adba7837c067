"""Fifth node: who gets it, and which way it goes. Pool turns are taken one after the other through the batch.

In a live run the pools' ledgers are read once, then the open leads of those whose caps ask for them, and the leads of a
batch follow each other; a replay brings what each lead saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from graph.domain.account import CompanyProfile, CrmAccount, Opportunity, Prior
from graph.domain.facts import value_of
from graph.domain.lead import GIVES_BACK
from graph.domain.person import KnownPerson
from graph.domain.routing import Assignment, PoolState, RoutingFacts
from graph.domain.scoring import Score
from graph.domain.table import RoutingTable
from graph.domain.values import evolve
from graph.nodes.shell import alive, each, lead_of, step
from graph.record import begins
from graph.rules.chosen import chosen
from graph.rules.escalation import escalate, kept
from graph.rules.forms import blanks_of, merged
from graph.rules.nurture import sequence_for, stays, unsure_of, way_for, work_moved
from graph.rules.people.matching import is_sure
from graph.rules.people.telling import as_one_person
from graph.rules.profiling import next_question
from graph.rules.routing import leads_counted
from graph.rules.routing import route as route_lead
from graph.rules.scoring import DEFAULT_RULES
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:  # LangGraph takes a second to import, and only the graph around the nodes needs it
    from langgraph.runtime import Runtime

NODE = "route"
T = TypeVar("T")


class Asked(Mapping[str, T]):
    """A mapping that remembers what was asked of it, and what it answered: those are the facts of the decision."""

    def __init__(self, held: Mapping[str, T], missing: Callable[[str], T]) -> None:
        self._held, self._missing = held, missing
        self.answers: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        found = self._held.get(name)
        answer = self.answers[name] = self._missing(name) if found is None else found
        return answer

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


async def route(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    context, cases = runtime.context, alive(state)
    ledgers: dict[str, PoolState] = {}
    counts: dict[str, int] = {}
    if context.table.pools and any(case.reads.pools is None for case in cases.values()):
        ledgers = dict(await context.ports.history.pools(tuple(context.table.pools)))
        counted = leads_counted(context.table)
        if counted:
            counts = dict.fromkeys(counted, 0) | dict(await context.ports.history.open_leads(counted))

    def decide(case: Case) -> Case:
        live = case.reads.pools is None
        pools = Asked(ledgers if live else case.reads.pools or {}, PoolState)
        opened = Asked(counts if live else case.reads.open or {}, lambda _: 0)
        facts = facts_of(case)
        assignment = _assign(case, facts, pools, opened, context)
        turn = assignment.turn
        if turn is not None:
            ledgers[turn.pool] = turn.after
        case = evolve(case, reads=evolve(case.reads, pools=pools.answers, open=opened.answers))
        case = _finish(case, assignment, facts, context.table)
        for email, change in open_changes(case).items():
            if email in counts:
                counts[email] += change
        return case

    return each(NODE, cases, decide)


def open_changes(case: Case) -> dict[str, int]:
    """How many open leads the decision adds to whom, by e-mail."""
    prior, assignment = value_of(case.reads.prior), case.assignment
    before = None if prior is None or prior.closed else (prior.owner, prior.path)
    return work_moved(before, None if assignment is None else (assignment.owner, case.path))


def _assign(
    case: Case, facts: RoutingFacts, pools: Mapping[str, PoolState], opened: Mapping[str, int], context: RunContext
) -> Assignment:
    prior = value_of(case.reads.prior)
    excluded = (*(prior.passed_by if prior else ()), *case.submission.excluded)
    cause, table, now = case.submission.cause, context.table, context.now
    if prior is not None and cause == "missed":
        return escalate(prior, facts, table, pools, now, open_leads=opened, excluded=excluded)
    if cause == "reassigned" and case.submission.to is not None:
        return chosen(case.submission.to, case.submission.by, facts, table, now)
    person = same_person(case)
    turns = dict(prior.turns) if prior else {}
    if (
        person is not None and cause not in GIVES_BACK
    ):  # who gave the lead back is not asked through another one of theirs
        turns = dict(person.turns) | turns
    assignment = kept(prior, cause, facts, table, now) or route_lead(
        facts,
        table,
        pools,
        now,
        prior_turns=turns,
        holder=prior.owner if prior else person.owner if person and person.open else None,
        returned=cause == "pass",
        open_leads=opened,
        excluded=excluded,
    )
    if person is None or prior is not None or assignment.turn is None or not assignment.turn.reused:
        return assignment
    return evolve(assignment, why=f"{assignment.why} {as_one_person(person)}")


def same_person(case: Case) -> KnownPerson | None:
    """Somebody who surely wrote before under another key."""
    person = value_of(case.reads.person)
    return person if person is not None and is_sure(person.match) else None


def facts_of(case: Case) -> RoutingFacts:
    """What conditions may ask for. The form's place wins over the company's; size and revenue are the parent's. An open
    opportunity is the company's own before it is its parent's; an owner is the CRM's before the list of accounts' one."""
    lead, profile, crm, score = lead_of(case), value_of(case.reads.profile), value_of(case.reads.crm), case.score
    from_company = profile is not None and lead.country is None and not _typed_place(case)
    opportunity, of = _opportunity(profile, crm)
    account_owner, account_by = _owner(profile, crm, "owner")
    parent_owner, parent_by = _owner(profile, crm, "parent_owner")
    return RoutingFacts(
        country=profile.country if profile and from_company else lead.country,
        state=profile.state if profile and from_company else lead.state,
        postal=lead.postal,
        industry=lead.industry or (profile.industry if profile else None),
        employees=_first(*(profile.parent_employees, profile.employees) if profile else (), lead.employees),
        revenue_usd=_first(*(profile.parent_revenue_usd, profile.revenue_usd) if profile else ()),
        source=lead.source,
        product=lead.product,
        score=score.probability if score else None,
        score_low=score.low if score and _states_a_range(score) else None,
        score_high=score.high if score and _states_a_range(score) else None,
        tier=score.tier if score else None,
        host=lead.host or lead.domain or (profile.domain if profile else None) or None,
        domain=lead.domain or (profile.domain if profile else None) or None,
        family=profile.family if profile else (),
        opportunity_owner=opportunity,
        account_owner=account_owner,
        parent_owner=parent_owner,
        opportunity_of=of,
        account_owner_by=account_by,
        parent_owner_by=parent_by,
    )


def _opportunity(profile: CompanyProfile | None, crm: CrmAccount | None) -> tuple[str | None, str | None]:
    """(owner of the oldest open opportunity that has one, name of the parent where it is the parent's)."""
    if crm is None:
        return None, None
    if (own := _first_owner(crm.open_opportunities)) is not None:
        return own, None
    parents = _first_owner(crm.parent_opportunities)
    if parents is None:
        return None, None
    known = (profile.parent_name or profile.parent_domain) if profile else None
    return parents, known or crm.parent_name or crm.parent_domain or "company"


def _first_owner(found: tuple[Opportunity, ...]) -> str | None:
    return next((one.owner for one in found if one.owner), None)


def _owner(
    profile: CompanyProfile | None, crm: CrmAccount | None, name: Literal["owner", "parent_owner"]
) -> tuple[str | None, str | None]:
    """(e-mail address, the source that names it; None for the CRM)."""
    if crm is not None and (owner := getattr(crm, name)):
        return owner, None
    owner = getattr(profile, name) if profile is not None else None
    if not owner or profile is None:
        return None, None
    return owner, next((origin.source for origin in profile.origins if origin.field == name), "accounts")


def _states_a_range(score: Score) -> bool:
    """A scorer that knows nothing of its own errors says 0 to 1, cut to the bounds of every score."""
    return score.low > DEFAULT_RULES.floor or score.high < DEFAULT_RULES.ceiling


def _typed_place(case: Case) -> bool:
    """A country that was typed but not understood is not replaced by the company's: somebody must see it."""
    return any(unknown.field == "country" for unknown in lead_of(case).unknown)


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _finish(case: Case, assignment: Assignment, facts: RoutingFacts, table: RoutingTable) -> Case:
    sequence = sequence_for(facts, table)
    prior = value_of(case.reads.prior)
    cause = case.submission.cause
    accepted = prior is not None and stays(cause, accepted=prior.accepted_by is not None, path=prior.path)
    review = lead_of(case).needs_review
    unsure = unsure_of(facts, table) if sequence is not None and not review else None
    path = way_for(sequence, cause, review=review, accepted=accepted, unsure=unsure is not None)
    score = case.score
    if unsure is None or path != "manual_review":
        unsure = None
    elif score is not None:
        score = evolve(score, unsure=unsure)
    if path == "nurture":  # a nurtured lead has no deadline until it qualifies
        assignment = evolve(
            assignment,
            sla=None,
            clock=None,
            accept_s=None,
            accept_due_at=None,
            touch_due_at=None,
            remind_at=None,
            rung=0,
        )
    elif prior is not None and not begins(evolve(case, assignment=assignment, path=path)):
        assignment = _as_before(assignment, prior)
    question = None
    if score is not None:
        question = next_question(
            lead=lead_of(case),
            facts=facts,
            score=score,
            assignment=assignment,
            path=path,
            table=table,
            blanks=blanks_of(merged(case.submission.form, prior).blanks),
        )
    said = f" {unsure}" if unsure else ""
    trace = step(case, NODE, assignment.rule, f"{assignment.why} Owner {assignment.owner}, way {path}.{said}")
    return evolve(
        case,
        score=score,
        routing_facts=facts,
        assignment=assignment,
        path=path,
        sequence=sequence if path == "nurture" else None,
        next_question=question,
        trace=trace,
    )


def _as_before(assignment: Assignment, prior: Prior) -> Assignment:
    """Who has the lead already keeps its times: writing to us again buys nobody another five minutes."""
    return evolve(
        assignment,
        sla=prior.sla,
        clock=prior.clock,
        accept_due_at=prior.accept_due_at,
        touch_due_at=prior.touch_due_at,
        remind_at=None,
        rung=max(assignment.rung, prior.rung),
    )
