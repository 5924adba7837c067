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
