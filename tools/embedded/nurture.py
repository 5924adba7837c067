"""Nurture enrolments in our own database: one for each contact and sequence, for life.

Who left a sequence is not put into it again by another lead of the same person, and who wants no mails is not put into one
at all. Never sends anything: the first step is put into the outbox, and whoever performs steps takes it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, select

from graph.domain.effects import EnrolNurture, NurtureStep
from graph.domain.sequence import Sequence as Steps
from graph.ports import Order, Receipt
from tools.clock import utc_now
from tools.embedded.performing import BatchPerformer, Outcome
from tools.embedded.rows import Rows
from tools.store.queueing import queue, queued
from tools.store.tables import nurture_enrolments, nurture_unsubscribes


class EmbeddedNurture(BatchPerformer):
    """Implements Performer for the effects of the vendor "nurture".

    sequences: those of the file in use, by name; performed_by: another system that performs all of them. An enrolment in
    one that the file does not have is paused, so that it can be seen. A receipt's id is the key of the effect that
    enrolled the contact: receipts hold no address of a person.
    """

    name: ClassVar[str] = "the embedded nurture sequences"
    kinds: ClassVar[frozenset[str]] = frozenset({"enrol_nurture"})

    def __init__(
        self,
        engine: Engine,
        sequences: Callable[[], Mapping[str, Steps]],
        *,
        performed_by: str | None = None,
        executor: Executor | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(engine, executor=executor, clock=clock)
        self._sequences, self._performed_by = sequences, performed_by

    def apply(self, connection: Connection, orders: Sequence[Order], now: datetime) -> list[Outcome]:
        people = {order.effect.contact_key for order in orders if isinstance(order.effect, EnrolNurture)}
        enrolled = Rows(connection, nurture_enrolments, ("contact_key", "sequence"), people)
        unwilling = _unwilling(connection, people)
        known = self._sequences()
        outcomes: list[Outcome] = []
        begun: list[tuple[Any, ...]] = []
        for order in orders:
            effect = order.effect
            if not isinstance(effect, EnrolNurture):
                raise TypeError(f"{effect.kind} came past the check of kinds")
            row = enrolled.find(effect.contact_key, effect.sequence)
            if row is not None:
                outcomes.append(Receipt(row["effect_key"], repeated=True, detail={"status": row["status"]}))
                continue
            row = _row(order, effect, known.get(effect.sequence), now, unwilling=effect.contact_key in unwilling)
            if self._performed_by is not None and row["status"] == "PAUSED":
                row |= {"status": "ACTIVE", "reason": f"Performed by {self._performed_by}."}
            enrolled.add(row)
            outcomes.append(Receipt(order.key, detail={"status": row["status"]}))
            if row["step"] is not None:
                first = NurtureStep(effect.contact_key, effect.sequence, 1, now)
                begun.append(queued(first, order.lead_id, order.revision, now))
        enrolled.write()
        queue(connection, begun)
        return outcomes


def _row(
    order: Order, effect: EnrolNurture, sequence: Steps | None, now: datetime, *, unwilling: bool
) -> dict[str, Any]:
    """The enrolment as it begins."""
    status, reason = "ACTIVE", None
    if unwilling:
        status, reason = "CANCELLED", "The person wants no more mails."
    elif sequence is None:
        status, reason = "PAUSED", f"The file of sequences has no {effect.sequence}."
    active = status == "ACTIVE" and sequence is not None
    return {
        "contact_key": effect.contact_key,
        "sequence": effect.sequence,
        "lead_id": order.lead_id,
        "owner": effect.owner,
        "status": status,
        "effect_key": order.key,
        "enrolled_at": now,
        "revision": order.revision,
        "version": sequence.version if sequence is not None else None,
        "run": 1,
        "run_began_at": now,
        "step": sequence.first if active and sequence is not None else None,
        "visit": 1 if active else 0,
        "due_at": now if active else None,
        "ended_at": now if status == "CANCELLED" else None,
        "reason": reason,
    }


def _unwilling(connection: Connection, people: set[str]) -> set[str]:
    """Contact keys of those who have unsubscribed. Addresses linked to theirs are asked for before each mail."""
    by_address = {key.lower(): key for key in people}
    wanted = select(nurture_unsubscribes.c.address).where(nurture_unsubscribes.c.address.in_(sorted(by_address)))
    return {by_address[address] for address in connection.scalars(wanted)}
