"""A person behind leads: what a match looks at, and what is told of somebody who wrote before under another key."""

from __future__ import annotations

from datetime import datetime

from graph.domain.evidence import PersonMatch
from graph.domain.values import value


@value(frozen=True)
class Who:
    """What a lead says of its person, normalised. lead_id: of the lead, so that nobody is compared with themselves; email
    in lower case; phone: E.164; domain: registrable company domain, None for free mail; company: as typed; parent_domain:
    the ultimate parent's, where known."""

    lead_id: str
    full_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    domain: str | None = None
    parent_domain: str | None = None


@value(frozen=True)
class Candidate:
    """An earlier lead that shares a key with the one asked about. name_leads: leads with the same name anywhere, counted up
    to a bound; phone_names: different names behind its phone, likewise; group: the person it belongs to, the same for
    leads that were merged. merged: it is linked with the lead asked about already."""

    who: Who
    name_leads: int = 1
    phone_names: int = 1
    group: str = ""
    merged: bool = False


@value(frozen=True)
class KnownPerson:
    """Somebody who wrote before under another key. Of the other lead: name, e-mail, phone, owner, whether it is open (somebody
    has it, and it has no outcome), its pool turns (pool, member), when it came first. emails: every address of the person
    that is not this lead's own. Blank where `match` names nobody."""

    match: PersonMatch
    full_name: str | None = None
    email: str | None = None
    phone: str | None = None
    owner: str | None = None
    open: bool = False
    turns: tuple[tuple[str, str], ...] = ()
    emails: tuple[str, ...] = ()
    since: datetime | None = None
