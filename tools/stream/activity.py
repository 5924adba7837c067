"""Weighs what a person did after their lead was decided, and does what follows.

    in a sequence, and a person would answer now   decided again, with cause `activity`: the owner's message says what they did
    with an owner, tier or way would differ        on offer: decided again; accepted: a note in the thread, the lead stays
    an outcome                                     the lead is closed, and the outcome kept, with who told it
    a call or meeting of our own people            the first touch
    a reply                                        a note in the owner's thread

The same features, model and rules as a decision's, run twice without writing: with what the decision saw of the person, and
with what is known now. Nobody is asked again. Performed twice, after a crash, it writes the same keys again and nothing
else; the way back into the stream is named by the revision, so that it is taken once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Engine, Row, select

from graph.domain.late_facts import Shift
from graph.domain.lead import Submission
from graph.domain.telling import WeighActivity
from graph.domain.values import evolve, value
from graph.ports import Order, Receipt, VendorError
from graph.rules.activity import activity_note
from graph.rules.late_policy import Follows, LatePolicy, Standing, follows, shifts
from graph.rules.message_states import OUTCOMES
from graph.rules.wording import duration
from graph.state import Case, Reads, RunContext
from tools.clock import utc_now
from tools.settings import Settings
from tools.shape import Shape
from tools.store import acts
from tools.store.activities import UNSIGNED
from tools.store.learning import Told, keep_outcomes
from tools.store.queries import record_json
from tools.store.tables import assignments, lead_events, leads, outcomes
from tools.stream.inbox import Inbox
from tools.stream.late import Late
from tools.wiring import Store

POLICY: Final = LatePolicy(anew=("tier", "way"))
"""Whose the lead would be is no reason to move it: that changes with the routing file, not with what somebody did."""
OPEN: Final = frozenset({"offered", "accepted", "touched"})
HELD: Final = frozenset({"accepted", "touched"})
TOUCH_OF: Final = {"call": "call", "meeting": "booked"}


@value(frozen=True)
class Decided:
    """What is needed of a decision record."""

    submission: Submission
    facts: Reads


DECIDED: Shape[Decided] = Shape(Decided)


class ActivityWeighing:
    """The performer of the vendor `activity`. context: the ports, routing file, models and clock of this moment."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        inbox: Inbox,
        context: Callable[[], RunContext],
        policy: LatePolicy = POLICY,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._late = Late(engine, executor, inbox, clock)
        self._engine, self._context, self._policy = engine, context, policy

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError for a stream that is away, and what the database raises."""
        late = self._late
        if not isinstance(order.effect, WeighActivity):
            raise VendorError("unsupported_effect", f"nothing is weighed to {order.effect.kind}", permanent=True)
        lead = await late.thread(self._lead, order.lead_id)
        if lead is None or lead.state not in OPEN:
            return late.counted(order, "stale", Receipt("not needed", repeated=True))
        since = await late.thread(self._since, lead)
        for event in since:
            if await late.thread(self._acted, order, lead, event):
                return late.counted(order, "closed")
        return await self._weighed(evolve(order, revision=lead.revision), lead, since)

    def _lead(self, lead_id: str) -> Row[Any] | None:
        """The lead as it stands, with its present assignment."""
        wanted = (
            select(leads.c.lead_id, leads.c.revision, leads.c.path, leads.c.decided_at, assignments)
            .join(
                assignments, (assignments.c.lead_id == leads.c.lead_id) & (assignments.c.number == leads.c.assignment)
            )
            .where(leads.c.lead_id == lead_id)
        )
        with self._engine.connect() as connection:
            return connection.execute(wanted).first()

    def _since(self, lead: Row[Any]) -> Sequence[Row[Any]]:
        """What counts of what was told since the newest decision, by the time at which it happened."""
        wanted = select(lead_events).where(
            lead_events.c.lead_id == lead.lead_id, lead_events.c.received_at > lead.decided_at, lead_events.c.counts
        )
        with self._engine.connect() as connection:
            return connection.execute(wanted.order_by(lead_events.c.at, lead_events.c.event_key)).all()

    def _acted(self, order: Order, lead: Row[Any], event: Row[Any]) -> bool:
        """What an event itself says of the work on the lead; whether it closed it. An event from before the assignment
        began is about another one, and what anybody may have sent says nothing here."""
        if event.at < lead.offered_at or event.source == UNSIGNED:
            return False
        told = orjson.loads(event.properties)
        by = str(told.get("by") or "").strip().lower()
        if event.type == "outcome":
            return self._closed(lead, event, told, by)
        if lead.path == "nurture":
            return False
        if event.type == "reply":
            ago = duration(max(0.0, (self._late.clock() - event.at).total_seconds()))
            name = f"reply-{hashlib.blake2b(event.event_key.encode(), digest_size=8).hexdigest()}"
            at = evolve(order, revision=lead.revision)
            self._late.noted(at, lead.number, name, f"They answered by mail, {ago} ago.")
        elif event.type in TOUCH_OF and by:
            if by == lead.owner and lead.path == "qualify":
                acts.accept(self._engine, lead.lead_id, lead.number, by, event.at)
            acts.touch(self._engine, lead.lead_id, lead.number, by, TOUCH_OF[event.type], event.at)
        return False

    def _closed(self, lead: Row[Any], event: Row[Any], told: dict[str, Any], by: str) -> bool:
        outcome, now = str(told.get("outcome") or ""), self._late.clock()
        if outcome not in OUTCOMES:  # the door refuses others; another part may have stored one
            return False
        with self._engine.connect() as connection:
            held = connection.scalar(select(outcomes.c.closed_at).where(outcomes.c.lead_id == lead.lead_id))
        if held is None or held < event.at:
            contract = told.get("contract_usd")
            usd = float(contract) if isinstance(contract, int | float) and not isinstance(contract, bool) else None
            reason = str(told["reason"])[:500] if told.get("reason") else None
            keep_outcomes(self._engine, [Told(lead.lead_id, outcome, event.at, usd, reason)], event.source, now)
        result = acts.close(
            self._engine, lead.lead_id, lead.number, by or f"{event.source} event", outcome, now, told=True
        )
        return result.outcome == "done"

    async def _weighed(self, order: Order, lead: Row[Any], since: Sequence[Row[Any]]) -> Receipt:
        now = self._late.clock()
        found = await self._shifts(lead, now)
        held = lead.state in HELD
        then: Follows = follows(found, accepted=held, policy=self._policy)
        if then == "told" and lead.path == "nurture":
            then = "kept"  # nobody has a message about it
        note = activity_note(
            [(each.type, min(each.at, each.received_at)) for each in since], now, found, stays=then == "told"
        )
        match then:
            case "anew":
                return await self._late.anew(order, "activity", note)
            case "told":
                name = f"activity-{'-'.join(str(shift.after) for shift in found)}"
                return self._late.counted(
                    order, await self._late.thread(self._late.noted, order, lead.number, name, note)
                )
            case _:
                return self._late.counted(order, "kept")

    async def _shifts(self, lead: Row[Any], now: datetime) -> tuple[Shift, ...]:
        """What would come out otherwise because of what the person did."""
        from graph.build import run_to_way  # noqa: PLC0415 - LangGraph takes a second, and many dispatchers never weigh

        decided = await self._late.thread(self._decided, lead)
        context = await self._late.thread(self._context)
        old = decided.facts
        reads = Reads(
            profile=old.profile, crm=old.crm, judgement=old.judgement, language_model=old.language_model,
            activities=old.activities or (),
        )  # fmt: skip
        typed = evolve(decided.submission, cause="activity", reason="Weighed.", excluded=(), assignment=None)
        cases = [
            Case(evolve(typed, submission_id="before"), reads),
            Case(evolve(typed, submission_id="after", received_at=now), evolve(reads, activities=None)),
        ]
        before, after = [_standing(case) for case in await run_to_way(cases, context)]
        return shifts(evolve(before, way=lead.path), after, self._policy)

    def _decided(self, lead: Row[Any]) -> Decided:
        raw = record_json(self._engine, lead.lead_id, lead.revision)
        if raw is None:
            raise VendorError("unknown_lead", "no decision of it is recorded", permanent=True)
        record = orjson.loads(raw)
        return DECIDED.validate_python({"submission": record["submission"], "facts": record["facts"]})


def _standing(case: Case) -> Standing:
    if case.failure is not None or case.score is None or case.assignment is None or case.path is None:
        raise RuntimeError(f"the lead could not be weighed: {case.failure}")
    return Standing(case.score.tier, None, case.assignment.owner, case.path)


def activity_weighing(
    settings: Settings, store: Store, inbox: Inbox, context: Callable[[], RunContext]
) -> ActivityWeighing:
    """With what activity may do at most by the settings. context: shared with who asks for late facts, since it holds a
    model."""
    policy = evolve(POLICY, most=settings.activity_may)
    return ActivityWeighing(store.engine, store.executor, inbox, context, policy)
