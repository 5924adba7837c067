"""Closed deals in HubSpot: how they ended, for whom, and what they were worth. Blocking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from graph.ports import AccountQuery
from graph.rules.countries import country_code
from graph.rules.firmographics import industry_of
from graph.rules.text import line
from tools.account_metadata import PastAccount
from tools.hubspot.calls import INPUTS, Found, HubSpotCalls

_DEAL: Final = (
    "dealname", "amount", "deal_currency_code", "hs_is_closed", "hs_is_closed_won", "closedate", "createdate",
    "closed_lost_reason", "closed_won_reason",
)  # fmt: skip
_COMPANY: Final = (
    "domain",
    "name",
    "industry",
    "lead_router_industry",
    "country",
    "numberofemployees",
    "annualrevenue",
)
_LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class ClosedDeal:
    """amount_usd: None where it is not known, or in another currency. emails: of its contacts, in lower case; account: of
    its first company, None without one that has a domain or a name."""

    deal_id: str
    won: bool
    closed_at: datetime
    amount_usd: float | None
    reason: str | None
    days: int | None
    emails: tuple[str, ...]
    account: AccountQuery | None

    @property
    def past(self) -> PastAccount | None:
        """The account as similar accounts know it."""
        if self.account is None:
            return None
        return PastAccount(
            self.account.domain or f"hubspot deal {self.deal_id}",
            self.account,
            "won" if self.won else "lost",
            self.reason,
            None if self.amount_usd is None else round(self.amount_usd),
            self.days,
            self.closed_at.date(),
        )


class Deals:
    """currency: of deals that name none, the portal's own. Raises VendorError."""

    def __init__(self, calls: HubSpotCalls, currency: str) -> None:
        self._calls, self._currency = calls, currency

    def these(self, ids: Sequence[str]) -> dict[str, ClosedDeal | None]:
        """By id: how it ended; None for one that is open. One that is not there is left out."""
        found = {one.id: one for one in self._calls.read("deals", ids, _DEAL)}
        contacts = self._calls.links("deals", list(found), "contacts")
        companies = self._calls.links("deals", list(found), "companies")
        linked = {number: (tuple(contacts.get(number, ())), tuple(companies.get(number, ()))) for number in found}
        closed = {one.deal_id: one for one in self._told(list(found.values()), linked)}
        return {number: closed.get(number) for number in found}

    def every(self) -> Iterator[ClosedDeal]:
        """All that are closed, a page after the other."""
        listed = self._calls.every("deals", _DEAL, ("contacts", "companies"))
        closed = (one for one in listed if _is_closed(one))
        while page := list(islice(closed, INPUTS)):
            linked = {one.id: (one.linked.get("contacts", ()), one.linked.get("companies", ())) for one in page}
            yield from self._told(page, linked)

    def _told(
        self, deals: Sequence[Found], linked: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    ) -> Iterator[ClosedDeal]:
        closed = [one for one in deals if _is_closed(one) and _moment(one.properties.get("closedate"))]
        people = sorted({number for one in closed for number in linked[one.id][0]})
        firms = sorted({number for one in closed for number in linked[one.id][1]})
        emails = {
            one.id: one.properties["email"].lower()
            for one in self._calls.read("contacts", people, ("email",))
            if "email" in one.properties
        }
        accounts = {one.id: _account(one) for one in self._calls.read("companies", firms, _COMPANY)}
        for one in closed:
            contacts, companies = linked[one.id]
            account = next((found for number in companies if (found := accounts.get(number))), None)
            yield self._closed(one, tuple(emails[number] for number in contacts if number in emails), account)

    def _closed(self, deal: Found, emails: tuple[str, ...], account: AccountQuery | None) -> ClosedDeal:
        has = deal.properties
        closed_at, made_at = _moment(has.get("closedate")), _moment(has.get("createdate"))
        assert closed_at is not None
        won = has.get("hs_is_closed_won") == "true"
        in_usd = has.get("deal_currency_code", self._currency).upper() == "USD"
        reason = has.get("closed_won_reason" if won else "closed_lost_reason")
        return ClosedDeal(
            deal.id,
            won,
            closed_at,
            _amount(has.get("amount")) if in_usd else None,
            line(reason[:_LONGEST_REASON]) if reason else None,
            (closed_at - made_at).days if made_at is not None and made_at <= closed_at else None,
            emails,
            account,
        )


def _is_closed(deal: Found) -> bool:
    return deal.properties.get("hs_is_closed") == "true"


def _account(company: Found) -> AccountQuery | None:
    has = company.properties
    domain, name = has.get("domain", "").lower() or None, has.get("name")
    if domain is None and name is None:
        return None
    typed = has.get("lead_router_industry") or has.get("industry", "").replace("_", " ")
    return AccountQuery(
        domain,
        name,
        industry_of(typed) if typed else None,
        country_code(has.get("country", "")),
        _whole(has.get("numberofemployees")),
        _whole(has.get("annualrevenue")),
    )


def _moment(text: str | None) -> datetime | None:
    """HubSpot's times: ISO with a zone, a day alone, or milliseconds."""
    if not text:
        return None
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        read = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _amount(text: str | None) -> float | None:
    try:
        amount = float(text or "")
    except ValueError:
        return None
    return amount if 0 < amount < 1e12 else None


def _whole(text: str | None) -> int | None:
    amount = _amount(text)
    return None if amount is None else round(amount)
