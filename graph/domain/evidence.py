"""Why we believe something about a company or a person: matches with code and confidence, where each value came from, who
said otherwise, who was asked. Written into the decision record; never decides anything by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from graph.domain.values import value

MatchCode: TypeAlias = Literal[
    "domain",  # the account's own domain, or a host below it
    "domain_family",  # another domain of the same owner
    "name",  # the name alone, rare enough
    "name_place",  # the name, with place or address
    "name_phone",  # the name, with the phone's head office
    "phone",
    "address",
    "hierarchy",  # named by the CRM's own parent-child links
    "none",  # nothing fits, or nothing fits well enough
    "rivals",  # two or more fit about equally
]


@value(frozen=True)
class AccountMatch:
    """Which known account a lead's company is.

    key: the account's, as in `tools.accounts.known`; None for `none` and `rivals`. confidence: 0..1, the share of matches
    like this one that are right. why: a sentence for people. rivals: keys of the other accounts that fit about as well,
    best first. For `none` the confidence is that of the best that was turned down, 0 where there is none.
    """

    key: str | None
    code: MatchCode
    confidence: float
    why: str
    rivals: tuple[str, ...] = ()


@value(frozen=True)
class Origin:
    """Where one field of a profile came from. at: when the source said it, which a cache makes earlier than the run."""

    field: str
    source: str
    at: datetime


@value(frozen=True)
class Dispute:
    """A source that says something else than the value that was taken; said: its value as text."""

    field: str
    source: str
    said: str


@value(frozen=True)
class Tried:
    """What one source answered. outcome: `found`, `absent`, `cached`, `not needed`, or why it was not asked or did not
    answer (`timeout`, `pending`, `over budget`, `switched off`, `resting`, ...: classes of reason, never a vendor's text)."""

    source: str
    outcome: str


PersonCode: TypeAlias = Literal[
    "merged",  # people, or the router before, have linked the two
    "email",  # one personal address, and no name that contradicts; in bulk only, at intake these are one lead
    "phone_name",  # one phone, one name
    "phone_initial",  # one phone, the name with an initial for the first one
    "phone_typo",  # one phone, a slip in the name
    "switchboard_name",  # one name behind a phone that several people give
    "mail_family",  # the same mailbox name at another domain of one company, and a name that fits
    "company_name",  # one rare name at one company
    "common_company_name",  # the same with a name that others have too
    "company_initial",  # one company, an initial for the first name
    "company_typo",  # one company, a slip in the name, mailboxes alike
    "typed_name",  # one rare name, a work and a private address, the same company typed
    "common_typed_name",  # the same with a name that others have too
    "statistical",  # in bulk only: the columns together say so, no single rule does
    "none",  # nobody fits, or nobody well enough
    "rivals",  # two or more fit about equally
]


@value(frozen=True)
class PersonMatch:
    """Which earlier lead is the same person under another key.

    lead_id: that lead's; None for `none` and `rivals`. confidence: 0..1, the share of matches of this code that are right
    (infra/docs/duplicates.md says how it was measured). why: a sentence for people. rivals: ids of the other leads that fit
    about as well, best first; for `rivals` all of them. For `none` the confidence is 0.
    """

    lead_id: str | None
    code: PersonCode
    confidence: float
    why: str
    rivals: tuple[str, ...] = ()
