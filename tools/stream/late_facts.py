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

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar

from sqlalchemy import Engine

from graph.domain.account import CompanyProfile, CrmAccount
from graph.domain.effects import AskFacts
from graph.domain.facts import Fact
from graph.domain.trace import Failure
from graph.ports import Order, Ports, Receipt, VendorError
from graph.record import parent_of
from graph.rules.late_facts import differences, filled, filled_crm, missing, only_budget
from graph.rules.late_policy import DEFAULT_POLICY, LatePolicy, Standing, follows, late_note, shifts
from graph.state import Reads, RunContext
from tools.clock import utc_now
from tools.settings import Settings
from tools.store.late_facts import Facts, Kept, keep, kept
from tools.stream.dispatcher import SCHEDULES
from tools.stream.inbox import Inbox
from tools.stream.late import STALE, Late
from tools.stream.late_reading import Answer, Decided, case_of, decided_of, read_now
from tools.wiring import Store, build_ports, close_ports, context_source, live_models, live_routing

T = TypeVar("T")
HELD = frozenset({"accepted", "touched"})
PERMANENT = ("unauthorised", "quota exhausted", "refused")
"""Reasons that only a person can mend: a dead letter, to be replayed when it is mended."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One order whose sources are to be asked. accepted: somebody has the lead."""

    order: Order
    decided: Decided
    accepted: bool


class LateFacts:
    """The performer of the vendor `facts`. context: the ports, routing file, models and clock of this moment."""

    side_by_side = 50
    """Orders of a round: each may be decided twice, well within the dispatcher's deadline for all of them."""

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
        (answer,) = await self.perform_many([order])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def perform_many(self, orders: Sequence[Order]) -> list[Receipt | Exception]:
        """An answer each, in order. The sources are asked once for all of them: an outage leaves hundreds that come due
        together, and a CRM allows a few questions a second."""
        begun = [await _caught(self._begun(order)) for order in orders]
        asked = iter(await self._asked([one for one in begun if isinstance(one, Asked)]))
        answers: list[Receipt | Exception] = []
        for one in begun:
            match one:
                case Asked():
                    answers.append(next(asked))
                case (order, found):
                    answers.append(await _caught(self._followed(order, found)))
                case _:
                    answers.append(one)
        return answers

    async def _begun(self, order: Order) -> Asked | tuple[Order, Kept] | Receipt:
        """What is to be asked, what was kept when it was asked before, or that it is not needed any more."""
        effect, late = order.effect, self._late
        if not isinstance(effect, AskFacts):
            raise VendorError("unsupported_effect", f"no facts are asked to {effect.kind}", permanent=True)
        state = await late.thread(late.standing, order, effect.assignment)
        if state is None:
            return late.counted(order, "stale", STALE)
        found = await late.thread(kept, late.engine, order.lead_id, order.revision)
        if found is not None:
            return order, found
        return Asked(order, await late.thread(decided_of, late.engine, order), state.state in HELD)

    async def _asked(self, asked: Sequence[Asked]) -> list[Receipt | Exception]:
        if not asked:
            return []
        context = await self._late.thread(self._context)
        found = await read_now([one.decided for one in asked], context)
        return [await _caught(self._answered(one, facts, context)) for one, facts in zip(asked, found, strict=True)]

    async def _answered(self, one: Asked, facts: Answer, context: RunContext) -> Receipt:
        made = await self._made(one, facts, context)
        if made is None:
            return self._late.counted(one.order, "nothing new")
        return await self._followed(one.order, await self._late.thread(keep, self._late.engine, made))

    async def _followed(self, order: Order, found: Kept) -> Receipt:
        late = self._late
        match found.follows:
            case "anew":
                return await late.anew(order, "enriched", found.note)
            case "told":
                assert isinstance(order.effect, AskFacts)
                told = await late.thread(late.noted, order, order.effect.assignment, "enriched", found.note)
                return late.counted(order, told)
            case _:
                return late.counted(order, "kept")

    async def _made(self, one: Asked, facts: Answer, context: RunContext) -> Kept | None:
        """What the sources say now and what follows, not yet kept; None where they say nothing new. Raises VendorError
        while one does not answer and the others have nothing that matters."""
        order, decided, accepted, old = one.order, one.decided, one.accepted, one.decided.facts
        if isinstance(facts, Failure):
            raise RuntimeError(f"the facts could not be read: {facts}")  # noqa: TRY004 - a bug of ours, tried again
        lacking = missing(*facts)
        profile, crm = filled(old.profile, facts[0]), filled_crm(old.crm, facts[1])
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
        kept_facts = Facts(profile, crm, changes, found)
        return Kept(order.lead_id, order.revision, after.account, then, note, kept_facts, self._late.clock())

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
        (case,) = await run_to_way([case_of(decided, reads, "retry" if accepted else "enriched")], context)
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


async def _caught(answer: Awaitable[T]) -> T | Exception:
    """One order's failure is its own."""
    try:
        return await answer
    except Exception as error:  # noqa: BLE001 - becomes the outcome
        return error


def _last(order: Order) -> bool:
    """Whether the dispatcher gives up after this attempt."""
    return order.attempt > len(SCHEDULES[order.effect.kind])


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
