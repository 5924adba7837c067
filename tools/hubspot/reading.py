"""What HubSpot knows of a batch of leads' accounts: five calls for the whole batch, not one a lead.

Contacts by e-mail are read, not searched: HubSpot's search shows a new object some seconds late, and allows few calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graph.domain.account import CrmAccount, Opportunity
from graph.ports import CrmAsk
from tools.hubspot.calls import Found, HubSpotCalls
from tools.hubspot.portal import Owners

_DEAL = ("dealname", "amount", "deal_currency_code", "dealstage", "hubspot_owner_id", "hs_is_closed")


class Reader:
    """Blocking. currency: of amounts that name none, the portal's own. Raises VendorError."""

    def __init__(self, calls: HubSpotCalls, owners: Owners, currency: str) -> None:
        self._calls, self._owners, self._currency = calls, owners, currency

    def accounts(self, asks: Sequence[CrmAsk], family_leads: Sequence[int]) -> list[CrmAccount]:
        contacts = self._contacts(asks)
        companies = self._companies(ask_domain for ask in asks for ask_domain in (ask.domain, ask.parent_domain))
        opportunities = self._opportunities(
            sorted({companies[ask.domain].id for ask in asks if ask.domain in companies})
        )
        found = []
        for ask, number in zip(asks, family_leads, strict=True):
            company, parent = companies.get(ask.domain or ""), companies.get(ask.parent_domain or "")
            found.append(
                CrmAccount(
                    company_id=company.id if company else None,
                    contact_id=contacts.get((ask.email or ask.phone or "").lower()),
                    owner=self._owner(company),
                    parent_owner=self._owner(parent),
                    open_opportunities=opportunities.get(company.id, ()) if company else (),
                    family_leads_30d=number,
                )
            )
        return found

    def _owner(self, found: Found | None) -> str | None:
        return self._owners.email_of(found.properties.get("hubspot_owner_id")) if found else None

    def _contacts(self, asks: Sequence[CrmAsk]) -> dict[str, str]:
        """Ids by e-mail address in lower case (also a contact's further ones), else by phone number."""
        emails = sorted({ask.email.lower() for ask in asks if ask.email})
        phones = sorted({ask.phone for ask in asks if ask.phone and not ask.email})
        ids: dict[str, str] = {}
        for found in self._calls.read("contacts", emails, ("email", "hs_additional_emails"), "email"):
            further = found.properties.get("hs_additional_emails", "").split(";")
            for email in (found.properties.get("email", ""), *further):
                ids[email.strip().lower()] = found.id
        for found in oldest_first(self._calls.search("contacts", "phone", phones, ("phone",))):
            ids.setdefault(found.properties.get("phone", ""), found.id)
        ids.pop("", None)
        return ids

    def _companies(self, domains: Iterable[str | None]) -> dict[str, Found]:
        """By domain. HubSpot lets two companies share one: the oldest is taken, as the writer does."""
        wanted = sorted({domain for domain in domains if domain})
        found = self._calls.search("companies", "domain", wanted, ("domain", "hubspot_owner_id"))
        by_domain: dict[str, Found] = {}
        for company in oldest_first(found):
            by_domain.setdefault(company.properties.get("domain", "").lower(), company)
        return by_domain

    def _opportunities(self, company_ids: Sequence[str]) -> dict[str, tuple[Opportunity, ...]]:
        """The open deals of each company, by its id."""
        linked = self._calls.links("companies", company_ids, "deals")
        wanted = sorted({deal for deals in linked.values() for deal in deals})
        deals = {
            deal.id: self._opportunity(deal)
            for deal in self._calls.read("deals", wanted, _DEAL)
            if deal.properties.get("hs_is_closed") != "true"
        }
        return {
            company: tuple(deals[number] for number in sorted(set(numbers), key=_age) if number in deals)
            for company, numbers in linked.items()
        }

    def _opportunity(self, deal: Found) -> Opportunity:
        has = deal.properties
        in_usd = has.get("deal_currency_code", self._currency).upper() == "USD"
        return Opportunity(
            opportunity_id=deal.id,
            name=has.get("dealname", ""),
            amount_usd=_whole(has.get("amount")) if in_usd else None,
            stage=has.get("dealstage"),
            owner=self._owners.email_of(has.get("hubspot_owner_id")),
        )


def oldest_first(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda one: _age(one.id))


def _age(number: str) -> tuple[int, str]:
    """HubSpot's ids are numbers that grow."""
    return (len(number), number)


def _whole(amount: str | None) -> int | None:
    try:
        return round(float(amount)) if amount is not None else None
    except (ValueError, OverflowError):  # not a number, or not a finite one
        return None
