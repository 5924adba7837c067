"""HubSpot as a comparison asks for it, a batch at a time. Blocking; reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tools.crm_audit import ContactHeld
from tools.hubspot.calls import HubSpotCalls, Kind
from tools.hubspot.portal import PROPERTIES, Owners, Properties
from tools.hubspot.reading import contacts_by_key

_READ: tuple[Kind, ...] = ("contacts", "companies", "deals", "tasks", "notes")


class HubSpotAudit:
    """Implements CrmAudit."""

    def __init__(self, calls: HubSpotCalls) -> None:
        self._calls, self._owners, self._properties = calls, Owners(calls), Properties(calls)

    def contacts(self, contact_keys: Sequence[str]) -> dict[str, ContactHeld]:
        self._properties.ensure()  # HubSpot may refuse to read what it has not
        wanted = ("hubspot_owner_id", "lead_router_tier", "lead_router_score")
        found: dict[str, ContactHeld] = {}
        for key, one in contacts_by_key(self._calls, contact_keys, wanted).items():
            owner_id, score = one.properties.get("hubspot_owner_id"), one.properties.get("lead_router_score")
            found[key] = ContactHeld(
                one.id,
                owner_id,
                self._owners.email_of(owner_id),
                one.properties.get("lead_router_tier"),
                None if score is None else float(score),
            )
        return found

    def tasks(self, numbers: Sequence[str]) -> set[str]:
        return {one.id for one in self._calls.read("tasks", numbers, ("hs_task_status",))}

    def companies(self, domains: Sequence[str]) -> dict[str, int]:
        found = self._calls.search("companies", "domain", domains, ("domain",))
        return dict(Counter(one.properties.get("domain", "").lower() for one in found))

    def owners(self) -> set[str]:
        return self._owners.emails()

    def readable(self, kind: Kind) -> None:
        """Raises VendorError where the token may not read such objects, or HubSpot does not answer."""
        next(iter(self._calls.every(kind, ())), None)

    def missing_properties(self) -> list[str]:
        """As `contacts.lead_router_tier`."""
        return [f"{kind}.{name}" for kind in PROPERTIES for name in self._properties.missing(kind)]

    def make_properties(self) -> None:
        self._properties.ensure()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What the token must be able to read."""
        return _READ
