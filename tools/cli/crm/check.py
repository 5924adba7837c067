"""Whether the router can work with the CRM: the token and what it may read, our properties, and an owner there for everybody
who gets leads by the routing file. Writes nothing; --make makes the properties that are missing."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.hubspot.audit import HubSpotAudit
    from tools.settings import Settings

_SCOPES = {
    "contacts": "crm.objects.contacts.read",
    "companies": "crm.objects.companies.read",
    "deals": "crm.objects.deals.read",
    "tasks": "crm.objects.contacts.read",
    "notes": "crm.objects.contacts.read",
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--make", action="store_true", help="make the properties that are missing")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: all well; 1: something is missing; 2: the CRM does not answer, or refuses the token."""
    from graph.ports import VendorError

    if settings.crm == "embedded":
        print("CRM=embedded: it lies in our own database, and anybody may own a contact. Nothing to check.")
        return 0
    from tools.hubspot.audit import HubSpotAudit
    from tools.wiring import hubspot_calls

    audit = HubSpotAudit(hubspot_calls(settings, retries=2))
    try:
        owners = audit.owners()
    except VendorError as error:
        hint = ": the token is wrong, or lacks crm.objects.owners.read" if error.code == "unauthorised" else ""
        print(f"owners cannot be read: {error}{hint}", file=sys.stderr)
        return 2
    print(f"the token is good, {len(owners):,} active owners")
    faults = [*_unreadable(audit), *_properties(audit, make=arguments.make), *_people(settings, owners)]
    if not settings.hubspot_client_secret:
        print("note: HUBSPOT_CLIENT_SECRET is empty, so that owners changed in HubSpot do not come back")
    print("\n".join(faults) if faults else "nothing is missing")
    return 1 if faults else 0


def _unreadable(audit: HubSpotAudit) -> list[str]:
    from graph.ports import VendorError

    faults = []
    for kind in audit.kinds:
        try:
            audit.readable(kind)
        except VendorError as error:
            scope = f"; it needs the scope {_SCOPES[kind]}" if error.code == "unauthorised" else ""
            faults.append(f"{kind} cannot be read: {error}{scope}")
    return faults


def _properties(audit: HubSpotAudit, *, make: bool) -> list[str]:
    from graph.ports import VendorError

    try:
        if make:
            audit.make_properties()
        missing = audit.missing_properties()
    except VendorError as error:
        return [f"properties: {error}"]
    return [f"property {name} is missing: the first write makes it, or `crm check --make`" for name in missing]


def _people(settings: Settings, owners: set[str]) -> list[str]:
    from tools.routing_file import parse

    table = parse(settings.routing_file.read_text(encoding="utf-8"), settings.routing_file.parent)
    active = sorted(email for email, person in table.people_by_email.items() if person.active)
    return [
        f"{email} is no active owner in HubSpot: their leads keep the owner they have there. Invite them."
        for email in active
        if email not in owners
    ]
