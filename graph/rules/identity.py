"""Who wrote: the key that makes submissions one lead, the digest that makes two bodies one submission, and `capture`,
which turns a form as typed into the lead that rules read.

Never guesses and never invents: a value that is not understood is None and stays, as typed, in `unknown`. What a
stranger typed is only ever normalised or bounded, never acted on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar

from graph.domain.lead import EmailDomainType, Flag, Form, Lead, Unknown
from graph.rules.aliases import NONE, Aliases, meaning
from graph.rules.bots import findings
from graph.rules.countries import country_code
from graph.rules.domains import company_domain, host_of, mailbox_type, registrable
from graph.rules.emails import Address, read_address
from graph.rules.firmographics import employees_from, industry_of, source_key
from graph.rules.phones import e164
from graph.rules.states import state_code
from graph.rules.text import block, choice, line
from graph.rules.titles import function_of, seniority

T = TypeVar("T")

LONGEST_MESSAGE = 5_000
_LONGEST_EMAIL, _LONGEST_COUNTRY, _LONGEST_PHONE = 320, 100, 60
_LONGEST_UNKNOWN = 120


def identity_key(form: Form) -> str | None:
    """The person behind a form, in one spelling: `email:maria@acme.com`, else `phone:+14155550132`, else None.

    Equal keys are one lead. For mailboxes at Gmail dots and `+tags` do not count; case and white space never do.
    """
    address = read_address(line(form.email, _LONGEST_EMAIL))
    if address is not None:
        return f"email:{address.person}"
    country = choice(form.country, _LONGEST_COUNTRY)
    number = e164(choice(form.phone, _LONGEST_PHONE), country_code(country) if country else None)
    return None if number is None else f"phone:{number}"


_DIGESTED = tuple((f.name, f"{f.name}\x1e") for f in fields(Form) if f.name not in ("email", "extra", "fill_time_ms"))


def content_digest(form: Form) -> str:
    """32 hexadecimal digits (BLAKE2b) of what was typed. Case and white space of the e-mail do not count, nor do runs
    of white space elsewhere, nor the time the form was open."""
    address = read_address(line(form.email, _LONGEST_EMAIL))
    email = address.email if address else form.email
    # Cleaning takes control characters out of values and names, so that the separators are unambiguous.
    parts = [] if email is None else [f"email\x1e{_plain(email)}"]
    parts += [begin + _plain(typed) for name, begin in _DIGESTED if (typed := getattr(form, name)) is not None]
    parts += [f"{_plain(f'extra.{name}')}\x1e{_plain(typed)}" for name, typed in sorted(form.extra.items())]
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _plain(value: object) -> str:
    text = str(value)
    if text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]:
        return text  # as most are; a printable text holds no white space but blanks
    return line(text, len(text)) or ""


@dataclass(slots=True)
class _Notes:
    """What capture finds out on the way, in a fixed order."""

    flags: list[Flag] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def not_understood(self, name: str, typed: str) -> None:
        self.unknown.append(Unknown(name, typed[:_LONGEST_UNKNOWN]))


def capture(form: Form, lead_id: str, received_at: datetime, aliases: Aliases = NONE) -> Lead:  # noqa: ARG001 - rules are given their time; none here asks for it
    """The lead that a form becomes: every field normalised, findings as flags, the rest in `unknown`. Never raises.

    aliases: what the routing file says that people mean, by field and spelling.

    company domain: the `domain` field, else the website, else the e-mail's host; free mail gives none. The country is
    never taken from the phone; from the state only where that is a state of the USA written out, or a full ISO code.
    """
    form = _cleaned(form)
    notes = _Notes()
    address = _address(form, notes)
    country, state = _place(form, aliases, notes)
    phone = _phone(form, country, notes)
    mailbox: EmailDomainType = mailbox_type(address.host) if address else "unknown"
    if address and mailbox == "free":
        notes.flags.append(Flag("free_mail", f"The mailbox is at a free provider ({address.host})."))
    domain, host = _company(form, address, notes)
    industry = _choice(
        form.industry, "industry", lambda typed: industry_of(typed) or meaning(aliases, "industry", typed), notes
    )
    employees = _choice(form.employees, "employees", employees_from, notes)
    return Lead(
        lead_id=lead_id,
        email=address.email if address else None,
        email_domain_type=mailbox,
        full_name=form.full_name,
        title=form.title,
        seniority=seniority(form.title),
        function=function_of(form.title),
        company=form.company,
        domain=domain,
        host=host,
        country=country,
        state=state,
        city=form.city,
        postal=form.postal.upper() if form.postal else None,
        phone=phone,
        source=meaning(aliases, "source", form.source) or (source_key(form.source) if form.source else None),
        industry=industry,
        employees=employees,
        product=meaning(aliases, "product", form.product) or form.product,
        message=form.message,
        consent=form.consent,
        flags=(*notes.flags, *findings(form)),
        unknown=tuple(notes.unknown),
    )


def _cleaned(form: Form) -> Form:
    return Form(
        email=line(form.email, _LONGEST_EMAIL),
        company=choice(form.company),
        full_name=line(form.full_name),
        title=choice(form.title),
        source=choice(form.source, 100),
        country=choice(form.country, _LONGEST_COUNTRY),
        state=choice(form.state, 100),
        city=choice(form.city, 100),
        postal=choice(form.postal, 20),
        phone=choice(form.phone, _LONGEST_PHONE),
        website=choice(form.website, 500),
        domain=choice(form.domain, 300),
        industry=choice(form.industry, 100),
        employees=choice(form.employees, 60),
        product=line(form.product),
        message=block(form.message, LONGEST_MESSAGE),
        consent=form.consent,
        honeypot=form.honeypot,
        fill_time_ms=form.fill_time_ms,
    )


def _address(form: Form, notes: _Notes) -> Address | None:
    address = read_address(form.email)
    if address is None and form.email is not None:
        notes.not_understood("email", form.email)
        notes.flags.append(Flag("email_invalid", "What was typed as an e-mail is no address that can get mail."))
    return address


def _place(form: Form, aliases: Aliases, notes: _Notes) -> tuple[str | None, str | None]:
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


def _phone(form: Form, country: str | None, notes: _Notes) -> str | None:
    phone = e164(form.phone, country)
    if phone is None and form.phone is not None:
        notes.not_understood("phone", form.phone)
    return phone


def _company(form: Form, address: Address | None, notes: _Notes) -> tuple[str | None, str | None]:
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


def _choice(typed: str | None, name: str, read: Callable[[str], T | None], notes: _Notes) -> T | None:
    """A field read by `read`; what it cannot read is noted."""
    if typed is None:
        return None
    value = read(typed)
    if value is None:
        notes.not_understood(name, typed)
    return value
