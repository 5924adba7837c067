"""The CRM effects in HubSpot, so that a second attempt writes nothing twice.

company   found by domain, then only its blanks are filled; else upserted by our unique property
contact   upserted by e-mail address, else by our unique property; linked to its company
owner     set on the contact; an owner HubSpot does not know leaves it as it is, and the receipt says so
task      carries a marker, looked for among the contact's tasks before a second attempt creates one
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import singledispatchmethod
from threading import Lock
from typing import Any

from graph.domain.effects import AssignOwner, CreateTask, UpsertCompany, UpsertContact
from graph.ports import Order, Receipt, VendorError
from tools.hubspot.calls import Found, HubSpotCalls
from tools.hubspot.portal import KEY, Owners, Properties
from tools.hubspot.reading import oldest_first

TASK_TO_CONTACT = 204  # https://developers.hubspot.com/docs/api-reference/crm-associations-v4 (association type ids)
_KNOWN_COMPANIES = 10_000


def marker_of(key: str) -> str:
    """What a task carries in its text so that a second attempt finds it."""
    return f"lr-{hashlib.sha256(key.encode()).hexdigest()[:20]}"


class Writer:
    """Blocking. clock: the due time of a task without one. Raises VendorError."""

    def __init__(self, calls: HubSpotCalls, owners: Owners, clock: Callable[[], datetime]) -> None:
        self._calls, self._owners, self._clock = calls, owners, clock
        self._properties = Properties(calls)
        self._lock = Lock()
        self._companies: dict[str, str] = {}  # domain -> id: a company just made is not found by a search yet

    def perform(self, order: Order) -> Receipt:
        return self._perform(order.effect, order)

    @singledispatchmethod
    def _perform(self, effect: Any, order: Order) -> Receipt:  # noqa: ARG002
        raise VendorError("unsupported_effect", f"HubSpot performs no {effect.kind}", permanent=True)

    @_perform.register
    def _company(self, effect: UpsertCompany, order: Order) -> Receipt:
        self._properties.ensure()
        values = _set(
            name=effect.name,
            country=effect.country,
            state=effect.state,
            city=effect.city,
            numberofemployees=effect.employees,
            lead_router_industry=effect.industry,
            lead_router_parent_domain=effect.parent_domain,
        )
        company = self._company_of(effect.domain, tuple(values))
        if company is None:
            number, new = self._calls.upsert(
                "companies", KEY, effect.domain, {**values, "domain": effect.domain, KEY: effect.domain}
            )
            self._remember(effect.domain, number)
            return Receipt(number, repeated=order.attempt > 1 and not new)
        blanks = {name: value for name, value in values.items() if name not in company.properties}
        if blanks:
            self._calls.update("companies", company.id, blanks)
        return Receipt(company.id, repeated=not blanks)

    @_perform.register
    def _contact(self, effect: UpsertContact, order: Order) -> Receipt:
        self._properties.ensure()
        first, _, last = (effect.full_name or "").strip().partition(" ")
        if effect.given_name and effect.family_name:
            first, last = effect.given_name, effect.family_name
        values = _set(
            email=effect.email,
            phone=effect.phone,
            firstname=first,
            lastname=last.strip(),
            jobtitle=effect.title,
            company=effect.company_name,
            country=effect.country,
            state=effect.state,
            message=effect.message,
            lead_router_score=effect.score,
            lead_router_tier=effect.tier,
            lead_router_path=effect.path,
            lead_router_source=effect.source,
        )
        number, new = self._upsert_contact(effect, values)
        detail: dict[str, Any] | None = None
        if effect.company_domain is not None:
            detail = {"company_id": self._link(number, effect.company_domain)}
        return Receipt(number, repeated=order.attempt > 1 and not new, detail=detail)

    @_perform.register
    def _owner(self, effect: AssignOwner, order: Order) -> Receipt:
        self._properties.ensure()
        owner_id = self._owners.id_of(effect.owner)
        if owner_id is None:
            contact = self._contact_of(effect.contact_key, ())
            told = "HubSpot has no active owner with this address; the contact's owner was left as it is. Invite them."
            return Receipt(contact.id, detail={"owner_unknown": effect.owner, "told": told})
        values = {"hubspot_owner_id": owner_id, "lead_router_rule": effect.rule}
        if order.attempt > 1:
            contact = self._contact_of(effect.contact_key, tuple(values))
            if all(contact.properties.get(name) == value for name, value in values.items()):
                return Receipt(contact.id, repeated=True)
        try:
            number = self._calls.update("contacts", effect.contact_key, values, _unique(effect.contact_key))
        except VendorError as error:
            raise _missing(effect.kind) if error.code == "not_found" else error from None
        return Receipt(number)

    @_perform.register
    def _task(self, effect: CreateTask, order: Order) -> Receipt:
        if "@" not in effect.contact_key:
            self._properties.ensure()
        contact, marker = self._contact_of(effect.contact_key, ()), marker_of(order.key)
        if order.attempt > 1:
            linked = self._calls.links("contacts", [contact.id], "tasks").get(contact.id, [])
            for task in self._calls.read("tasks", linked, ("hs_task_body",)):
                if marker in task.properties.get("hs_task_body", ""):
                    return Receipt(task.id, repeated=True)
        owner_id = self._owners.id_of(effect.owner)
        due = effect.due_at or self._clock()
        text = html.escape(effect.body).replace("\n", "<br>")  # HubSpot shows the text as HTML
        values = _set(
            hs_task_subject=effect.subject,
            hs_task_body=f"{text}<br><br>Reference: {marker}",
            hs_task_status="NOT_STARTED",
            hs_task_type="TODO",
            hs_timestamp=round(due.timestamp() * 1000),
            hubspot_owner_id=owner_id,
        )
        number = self._calls.create("tasks", values, contact.id, TASK_TO_CONTACT)
        return Receipt(number, detail=None if owner_id else {"owner_unknown": effect.owner})

    def _upsert_contact(self, effect: UpsertContact, values: Mapping[str, str]) -> tuple[str, bool]:
        if effect.email is not None:
            return self._calls.upsert("contacts", "email", effect.email, values)
        keyed = {**values, KEY: effect.contact_key}
        if not self._calls.read("contacts", [effect.contact_key], (), KEY):
            phones = [effect.phone] if effect.phone else []
            same_phone = oldest_first(self._calls.search("contacts", "phone", phones, ("phone", KEY)))
            ours = [contact for contact in same_phone if KEY not in contact.properties]
            if ours:  # somebody's contact becomes ours; its key makes it found from now on
                return self._calls.update("contacts", ours[0].id, keyed), False
        return self._calls.upsert("contacts", KEY, effect.contact_key, keyed)

    def _contact_of(self, contact_key: str, wanted: tuple[str, ...]) -> Found:
        found = self._calls.read("contacts", [contact_key], wanted, _unique(contact_key))
        if not found:
            raise _missing("write")
        return found[0]

    def _link(self, contact_id: str, domain: str) -> str | None:
        """The id of the company the contact is linked to; None where HubSpot has none with this domain."""
        company = self._company_of(domain, ())
        if company is not None:
            self._calls.link("contacts", contact_id, "companies", company.id)
        return company.id if company else None

    def _company_of(self, domain: str, wanted: tuple[str, ...]) -> Found | None:
        """By our memory, by our unique property, by HubSpot's search: the first that knows."""
        with self._lock:
            known = self._companies.get(domain)
        found = self._calls.read("companies", [known], wanted) if known is not None else []
        if not found:
            found = self._calls.read("companies", [domain], wanted, KEY)
        if not found:
            found = oldest_first(self._calls.search("companies", "domain", [domain], wanted))
        if not found:
            return None
        self._remember(domain, found[0].id)
        return found[0]

    def _remember(self, domain: str, number: str) -> None:
        with self._lock:
            if len(self._companies) >= _KNOWN_COMPANIES:
                self._companies.clear()
            self._companies[domain] = number


def _unique(contact_key: str) -> str:
    """The unique property that holds this key."""
    return "email" if "@" in contact_key else KEY


def _missing(kind: str) -> VendorError:
    return VendorError("contact_missing", f"no contact to {kind} for; its upsert has not succeeded")


def _set(**values: str | float | None) -> dict[str, str]:
    """As HubSpot wants them, texts; what is unknown is not sent, so it erases nothing."""
    return {
        name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
        if value not in {None, ""}
    }
