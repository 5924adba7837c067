"""What HubSpot says now of the contacts and deals that its events name. An event tells that something changed; what holds is
read, so that events out of order, twice or late do no harm. Blocking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.hubspot.calls import HubSpotCalls
from tools.hubspot.deals import ClosedDeal, Deals
from tools.hubspot.portal import KEY, Owners, Properties


@dataclass(frozen=True, slots=True)
class ContactNow:
    """owner_id: None for nobody; owner: their e-mail, None where HubSpot has no active owner of that id. lead_id: as the
    router wrote it; keys: e-mail addresses in lower case, and the key of a contact without one."""

    owner_id: str | None
    owner: str | None
    lead_id: str | None
    keys: tuple[str, ...]


class ChangesReader:
    """Raises VendorError."""

    def __init__(self, calls: HubSpotCalls, currency: str = "USD") -> None:
        self._calls, self._owners, self._deals = calls, Owners(calls), Deals(calls, currency)
        self._properties = Properties(calls)

    def contacts(self, ids: Sequence[str]) -> dict[str, ContactNow]:
        """By id; one that is not there is left out."""
        self._properties.ensure()  # HubSpot may refuse to read what it has not
        wanted = ("email", "hs_additional_emails", "hubspot_owner_id", "lead_router_lead_id", KEY)
        found: dict[str, ContactNow] = {}
        for one in self._calls.read("contacts", ids, wanted):
            has = one.properties
            owner_id = has.get("hubspot_owner_id")
            emails = (has.get("email", ""), *has.get("hs_additional_emails", "").split(";"))
            keys = (*(email.strip().lower() for email in emails), has.get(KEY, ""))
            found[one.id] = ContactNow(
                owner_id,
                self._owners.email_of(owner_id),
                has.get("lead_router_lead_id"),
                tuple(key for key in dict.fromkeys(keys) if key),
            )
        return found

    def deals(self, ids: Sequence[str]) -> dict[str, ClosedDeal | None]:
        return self._deals.these(ids)

    def author(self, source: str | None) -> str:
        """Who did it, for people. source: as HubSpot says it (`userId:123`)."""
        if source and source.startswith("userId:"):
            return self._owners.email_of_user(source.removeprefix("userId:")) or f"HubSpot user {source[7:27]}"
        return "HubSpot"
