"""What HubSpot knows of a batch of leads' accounts: a handful of calls for the whole batch, none a lead.

Contacts by e-mail are read, not searched: HubSpot's search shows a new object some seconds late, and allows few calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graph.domain.account import CrmAccount, Opportunity
from graph.ports import CrmAsk
from graph.rules.company_names import NAME_KEY, company_key
from tools.hubspot.calls import Found, HubSpotCalls
from tools.hubspot.portal import KEY, Owners

_DEAL = ("dealname", "amount", "deal_currency_code", "dealstage", "hubspot_owner_id", "hs_is_closed")
_PARENT = "hs_parent_company_id"  # HubSpot keeps it from the association "parent company"; nobody writes it
_COMPANY = ("domain", "name", "hubspot_owner_id", _PARENT)
_LEVELS = 6
"""Parents of parents that are read, a call a level: a line that is longer has no ultimate parent that we know."""


class Reader:
    """Blocking. currency: of amounts that name none, the portal's own. Raises VendorError."""

    def __init__(self, calls: HubSpotCalls, owners: Owners, currency: str) -> None:
        self._calls, self._owners, self._currency = calls, owners, currency

    def accounts(self, asks: Sequence[CrmAsk]) -> list[CrmAccount]:
        """One for each ask, in order, without what only our own record knows (family_leads_30d)."""
        contacts = self._contacts(asks)
        companies = self._companies(ask_domain for ask in asks for ask_domain in (ask.domain, ask.parent_domain))
        tops = self._ultimate({found.id: found for ask in asks if (found := companies.get(ask.domain or ""))})
        places = []
        for ask in asks:
            company, linked = companies.get(ask.domain or ""), None
            if company is not None:
                linked = tops.get(company.id)
            places.append((ask, company, linked, companies.get(ask.parent_domain or "") or linked))
        wanted = {found.id for _, company, _, parent in places for found in (company, parent) if found is not None}
        deals = self._opportunities(sorted(wanted))
        return [
            CrmAccount(
                company_id=company.id if company else None,
                contact_id=contacts.get((ask.email or ask.phone or "").lower()),
                owner=self._owner(company),
                parent_owner=self._owner(parent),
                open_opportunities=deals.get(company.id, ()) if company else (),
                parent_opportunities=deals.get(parent.id, ()) if parent and parent is not company else (),
                parent_domain=_key(linked),
                parent_name=linked.properties.get("name") if linked else None,
            )
            for ask, company, linked, parent in places
        ]

    def _ultimate(self, companies: dict[str, Found]) -> dict[str, Found]:
        """The last company up the line of HubSpot's own links, by the id of each that has one above it. A line that runs in
        a circle, leads to a company that is not there, or is longer than _LEVELS has none."""
        read = dict(companies)
        missing = {up for one in companies.values() if (up := one.properties.get(_PARENT))} - read.keys()
        for _ in range(_LEVELS):
            if not missing:
                break
            level = self._calls.read("companies", sorted(missing), _COMPANY)
            read |= {one.id: one for one in level}
            missing = {up for one in level if (up := one.properties.get(_PARENT))} - read.keys()
        tops = {number: _top(one, read) for number, one in companies.items()}
        return {number: top for number, top in tops.items() if top is not None}

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
        found = self._calls.search("companies", "domain", wanted, _COMPANY)
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


def contacts_by_key(calls: HubSpotCalls, contact_keys: Sequence[str], wanted: Sequence[str] = ()) -> dict[str, Found]:
    """The contacts of these keys (e-mail addresses, also further ones; else our unique property), with these properties; one
    that is not there is left out. Raises VendorError."""
    keys = list(dict.fromkeys(contact_keys))
    emails, others = [key for key in keys if "@" in key], [key for key in keys if "@" not in key]
    found: dict[str, Found] = {}
    for one in calls.read("contacts", emails, ("email", "hs_additional_emails", *wanted), "email"):
        further = one.properties.get("hs_additional_emails", "").split(";")
        held = {email.strip().lower() for email in (one.properties.get("email", ""), *further)}
        found |= {key: one for key in emails if key.lower() in held}
    for one in calls.read("contacts", others, (KEY, *wanted), KEY):
        found[one.properties.get(KEY, "")] = one
    return found


def _top(company: Found, read: dict[str, Found]) -> Found | None:
    seen, at = {company.id}, company
    while (up := at.properties.get(_PARENT)) is not None:
        if up in seen or up not in read:
            return None
        seen.add(up)
        at = read[up]
    return at if at is not company else None


def _key(company: Found | None) -> str | None:
    """A company's domain; its name's key where it has none, as the list of known accounts has it."""
    if company is None:
        return None
    domain, name = company.properties.get("domain", "").lower(), company_key(company.properties.get("name", ""))
    return domain or (f"{NAME_KEY}{name}" if name else None)


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
