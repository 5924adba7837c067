"""Who wrote to us: the form as typed, and the lead it becomes.

A `Form` keeps what a stranger typed, unchanged. A `Lead` holds the normalised values that rules read; what could not be
understood stays in `unknown` as typed and is None in the field, so an unknown value can never match a rule by accident.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Final, Literal, TypeAlias

from graph.domain.values import value

EmailDomainType: TypeAlias = Literal["corporate", "free", "edu", "government", "unknown"]
Seniority: TypeAlias = Literal["c_level", "vp", "director", "manager", "individual", "unknown"]
Path: TypeAlias = Literal["qualify", "nurture", "manual_review"]
Cause: TypeAlias = Literal[
    "submission", "retry", "pass", "approved", "missed", "judged", "enriched", "activity", "reassigned"
]
GIVES_BACK: Final = frozenset({"pass", "missed"})
"""Causes that end one assignment, which they name: they count only while it is still on offer."""
LATE: Final = frozenset({"judged", "enriched", "activity"})
"""Causes that name the decision after which something became known: a judgement, facts of the company, or what the person
did since."""
KEEPS_ITS_WAY: Final = LATE | {"reassigned"}
"""Causes that take no lead that somebody was alerted of back into a sequence: a person in the CRM may also give it away."""
MAY_COME_LATE: Final = GIVES_BACK | LATE
"""Causes that count only while what they name stands: an assignment on offer, or the newest decision."""


@value(frozen=True)
class Form:
    """One POST as typed. Blank fields are None; `first_name` and `last_name` where the form asked for them apart (`full_name`
    holds both); `fill_time_ms` is the time the form was open in milliseconds, `submitted_at` when the form says it was sent.

    asked: the field that this form asked for as an answer to a question of ours; blanks: how often each was asked for and
    left blank, over all forms of the person (`employees:1 title:2`). Nobody posts `blanks`: it is counted.
    """

    email: str | None = None
    company: str | None = None
    full_name: str | None = None
    title: str | None = None
    source: str | None = None
    country: str | None = None
    state: str | None = None
    city: str | None = None
    postal: str | None = None
    phone: str | None = None
    website: str | None = None
    domain: str | None = None
    industry: str | None = None
    employees: str | None = None
    product: str | None = None
    message: str | None = None
    consent: bool | None = None
    consent_text: str | None = None
    honeypot: str | None = None
    fill_time_ms: int | None = None
    first_name: str | None = None
    last_name: str | None = None
    submitted_at: str | None = None
    asked: str | None = None
    blanks: str | None = None
    extra: dict[str, str] = field(default_factory=dict)


@value(frozen=True)
class Submission:
    """One accepted request to decide a lead: a POST, an operator's retry, an owner's pass, a reviewer's approval, a
    time to accept that went by, what became known after the decision (a language model's judgement, company facts, what
    the person did), or another owner whom a person chose in the CRM.

    `submission_id` is unique for ever and makes the commit idempotent. `excluded` lists owner e-mails that may not get
    the lead again (they passed or missed it); `assignment` is the number of the assignment that a pass or a miss ends;
    `revision` is the decision that a late judgement, late facts or new activity are about; `to` is the owner whom somebody
    chose (e-mail, in lower case), `by` who did.
    """

    submission_id: str
    lead_id: str
    received_at: datetime
    form: Form
    cause: Cause = "submission"
    reason: str = ""
    excluded: tuple[str, ...] = ()
    assignment: int | None = None
    revision: int | None = None
    to: str | None = None
    by: str | None = None


@value(frozen=True)
class Flag:
    """A finding about the submission itself; `code` is stable (`bot_honeypot`, `free_mail`), `reason` is for people."""

    code: str
    reason: str
    review: bool = False


@value(frozen=True)
class Unknown:
    """A value that could not be understood, kept as typed."""

    field: str
    typed: str


@value(frozen=True)
class Lead:
    """The normalised person and company as far as the form says it.

    country: ISO 3166-1 alpha-2; state: ISO 3166-2 (`US-CA`); phone: E.164; domain: registrable company domain, None for
    free mail; host: the full host of the e-mail address or website, for accounts that name a subdomain. postal: as its
    country writes it. given_name and family_name: None where it is not sure which is which.
    """

    lead_id: str
    email: str | None
    email_domain_type: EmailDomainType
    full_name: str | None
    title: str | None
    seniority: Seniority
    function: str
    company: str | None
    domain: str | None
    host: str | None
    country: str | None
    state: str | None
    city: str | None
    postal: str | None
    phone: str | None
    source: str | None
    industry: str | None
    employees: int | None
    product: str | None
    message: str | None
    consent: bool | None
    flags: tuple[Flag, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    given_name: str | None = None
    family_name: str | None = None

    @property
    def needs_review(self) -> bool:
        return any(flag.review for flag in self.flags)
