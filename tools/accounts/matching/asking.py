"""A company as people write it down, as an ask: for the command line and for files. What a lead says comes from `capture`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graph.ports import CompanyAsk
from graph.rules.countries import country_code, country_names
from graph.rules.domains import company_domain, host_of
from graph.rules.emails import read_address
from graph.rules.phones import e164
from graph.rules.spelling import clear_meaning
from graph.rules.states import state_code
from graph.rules.text import choice, line

FIELDS: Final = ("domain", "email", "name", "country", "state", "city", "postal", "street", "phone")
_LONGEST: Final = 320


def ask_of(fields: Mapping[str, str]) -> tuple[CompanyAsk, list[str]]:
    """fields: any of FIELDS, as written. Returns the ask, and a sentence for each value that is not understood and was left
    out. A name beside an address at a free mail provider counts as claimed, see `CompanyAsk`."""
    given = {name: cleaned for name in FIELDS if (cleaned := choice(fields.get(name), _LONGEST))}
    problems: list[str] = []
    host, claimed = _host(given, problems)
    country, state = _place(given, problems)
    phone = e164(given.get("phone"), country)
    if phone is None and "phone" in given:
        where = f"in {country}" if country else "without a country; write it as +14155550100"
        problems.append(f"phone {_shown(given['phone'])} is no number {where}")
    return CompanyAsk(
        domain=company_domain(host),
        name=line(given.get("name")),
        host=host if company_domain(host) else None,
        phone=phone,
        country=country,
        state=state,
        postal=given.get("postal"),
        city=given.get("city"),
        claimed=claimed and "name" in given,
        street=given.get("street"),
    ), problems


def _host(given: Mapping[str, str], problems: list[str]) -> tuple[str | None, bool]:
    """(host, whether a mailbox at a free provider is all there is)."""
    address = read_address(given.get("email"))
    if address is None and "email" in given:
        problems.append(f"email {_shown(given['email'])} is no address")
    host = host_of(given.get("domain"))
    if host is None and "domain" in given:
        problems.append(f"domain {_shown(given['domain'])} is no domain; write acme.com or a link")
    if company_domain(host) is not None:
        return host, False
    own = address.host if address else host
    return own, own is not None and company_domain(own) is None


def _place(given: Mapping[str, str], problems: list[str]) -> tuple[str | None, str | None]:
    country = country_code(given["country"]) if "country" in given else None
    if country is None and "country" in given:
        meant = clear_meaning(given["country"], country_names())
        hint = f"; did you mean {meant}?" if meant else "; write DE or Germany"
        problems.append(f"country {_shown(given['country'])} is no country{hint}")
    state = state_code(given["state"], country) if "state" in given else None
    if state is None and "state" in given:
        hint = "" if country else " without its country"
        problems.append(f"state {_shown(given['state'])} is not known{hint}")
    return country or (state[:2] if state else None), state


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
