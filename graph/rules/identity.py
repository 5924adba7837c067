"""Who wrote: the key that makes submissions one lead, the digest that makes two bodies one submission, and `capture`,
which turns a form as typed into the lead that rules read.

Never guesses and never invents: a value that is not understood is None and stays, as typed, in `unknown`. What a
stranger typed is only ever normalised or bounded, never acted on.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from hashlib import blake2b

from graph.domain.lead import EmailDomainType, Form, Lead
from graph.rules.aliases import NONE, Aliases, meaning
from graph.rules.bots import findings
from graph.rules.countries import country_code
from graph.rules.domains import mailbox_type
from graph.rules.emails import read_address
from graph.rules.firmographics import employees_from, industry_of, source_key
from graph.rules.form_fields import (
    LONGEST_COUNTRY,
    LONGEST_EMAIL,
    LONGEST_PHONE,
    Notes,
    cleaned,
    mailbox_findings,
    read_choice,
    read_company,
    read_email,
    read_name,
    read_phone,
    read_place,
    read_postal,
)
from graph.rules.phones import e164
from graph.rules.text import answer, choice, line
from graph.rules.timing import sent_at
from graph.rules.titles import function_of, seniority


def identity_key(form: Form) -> str | None:
    """The person behind a form, in one spelling: `email:maria@acme.com`, else `phone:+14155550132`, else None.

    Equal keys are one lead. For mailboxes at Gmail dots and `+tags` do not count; case and white space never do.
    """
    address = read_address(line(form.email, LONGEST_EMAIL))
    if address is not None:
        return f"email:{address.person}"
    country = choice(form.country, LONGEST_COUNTRY)
    number = e164(answer(form.phone, LONGEST_PHONE), country_code(country) if country else None)
    return None if number is None else f"phone:{number}"


_OF_THE_MOMENT = ("fill_time_ms", "submitted_at")  # differ between two clicks on one button
_DIGESTED = tuple((f.name, f"{f.name}\x1e") for f in fields(Form) if f.name not in ("email", "extra", *_OF_THE_MOMENT))


def content_digest(form: Form) -> str:
    """32 hexadecimal digits (BLAKE2b) of what was typed. Case and white space of the e-mail do not count, nor do runs
    of white space elsewhere, nor how long the form was open and when it was sent."""
    address = read_address(line(form.email, LONGEST_EMAIL))
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


def capture(form: Form, lead_id: str, received_at: datetime, aliases: Aliases = NONE) -> Lead:
    """The lead that a form becomes: every field normalised, findings as flags, the rest in `unknown`. Never raises.

    received_at: when the submission arrived; what the form says of its own times is held against it. aliases: what the
    routing file says that people mean, by field and spelling.

    company domain: the `domain` field, else the website, else the e-mail's host; free mail gives none. The country is
    never taken from the phone; from the state only where that is a state of the USA written out, or a full ISO code.
    """
    form = cleaned(form)
    notes = Notes()
    address = read_email(form, notes)
    country, state = read_place(form, aliases, notes)
    phone = read_phone(form, country, notes)
    mailbox: EmailDomainType = mailbox_type(address.host) if address else "unknown"
    if address:
        notes.flags.extend(mailbox_findings(address, mailbox, phone))
    name = read_name(form, country, notes)
    domain, host = read_company(form, address, notes)
    industry = read_choice(
        form.industry, "industry", lambda typed: industry_of(typed) or meaning(aliases, "industry", typed), notes
    )
    employees = read_choice(form.employees, "employees", employees_from, notes)
    read_choice(form.submitted_at, "submitted_at", sent_at, notes)
    return Lead(
        lead_id=lead_id,
        email=address.email if address else None,
        email_domain_type=mailbox,
        full_name=name.full,
        title=form.title,
        seniority=seniority(form.title),
        function=function_of(form.title),
        company=form.company,
        domain=domain,
        host=host,
        country=country,
        state=state,
        city=form.city,
        postal=read_postal(form, country, notes),
        phone=phone,
        source=meaning(aliases, "source", form.source) or (source_key(form.source) if form.source else None),
        industry=industry,
        employees=employees,
        product=meaning(aliases, "product", form.product) or form.product,
        message=form.message,
        consent=form.consent,
        flags=(*notes.flags, *findings(form, received_at)),
        unknown=tuple(notes.unknown),
        given_name=name.given,
        family_name=name.family,
    )
