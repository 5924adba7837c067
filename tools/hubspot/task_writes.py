"""Tasks and notes on contacts in HubSpot. Each carries a marker, looked for among the contact's own before a second attempt
creates one: HubSpot has no key that would keep it from making it twice. Blocking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from graph.domain.effects import CreateTask
from graph.domain.telling import LogNote
from graph.ports import Order, Receipt, VendorError
from tools.hubspot.batches import Batches, Write
from tools.hubspot.calls import Found, HubSpotCalls, Kind
from tools.hubspot.contact_writes import Contacts
from tools.hubspot.portal import Owners
from tools.hubspot.values import contact_missing, marker_of, shown, texts


@dataclass(frozen=True, slots=True)
class Sort:
    """body: the property that holds the text; link: https://developers.hubspot.com/docs/api-reference/crm-associations-v4
    (association type ids)."""

    kind: Kind
    body: str
    link: int


TASKS: Final = Sort("tasks", "hs_task_body", 204)
NOTES: Final = Sort("notes", "hs_note_body", 202)


class Tasks:
    """clock: the due time of a task without one. Raises VendorError for readings that failed."""

    def __init__(
        self,
        calls: HubSpotCalls,
        batches: Batches,
        owners: Owners,
        contacts: Contacts,
        clock: Callable[[], datetime],
    ) -> None:
        self._calls, self._batches, self._owners = calls, batches, owners
        self._contacts, self._clock = contacts, clock

    def create(self, orders: Sequence[Order]) -> dict[str, Receipt | VendorError]:
        return self._create(TASKS, orders, self._task)

    def note(self, orders: Sequence[Order]) -> dict[str, Receipt | VendorError]:
        return self._create(NOTES, orders, self._note)

    def _create(
        self, sort: Sort, orders: Sequence[Order], values: Callable[[Order, str | None], dict[str, str]]
    ) -> dict[str, Receipt | VendorError]:
        contacts = self._contacts.by_key([_on(order).contact_key for order in orders])
        found = self._written_before(sort, [order for order in orders if order.attempt > 1], contacts)
        writes, owner_ids = list[Write](), dict[str, str | None]()
        for order in orders:
            contact = contacts.get(_on(order).contact_key)
            if order.key in found:
                continue
            if contact is None:
                found[order.key] = contact_missing(order.effect.kind)
                continue
            owner_ids[order.key] = self._owners.id_of(_on(order).owner)
            held = values(order, owner_ids[order.key])
            writes.append(Write(marker_of(order.key), held, to=contact.id, link=sort.link))
        outcomes = self._batches.create(sort.kind, writes)
        for order in orders:
            outcome = outcomes.get(marker_of(order.key))
            if isinstance(outcome, VendorError):
                found[order.key] = outcome
            elif outcome is not None:
                unknown = None if owner_ids[order.key] else {"owner_unknown": _on(order).owner}
                found[order.key] = Receipt(outcome.id, detail=unknown)
        return found

    def _written_before(
        self, sort: Sort, orders: Sequence[Order], contacts: dict[str, Found]
    ) -> dict[str, Receipt | VendorError]:
        ids = {contacts[key].id for order in orders if (key := _on(order).contact_key) in contacts}
        linked = self._calls.links("contacts", sorted(ids), sort.kind)
        theirs = sorted({number for numbers in linked.values() for number in numbers})
        bodies = {
            one.id: one.properties.get(sort.body, "") for one in self._calls.read(sort.kind, theirs, (sort.body,))
        }
        found: dict[str, Receipt | VendorError] = {}
        for order in orders:
            marker = marker_of(order.key)
            written = next((number for number, body in bodies.items() if marker in body), None)
            if written is not None:
                found[order.key] = Receipt(written, repeated=True)
        return found

    def _task(self, order: Order, owner_id: str | None) -> dict[str, str]:
        effect = order.effect
        assert isinstance(effect, CreateTask)
        return texts(
            hs_task_subject=effect.subject,
            hs_task_body=shown(effect.body, order.key),
            hs_task_status="NOT_STARTED",
            hs_task_type="TODO",
            hs_timestamp=_ms(effect.due_at or self._clock()),
            hubspot_owner_id=owner_id,
        )

    def _note(self, order: Order, owner_id: str | None) -> dict[str, str]:
        effect = order.effect
        assert isinstance(effect, LogNote)
        return texts(
            hs_note_body=shown(effect.text, order.key),
            hs_timestamp=_ms(effect.at),
            hubspot_owner_id=owner_id,
        )


def _on(order: Order) -> Any:
    """The effect, which has a contact and an owner."""
    return order.effect


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
