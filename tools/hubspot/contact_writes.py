"""Contacts in HubSpot and who owns them.

contact   upserted by e-mail address, else by our unique property; linked to its company
owner     set on the contact; an owner HubSpot does not know leaves it as it is, and the receipt says so

Blocking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graph.domain.effects import AssignOwner, UpsertContact
from graph.ports import Order, Receipt, VendorError
from tools.hubspot.batches import Batches, Outcomes, Write
from tools.hubspot.calls import Found, HubSpotCalls
from tools.hubspot.company_writes import Companies
from tools.hubspot.portal import KEY, Owners
from tools.hubspot.reading import contacts_by_key, oldest_first
from tools.hubspot.values import contact_missing, marker_of, texts, unique_of


class Contacts:
    """Raises VendorError for readings that failed; a write's failure is its order's answer. public_url: of this service,
    for the link to the lead."""

    def __init__(
        self, calls: HubSpotCalls, batches: Batches, owners: Owners, companies: Companies, public_url: str
    ) -> None:
        self._calls, self._batches, self._owners = calls, batches, owners
        self._companies, self._public_url = companies, public_url

    def upsert(self, orders: Sequence[Order]) -> dict[str, Receipt | VendorError]:
        made, adopted = self._sorted(orders)
        outcomes: Outcomes = self._batches.upsert("contacts", made) | self._batches.update("contacts", adopted)
        found: dict[str, Receipt | VendorError] = {}
        links: list[Write] = []
        companies = self._companies_of(orders, outcomes)
        for order in orders:
            outcome = outcomes[marker_of(order.key)]
            if isinstance(outcome, VendorError):
                found[order.key] = outcome
                continue
            detail: dict[str, Any] | None = None
            if (domain := _contact(order).company_domain) is not None:
                company = companies.get(domain)
                detail = {"company_id": company.id if company else None}
                if company is not None:
                    links.append(Write(marker_of(order.key), id=outcome.id, to=company.id))
            found[order.key] = Receipt(outcome.id, repeated=order.attempt > 1 and not outcome.new, detail=detail)
        linked = self._batches.link("contacts", "companies", links)
        for order in orders:
            failed = linked.get(marker_of(order.key))
            if isinstance(failed, VendorError):
                found[order.key] = failed
        return found

    def _sorted(self, orders: Sequence[Order]) -> tuple[list[Write], list[Write]]:
        """(to upsert, to update: somebody's contact becomes ours; its key makes it found from now on)"""
        made, keyed = list[Write](), list[Order]()
        for order in orders:
            if (email := _contact(order).email) is not None:
                made.append(Write(marker_of(order.key), self._values(order), email, "email"))
            else:
                keyed.append(order)
        adopted = list[Write]()
        ours = {one.properties.get(KEY) for one in self._calls.read("contacts", _keys(keyed), (KEY,), KEY)}
        strangers = [order for order in keyed if _contact(order).contact_key not in ours]
        phones = sorted({phone for order in strangers if (phone := _contact(order).phone)})
        free: dict[str, Found] = {}
        for one in oldest_first(self._calls.search("contacts", "phone", phones, ("phone", KEY))):
            if KEY not in one.properties:
                free.setdefault(one.properties.get("phone", ""), one)
        for order in keyed:
            effect = _contact(order)
            values = {**self._values(order), KEY: effect.contact_key}
            kept = free.pop(effect.phone or "", None) if order in strangers else None
            if kept is not None:
                adopted.append(Write(marker_of(order.key), values, kept.id))
            else:
                made.append(Write(marker_of(order.key), values, effect.contact_key, KEY))
        return made, adopted

    def _companies_of(self, orders: Sequence[Order], outcomes: Outcomes) -> dict[str, Found]:
        written = [order for order in orders if not isinstance(outcomes[marker_of(order.key)], VendorError)]
        domains = {domain for order in written if (domain := _contact(order).company_domain) is not None}
        return self._companies.find(sorted(domains))

    def _values(self, order: Order) -> dict[str, str]:
        effect = _contact(order)
        first, _, last = (effect.full_name or "").strip().partition(" ")
        if effect.given_name and effect.family_name:
            first, last = effect.given_name, effect.family_name
        return texts(
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
            lead_router_lead_id=order.lead_id,
            lead_router_link=f"{self._public_url}/inbox/crm/{order.lead_id}" if self._public_url else None,
        )

    def assign(self, orders: Sequence[Order]) -> dict[str, Receipt | VendorError]:
        values: dict[str, dict[str, str]] = {}
        unknown, again = list[Order](), list[Order]()
        for order in orders:
            effect = _assigned(order)
            owner_id = self._owners.id_of(effect.owner)
            if owner_id is None:
                unknown.append(order)
                continue
            told = texts(lead_router_rule=effect.rule, lead_router_reason=effect.reason)
            values[order.key] = {"hubspot_owner_id": owner_id, **told}
            if order.attempt > 1:
                again.append(order)
        standing = self.by_key(
            [_assigned(order).contact_key for order in (*unknown, *again)],
            ("hubspot_owner_id", "lead_router_rule", "lead_router_reason"),
        )
        found: dict[str, Receipt | VendorError] = {}
        for order in unknown:
            contact = standing.get(_assigned(order).contact_key)
            found[order.key] = contact_missing("assign_owner") if contact is None else _no_owner(order, contact)
        for order in again:
            contact = standing.get(_assigned(order).contact_key)
            if contact is not None and values[order.key].items() <= contact.properties.items():
                found[order.key] = Receipt(contact.id, repeated=True)
        open_ = [order for order in orders if order.key not in found]
        writes = [
            Write(
                marker_of(order.key),
                values[order.key],
                _assigned(order).contact_key,
                unique_of(_assigned(order).contact_key),
            )
            for order in open_
        ]
        outcomes = self._batches.update("contacts", writes)
        for order in open_:
            outcome = outcomes[marker_of(order.key)]
            if isinstance(outcome, VendorError):
                found[order.key] = contact_missing("assign_owner") if outcome.code == "not_found" else outcome
            else:
                found[order.key] = Receipt(outcome.id)
        return found

    def by_key(self, contact_keys: Sequence[str], wanted: Sequence[str] = ()) -> dict[str, Found]:
        """The contacts of these keys; one that is not there is left out."""
        return contacts_by_key(self._calls, contact_keys, wanted)


def _no_owner(order: Order, contact: Found) -> Receipt:
    told = "HubSpot has no active owner with this address; the contact's owner was left as it is. Invite them."
    return Receipt(contact.id, detail={"owner_unknown": _assigned(order).owner, "told": told})


def _contact(order: Order) -> UpsertContact:
    assert isinstance(order.effect, UpsertContact)
    return order.effect


def _assigned(order: Order) -> AssignOwner:
    assert isinstance(order.effect, AssignOwner)
    return order.effect


def _keys(orders: Sequence[Order]) -> list[str]:
    return list(dict.fromkeys(_contact(order).contact_key for order in orders))
