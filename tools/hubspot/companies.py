"""All companies of a portal with their parents and owners, for the book of known accounts. Blocking, page after page.

Leaves out what the router itself wrote there about parents: it would come back as the CRM's own word.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.hubspot.calls import Found, HubSpotCalls
from tools.hubspot.portal import Owners

_FIELDS = {
    "name": "name",
    "domain": "domain",
    "hs_additional_domains": "domains",
    "country": "country",
    "state": "state",
    "city": "city",
    "zip": "postal",
    "address": "street",
    "phone": "phone",
    "numberofemployees": "employees",
    "industry": "industry",
    "hs_parent_company_id": "parent_id",  # HubSpot keeps it from the association "parent company"
}
_REVENUE = "annualrevenue"
_OWNER = "hubspot_owner_id"


def companies(
    access_token: str,
    base_url: str,
    *,
    currency: str = "USD",
    timeouts_s: tuple[float, float] = (3.0, 30.0),
) -> Iterator[dict[str, str]]:
    """Each company as texts by field of `tools.accounts`. currency: of the portal; another one than US dollars gives no
    revenue. Raises VendorError."""
    calls = HubSpotCalls(access_token, base_url, timeouts_s=timeouts_s, connections=1)
    owners = Owners(calls)
    for found in calls.every("companies", (*_FIELDS, _REVENUE, _OWNER)):
        yield _texts(found, owners, in_usd=currency == "USD")


def _texts(found: Found, owners: Owners, *, in_usd: bool) -> dict[str, str]:
    texts = {field: text for name, field in _FIELDS.items() if (text := found.properties.get(name))}
    texts["id"] = found.id
    if owner := owners.email_of(found.properties.get(_OWNER)):
        texts["owner"] = owner
    if in_usd and (revenue := found.properties.get(_REVENUE)):
        texts["revenue_usd"] = revenue
    return texts
