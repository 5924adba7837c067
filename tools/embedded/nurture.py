"""Nurture enrolments in our own database: one for each contact and sequence, for life.

Who left a sequence is not put into it again by another lead of the same person. Never sends anything: the sequence's
steps are performed from these rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection

from graph.domain.effects import EnrolNurture
from graph.ports import Order, Receipt
from tools.embedded.performing import BatchPerformer, Outcome
from tools.embedded.rows import Rows
from tools.store.tables import nurture_enrolments


class EmbeddedNurture(BatchPerformer):
    """Implements Performer for the effects of the vendor "nurture".

    A receipt's id is the key of the effect that enrolled the contact: receipts hold no address of a person.
    """

    name: ClassVar[str] = "the embedded nurture sequences"
    kinds: ClassVar[frozenset[str]] = frozenset({"enrol_nurture"})

    def apply(self, connection: Connection, orders: Sequence[Order], now: datetime) -> list[Outcome]:
        people = {order.effect.contact_key for order in orders if isinstance(order.effect, EnrolNurture)}
        enrolled = Rows(connection, nurture_enrolments, ("contact_key", "sequence"), people)
        outcomes = [_enrol(order, enrolled, now) for order in orders]
        enrolled.write()
        return outcomes


def _enrol(order: Order, enrolled: Rows, now: datetime) -> Outcome:
    effect = order.effect
    if not isinstance(effect, EnrolNurture):
        raise TypeError(f"{effect.kind} came past the check of kinds")
    row = enrolled.find(effect.contact_key, effect.sequence)
    if row is not None:
        return Receipt(row["effect_key"], repeated=True, detail={"status": row["status"]})
    about = {"contact_key": effect.contact_key, "sequence": effect.sequence, "owner": effect.owner}
    enrolled.add({**about, "lead_id": order.lead_id, "status": "ACTIVE", "effect_key": order.key, "enrolled_at": now})
    return Receipt(order.key, detail={"status": "ACTIVE"})
