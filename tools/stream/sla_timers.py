"""Performs the timers of SLAs. Each asks first whether its assignment still stands: of an answer and a timer one wins.

    remind_owner    one reminder in the owner's thread, and the message's clock line
    accept_missed   the lead goes back into the stream, to be decided again by the ladder (graph/rules/escalation.py)
    touch_missed    one note to the owner, and a copy to the manager
    confirm_owner   one note in the thread of an accepted lead, once the CRM has its owner

Fired twice, after a crash, they write the same keys again and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime, tzinfo
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row

from graph.domain.brief import Part
from graph.domain.effects import AcceptMissed, ConfirmOwner, RemindOwner, TouchMissed, UpdateAlert
from graph.domain.lead import Submission
from graph.ports import Order, Receipt, VendorError
from graph.rules.bullets import moment
from graph.rules.message_states import copy_message, overdue_message, reminded_message
from graph.rules.thread import Note, note_of
from graph.rules.wording import duration, first_name
from tools.clock import utc_now
from tools.observe import metrics
from tools.store.redraw import confirm_owner, crm_owner, redraw, shown, standing
from tools.stream.again import UnknownLead, again, missed, send
from tools.stream.inbox import Inbox, StreamUnavailable
from tools.stream.zones import Zones, in_utc

E = TypeVar("E")
T = TypeVar("T")
VOID = Receipt("not needed", repeated=True)
"""The assignment was answered, or has moved on."""
_CRM = {
    "done": "The CRM has {} as the owner.",
    "dead": "The CRM did not take {} as the owner: the write was given up and stands among the dead letters.",
}
"""What the thread hears, by what became of the write."""


class SlaTimers:
    """The performer of the vendor `sla`."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        inbox: Inbox,
        *,
        clock: Callable[[], datetime] = utc_now,
        zones: Zones = in_utc,
    ) -> None:
        """zones: whose clock a note to somebody is told by, where the reader's own is not known."""
        self._engine, self._writes = engine, engine.execution_options(immediate=True)
        self._executor, self._inbox, self._clock, self._zones = executor, inbox, clock, zones

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError for a stream that is away, and what the database raises."""
        match order.effect:
            case AcceptMissed() as effect:
                return await self._accept_missed(order, effect)
            case RemindOwner() as effect:
                return await self._thread(self._remind, order, effect)
            case TouchMissed() as effect:
                return await self._thread(self._touch_missed, order, effect)
            case ConfirmOwner() as effect:
                return await self._thread(self._confirm_owner, order, effect)
            case other:
                raise VendorError("unsupported_effect", f"no timer is called {other.kind}", permanent=True)

    async def perform_many(self, orders: Sequence[Order]) -> list[Receipt | Exception]:
        """Side by side; one failure does not fail the others."""
        answers = await asyncio.gather(*(self.perform(order) for order in orders), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Exception):
                raise answer
        return [answer for answer in answers if not isinstance(answer, BaseException) or isinstance(answer, Exception)]

    async def _accept_missed(self, order: Order, effect: AcceptMissed) -> Receipt:
        submission = await self._thread(self._given_back, order, effect)
        if submission is None:
            return VOID
        try:
            accepted = await send(self._inbox, submission)
        except StreamUnavailable as error:
            raise VendorError("stream_unavailable", error.reason) from None
        return Receipt(submission.submission_id, repeated=not accepted.new)

    def _given_back(self, order: Order, effect: AcceptMissed) -> Submission | None:
        with self._engine.connect() as connection:
            if _held(connection, order, effect.assignment, ("offered",)) is None:
                return None
        try:
            newest = again(self._engine, order.lead_id, "missed")
        except UnknownLead:
            raise VendorError("unknown_lead", "no decision of it is recorded", permanent=True) from None
        return missed(newest, effect.assignment, effect.owner)

    def _remind(self, order: Order, effect: RemindOwner) -> Receipt:
        zone_of = self._zones()
        with self._writes.begin() as connection:
            state, now = _held(connection, order, effect.assignment, ("offered",)), self._clock()
            if state is None or state.accept_due_at is None or state.accept_due_at <= now:
                return VOID  # after an outage the reminder may come due together with the deadline
            message = shown(connection, state)
            if message is None:
                return VOID
            due = state.accept_due_at
            left = duration((due - now).total_seconds())
            rest = Part("own", f" ({left} left), or it goes to somebody else.")
            note = note_of((Part("own", "Reminder: accept it by "), moment(due, now, zone_of(state.owner)), rest))
            update = UpdateAlert(
                state.owner, state.number, reminded_message(message), note.text, thread=note.body, ping=True
            )
            redraw(connection, state, "reminded", update, now, order.revision)
        return Receipt("reminded")

    def _touch_missed(self, order: Order, effect: TouchMissed) -> Receipt:
        zone_of = self._zones()
        with self._writes.begin() as connection:
            state, now = _held(connection, order, effect.assignment, ("offered", "accepted")), self._clock()
            if state is None:
                return VOID
            message = shown(connection, state)
            if message is not None:
                late = _late(state, effect, now, zone_of(state.owner))
                update = UpdateAlert(
                    state.owner, state.number, overdue_message(message), late.text, thread=late.body, ping=True
                )
                redraw(connection, state, "touch_missed", update, now, order.revision)
                if effect.manager is not None and effect.manager != state.owner:
                    late = _late(state, effect, now, zone_of(effect.manager))
                    copy = copy_message(message, late.text)
                    told = UpdateAlert(effect.manager, state.number, copy, late.text, thread=late.body, closed=True)
                    redraw(connection, state, "touch_missed_manager", told, now, order.revision)
        metrics.sla.labels("touch", state.sla or "none", "missed").inc()
        return Receipt("told")

    def _confirm_owner(self, order: Order, effect: ConfirmOwner) -> Receipt:
        with self._writes.begin() as connection:
            state, now = standing(connection, order.lead_id, effect.assignment), self._clock()
            if state is None or state.current != effect.assignment or shown(connection, state) is None:
                return VOID
            found = crm_owner(connection, order.lead_id, state.owner)
            if found not in _CRM:
                confirm_owner(connection, state, now, effect.tries + 1)
                return Receipt("not yet")
            note = _CRM[found].replace("{}", first_name(state.owner))
            redraw(
                connection, state, "confirmed", UpdateAlert(state.owner, state.number, {}, note), now, order.revision
            )
        return Receipt(found)

    async def _thread(self, function: Callable[[Order, E], T], order: Order, effect: E) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, order, effect)


def _late(state: Row[Any], effect: TouchMissed, now: datetime, zone: tzinfo) -> Note:
    due = moment(state.touch_due_at or effect.at, now, zone)
    said = Part("own", f"First touch by {first_name(state.owner)} is overdue, it was due by ")
    return note_of((said, due, Part("own", ".")))


def _held(connection: Connection, order: Order, number: int, states: Sequence[str]) -> Row[Any] | None:
    """The assignment, where it still is the lead's present one and in one of these states."""
    state = standing(connection, order.lead_id, number)
    return state if state is not None and state.current == number and state.state in states else None
