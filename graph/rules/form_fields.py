"""The fields of a form, each read into the value that rules know; what cannot be read is noted as typed.

Nothing is guessed, and nothing that was typed is lost. The order of the findings is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from graph.domain.lead import EmailDomainType, Flag, Form, Unknown
from graph.domain.values import evolve
from graph.rules.aliases import Aliases, meaning
from graph.rules.countries import country_code
from graph.rules.domains import company_domain, host_of, is_throw_away, registrable
from graph.rules.emails import Address, read_address
from graph.rules.mailboxes import reader_of
from graph.rules.person_names import PersonName, person_name
from graph.rules.phones import e164
from graph.rules.postals import is_blank, postal_code
from graph.rules.states import state_code
from graph.rules.text import answer, block, choice, line

T = TypeVar("T")

LONGEST_MESSAGE = 5_000
LONGEST_EMAIL, LONGEST_COUNTRY, LONGEST_PHONE, _LONGEST_POSTAL = 320, 100, 60, 20
_LONGEST_UNKNOWN = 120


@dataclass(slots=True)
class Notes:
    """What capture finds out on the way, in a fixed order."""

    flags: list[Flag] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def not_understood(self, name: str, typed: str) -> None:
        self.unknown.append(Unknown(name, typed[:_LONGEST_UNKNOWN]))


def cleaned(form: Form) -> Form:
    return Form(
        email=line(form.email, LONGEST_EMAIL),
        company=answer(form.company),
        full_name=answer(form.full_name),
        title=answer(form.title),
        source=choice(form.source, 100),
        country=choice(form.country, LONGEST_COUNTRY),
        state=choice(form.state, 100),
        city=answer(form.city, 100),
        postal=choice(form.postal, _LONGEST_POSTAL),
        phone=answer(form.phone, LONGEST_PHONE),
        website=answer(form.website, 500),
        domain=answer(form.domain, 300),
        industry=answer(form.industry, 100),
        employees=choice(form.employees, 60),
        product=answer(form.product),
        message=block(form.message, LONGEST_MESSAGE),
        consent=form.consent,
        honeypot=form.honeypot,
        fill_time_ms=form.fill_time_ms,
        first_name=line(form.first_name),
        last_name=line(form.last_name),
        submitted_at=line(form.submitted_at, 40),
    )


def read_email(form: Form, notes: Notes) -> Address | None:
    address = read_address(form.email)
    if address is None and form.email is not None:
        notes.not_understood("email", form.email)
        notes.flags.append(Flag("email_invalid", "What was typed as an e-mail is no address that can get mail."))
    return address


def mailbox_findings(address: Address, mailbox: EmailDomainType, phone: str | None) -> Iterator[Flag]:
    if mailbox == "free":
        if is_throw_away(address.host):
            yield Flag("disposable_mail", f"The mailbox is made to be thrown away ({address.host}).", review=True)
        else:
            yield Flag("free_mail", f"The mailbox is at a free provider ({address.host}).")
    reader = reader_of(address.email)
    if reader == "role":
        yield Flag(
            "role_address", f"The mailbox is a department's, not a person's ({address.email.partition('@')[0]}@)."
        )
    elif reader == "nobody":
        said = "and no phone was given" if phone is None else "the phone is the way to answer"
        yield Flag("no_reply_address", f"Nobody reads mail to this address, {said}.", review=phone is None)


def read_name(form: Form, country: str | None, notes: Notes) -> PersonName:
    """Where the form asked for both names apart, nothing needs to be split."""
    if form.full_name is None:
        return PersonName(None)
    name = person_name(form.full_name, country)
    if name.full is None:
        notes.not_understood("full_name", form.full_name)
    if name.company:
        notes.flags.append(Flag("name_is_company", "A company stands where the person's name should."))
    first, last = form.first_name, form.last_name
    if name.full is None or name.company or not first or not last or f"{first} {last}" != form.full_name:
        return name
    if name.full == form.full_name:
        return evolve(name, given=first, family=last)
    turned = person_name(f"{last}, {first}")  # the same in its own case, and the order is sure
    return turned if turned.full == name.full else name


def read_postal(form: Form, country: str | None, notes: Notes) -> str | None:
    if form.postal is None or is_blank(form.postal):
        return None
    code = postal_code(form.postal, country)
    if code is None:
        notes.not_understood("postal", form.postal)
    return code


def read_place(form: Form, aliases: Aliases, notes: Notes) -> tuple[str | None, str | None]:
    """(country, state). A country that was typed but not understood stays unknown, whatever the state says."""
    country = (country_code(form.country) or meaning(aliases, "country", form.country)) if form.country else None
    if form.country and country is None:
        notes.not_understood("country", form.country)
    if form.state is None:
        return country, None
    known = country is not None or form.country is None
    state = (state_code(form.state, country) or _meant_state(form.state, country, aliases)) if known else None
    if state is None:
        notes.not_understood("state", form.state)
        return country, None
    return state[:2], state


def _meant_state(typed: str, country: str | None, aliases: Aliases) -> str | None:
    """An alias cannot move a lead to another country than the one typed."""
    meant = meaning(aliases, "state", typed)
    return meant if meant is not None and country in (None, meant[:2]) else None


def read_phone(form: Form, country: str | None, notes: Notes) -> str | None:
    phone = e164(form.phone, country)
    if phone is None and form.phone is not None:
        notes.not_understood("phone", form.phone)
    return phone


def read_company(form: Form, address: Address | None, notes: Notes) -> tuple[str | None, str | None]:
    """(company domain, host). The host is the e-mail's where that lies under the same domain: `labs.acme.com`."""
    own = address.host if address else None
    for name, typed in (("domain", form.domain), ("website", form.website)):
        if typed is None:
            continue
        host = host_of(typed)
        if host is None or registrable(host) is None:
            notes.not_understood(name, typed)
        elif (domain := company_domain(host)) is not None:
            return domain, own if own and company_domain(own) == domain else host
    domain = company_domain(own)
    return domain, own if domain else None


def read_choice(typed: str | None, name: str, read: Callable[[str], T | None], notes: Notes) -> T | None:
    """A field read by `read`; what it cannot read is noted."""
    if typed is None:
        return None
    value = read(typed)
    if value is None:
        notes.not_understood(name, typed)
    return value
