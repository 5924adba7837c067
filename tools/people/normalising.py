"""A row of anybody's table as the person it names: the same reading of addresses, phones and companies as at intake."""

from __future__ import annotations

from graph.domain.person import Who
from graph.rules.countries import country_code
from graph.rules.domains import company_domain, host_of
from graph.rules.emails import read_address
from graph.rules.phones import e164
from graph.rules.text import choice, line


def who_of(
    record_id: str,
    full_name: str | None,
    email: str | None,
    phone: str | None,
    company: str | None,
    country: str | None = None,
    domain: str | None = None,
) -> Who:
    """Every value as typed, None for blank. What is not understood is None, as at intake."""
    address = read_address(line(email, 320))
    number = choice(phone, 60)
    home = choice(country, 100)
    typed = company_domain(host_of(domain)) if domain else None
    return Who(
        record_id,
        line(full_name),
        address.email if address else None,
        e164(number, country_code(home) if home else None) if number else None,
        choice(company),
        typed or (company_domain(address.host) if address else None),
    )
