"""One record of a person from several leads: computed whenever it is shown, never stored, so that nothing is overwritten.

    full_name     the one with most words; of equally long ones the newest
    email         the newest work address, else the newest private one; all of them in `emails`
    phone, title, company, country, ...   the newest that is not blank
    consent       the newest statement, whatever it says
    since, submissions   the first; the sum

Each field names the lead it came from. Leads of one moment are taken in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from graph.domain.values import value

NEWEST: Final = (
    "phone",
    "title",
    "company",
    "domain",
    "country",
    "state",
    "city",
    "postal",
    "industry",
    "product",
    "consent",
)


@value(frozen=True)
class Member:
    """One lead of the person: its newest values by field, None or "" for blank. private: its e-mail is at a free provider."""

    lead_id: str
    at: datetime
    since: datetime
    submissions: int
    private: bool
    fields: Mapping[str, Any]


@value(frozen=True)
class Chosen:
    """A value with the lead it came from and the rule that chose it."""

    value: Any
    lead_id: str
    rule: str


@value(frozen=True)
class Golden:
    """lead_ids, emails: newest first. fields: by name, without blank ones."""

    lead_ids: tuple[str, ...]
    emails: tuple[str, ...]
    since: datetime
    submissions: int
    fields: dict[str, Chosen]


def golden(members: Sequence[Member]) -> Golden:
    """members: at least one, in any order: the same leads give the same record."""
    newest = sorted(sorted(members, key=lambda member: member.lead_id), key=lambda member: member.at, reverse=True)
    found: dict[str, Chosen] = {}
    named = [member for member in newest if _said(member, "full_name")]
    if named:
        longest = max(named, key=lambda member: len(str(member.fields["full_name"]).split()))  # the newest of equals
        found["full_name"] = Chosen(longest.fields["full_name"], longest.lead_id, "most words, then newest")
    with_email = [member for member in newest if _said(member, "email")]
    if with_email:
        best = next((member for member in with_email if not member.private), with_email[0])
        found["email"] = Chosen(best.fields["email"], best.lead_id, "newest work address, else newest")
    for name in NEWEST:
        holder = next((member for member in newest if _said(member, name)), None)
        if holder is not None:
            found[name] = Chosen(holder.fields[name], holder.lead_id, "newest not blank")
    return Golden(
        lead_ids=tuple(member.lead_id for member in newest),
        emails=tuple(dict.fromkeys(str(member.fields["email"]) for member in with_email)),
        since=min(member.since for member in members),
        submissions=sum(member.submissions for member in members),
        fields=found,
    )


def _said(member: Member, name: str) -> bool:
    return member.fields.get(name) not in (None, "")
