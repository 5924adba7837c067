"""Asks again for the company facts that a decision lacked, and does what follows from them by policy.

    nothing new        the facts are as they were
    kept               they differ, and nothing that people see would: kept for the account page, nobody is told
    told               tier, account or owner would differ, but somebody has accepted the lead: a note in their thread
    anew               they would differ, and the lead is on offer: decided again, once, with exactly these facts

What would differ is found by deciding twice without writing, with the facts of the decision and with those of now, under
the routing file, the models and the ledgers of now: whatever else has changed since, changes both. While a source still
does not answer it is asked again by the dispatcher's schedule; facts that matter do not wait for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import Engine

from graph.domain.account import CompanyProfile, CrmAccount
from graph.domain.effects import AskFacts
from graph.domain.facts import Absent, Fact, Found, value_of
from graph.domain.lead import Submission
from graph.domain.values import evolve, value
from graph.ports import Order, Ports, Receipt, VendorError
from graph.record import parent_of
from graph.rules.late_facts import differences, filled, filled_crm, missing, only_budget
from graph.rules.late_policy import DEFAULT_POLICY, LatePolicy, Standing, follows, late_note, shifts
from graph.state import Case, Reads, RunContext
from tools.settings import Settings
from tools.shape import Shape
from tools.store.late_facts import Facts, Kept, keep, kept
from tools.store.queries import record_json
from tools.stream.dispatcher import SCHEDULES
from tools.stream.inbox import Inbox
from tools.stream.late import STALE, Late, utc_now
from tools.wiring import Store, build_ports, close_ports, context_source, live_models, live_routing

HELD = frozenset({"accepted", "touched"})
PERMANENT = ("unauthorised", "quota exhausted", "refused")
"""Reasons that only a person can mend: a dead letter, to be replayed when it is mended."""


@value(frozen=True)
class Decided:
    """What is needed of a decision record."""

    submission: Submission
    facts: Reads


DECIDED: Shape[Decided] = Shape(Decided)


class LateFacts:
    """The performer of the vendor `facts`. context: the ports, routing file, models and clock of this moment."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        inbox: Inbox,
        context: Callable[[], RunContext],
        policy: LatePolicy = DEFAULT_POLICY,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._late = Late(engine, executor, inbox, clock)
        self._context, self._policy = context, policy

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError for sources that still do not answer and a stream that is away, and what the database
        raises."""
        effect, late = order.effect, self._late
        if not isinstance(effect, AskFacts):
            raise VendorError("unsupported_effect", f"no facts are asked to {effect.kind}", permanent=True)
        state = await late.thread(late.standing, order, effect.assignment)
        if state is None:
            return late.counted(order, "stale", STALE)
        found = await late.thread(kept, late.engine, order.lead_id, order.revision)
        if found is None:
            made = await self._asked(order, accepted=state.state in HELD)
            if made is None:
                return late.counted(order, "nothing new")
            found = await late.thread(keep, late.engine, made)
        match found.follows:
            case "anew":
                return await late.anew(order, "enriched", found.note)
            case "told":
                return late.counted(
                    order, await late.thread(late.noted, order, effect.assignment, "enriched", found.note)
                )
            case _:
                return late.counted(order, "kept")

    async def _asked(self, order: Order, *, accepted: bool) -> Kept | None:
        """What the sources say now and what follows, not yet kept; None where they say nothing new. Raises VendorError
        while one does not answer and the others have nothing that matters."""
        decided = await self._late.thread(self._decided, order)
        context = await self._late.thread(self._context)
        old = decided.facts
        profile, crm = await self._read(decided, context)
        lacking = missing(profile, crm)
        profile, crm = filled(old.profile, profile), filled_crm(old.crm, crm)
        changes = differences((old.profile, old.crm), (profile, crm))
        before, after = Standing("", None, "", ""), Standing("", None, "", "")
        if changes:
            before = await self._standing(decided, old.profile, old.crm, context, accepted=accepted)
            after = await self._standing(decided, profile, crm, context, accepted=accepted)
        found = shifts(before, after, self._policy)
        if lacking and not found and (not changes or not _last(order)):
            raise self._unanswered(lacking)
        if not changes:
            return None
        then = follows(found, accepted=accepted, policy=self._policy)
        note = late_note(changes, found, stays=then == "told")
        facts = Facts(profile, crm, changes, found)
        return Kept(order.lead_id, order.revision, after.account, then, note, facts, self._late.clock())

    def _decided(self, order: Order) -> Decided:
        raw = record_json(self._late.engine, order.lead_id, order.revision)
        if raw is None:
            raise VendorError("unknown_lead", "no decision of it is recorded", permanent=True)
        record = orjson.loads(raw)
        return DECIDED.validate_python({"submission": record["submission"], "facts": record["facts"]})

    async def _read(self, decided: Decided, context: RunContext) -> tuple[Fact[CompanyProfile], Fact[CrmAccount]]:
        """What a decision would read now. A CRM that answered is asked again only for another company or parent: since
        then it may hold what we wrote ourselves."""
        from graph.build import run_reads  # noqa: PLC0415 - as below

        old = decided.facts
        answered = old.crm if isinstance(old.crm, Found | Absent) else None
        (case,) = await run_reads([_case(decided, Reads(crm=answered))], context)
        profile = case.reads.profile
        if answered is not None and _company(profile) != _company(old.profile):
            (case,) = await run_reads([_case(decided, Reads(profile=profile))], context)
        if case.failure is not None or profile is None or case.reads.crm is None:
            raise RuntimeError(f"the facts could not be read: {case.failure}")
        return profile, case.reads.crm

    async def _standing(
        self,
        decided: Decided,
        profile: Fact[CompanyProfile] | None,
        crm: Fact[CrmAccount] | None,
        context: RunContext,
        *,
        accepted: bool,
    ) -> Standing:
        """How the lead would come out with these facts. An accepted lead is routed as if nobody had it, so that its owner
        hears whose it would be."""
        from graph.build import run_to_way  # noqa: PLC0415 - LangGraph takes a second, and most dispatchers never decide

        reads = Reads(
            profile=profile, crm=crm, judgement=decided.facts.judgement, language_model=decided.facts.language_model
        )
        (case,) = await run_to_way([_case(decided, reads, "retry" if accepted else "enriched")], context)
        if case.failure is not None or case.score is None or case.assignment is None or case.path is None:
            raise RuntimeError(f"the lead could not be decided: {case.failure}")
        return Standing(case.score.tier, parent_of(case), case.assignment.owner, case.path)

    def _unanswered(self, lacking: tuple[str, ...]) -> VendorError:
        now = self._late.clock()
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        wait_s = (midnight - now).total_seconds() if only_budget(lacking) else None
        permanent = all(one.partition(": ")[2] in PERMANENT for one in lacking)
        return VendorError("facts_missing", "; ".join(lacking), retry_after_s=wait_s, permanent=permanent)

    async def aclose(self) -> None:
        close = getattr(self._context, "aclose", None)
        if close is not None:
            await close()


def _last(order: Order) -> bool:
    """Whether the dispatcher gives up after this attempt."""
    return order.attempt > len(SCHEDULES[order.effect.kind])


def _case(decided: Decided, reads: Reads, cause: Any = "enriched") -> Case:
    return Case(evolve(decided.submission, cause=cause, reason="Asked again.", excluded=(), assignment=None), reads)


def _company(profile: Fact[CompanyProfile] | None) -> tuple[str | None, str | None]:
    found = value_of(profile)
    return (None, None) if found is None else (found.domain, found.parent_domain)


class Lazily:
    """A run's context in the dispatcher, made when facts are first late: it takes a model and every port to decide, which
    most dispatchers never need."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store, self._making = settings, store, Lock()
        self._ports: Ports | None = None
        self._source: Callable[[], RunContext] | None = None

    def __call__(self) -> RunContext:
        """Blocking; from any thread."""
        with self._making:
            if self._source is None:
                settings, store = self._settings, self._store
                models = live_models(settings)
                self._ports = build_ports(settings, store, models)
                self._source = context_source(settings, self._ports, live_routing(settings, store), models)
            return self._source()

    async def aclose(self) -> None:
        if self._ports is not None:
            await close_ports(self._ports)


def late_facts(
    settings: Settings, store: Store, inbox: Inbox, context: Callable[[], RunContext] | None = None
) -> LateFacts:
    """With the ports of the settings, and what late facts may do at most. context: one to share; it is closed with this."""
    policy = LatePolicy(most=settings.late_facts)
    return LateFacts(store.engine, store.executor, inbox, context or Lazily(settings, store), policy)
