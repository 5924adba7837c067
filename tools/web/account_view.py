"""One account put together for people: what the newest decisions say of it, who names its owner, its family, its deals.

Made from decision records as they were decided and from the list of known accounts; shows, never decides. Times say as of
when. Values are as typed or told by whoever told them: whoever draws them escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tools.store.account_page import AccountLead, ScoreAt, Seen
from tools.store.accounts import RankedAccount

_OWN: Final = {  # a field of the account -> (in the profile of its daughter, in its own)
    "name": ("parent_name", "name"),
    "employees": ("parent_employees", "employees"),
    "revenue_usd": ("parent_revenue_usd", "revenue_usd"),
    "industry": (None, "industry"),
    "country": (None, "country"),
    "city": (None, "city"),
    "owner": ("parent_owner", "owner"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of the account. by: who says so; at: when they said it, None where nobody noted that."""

    field: str
    value: Any
    by: str
    at: datetime | str | None


@dataclass(frozen=True, slots=True)
class Member:
    """A company of the family. parent: key of its direct owner, None where only the ultimate one is known. depth: steps
    below the ultimate parent. leads 0: known, but nobody wrote yet; score: of its best lead, 0..100."""

    domain: str
    name: str | None
    parent: str | None = None
    depth: int = 1
    leads: int = 0
    score: float | None = None
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """An open opportunity as the CRM had it when a lead was last decided (`seen_at`)."""

    opportunity_id: str
    name: str
    amount_usd: int | None
    stage: str | None
    owner: str | None
    company: str
    seen_at: datetime | str


@dataclass(frozen=True, slots=True)
class AccountView:
    """members_more, leads_total: what pages and bounds leave out can be told. similar: of the newest lead that was compared;
    deals: of the newest decision of each company."""

    parent_domain: str
    name: str
    ranked: RankedAccount | None
    facts: list[Told]
    members: list[Member]
    members_total: int
    leads: list[AccountLead]
    leads_total: int
    page: int
    deals: list[Deal]
    history: list[ScoreAt]
    similar: list[dict[str, Any]] = field(default_factory=list)

    @property
    def owner(self) -> Told | None:
        return next((fact for fact in self.facts if fact.field == "owner"), None)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list of known accounts says: facts of the parent, the family's members (a page of them) and how many; of a
    daughter only her ultimate parent, `head`."""

    facts: Sequence[Told] = ()
    members: Sequence[Member] = ()
    total: int = 0
    head: str | None = None


def view_of(
    parent_domain: str,
    seen: Seen,
    ranked: RankedAccount | None,
    listed: Listed | None,
    *,
    page: int = 1,
    members_page: int = 1,
    most_members: int = 100,
) -> AccountView | None:
    """None for an account that neither a lead nor the list knows. listed: with that page of its members; companies that
    only leads know stand on the first page behind them, or have the pages for themselves where there is no list."""
    if not seen.total and ranked is None and listed is None:
        return None
    first = (members_page - 1) * most_members if listed is None else 0
    listed = listed or Listed()
    facts = _facts(parent_domain, seen.records, listed.facts)
    told_name = next((str(fact.value) for fact in facts if fact.field == "name"), None)
    members = _members(parent_domain, seen, listed.members, alone=members_page == 1 or not listed.total)
    return AccountView(
        parent_domain=parent_domain,
        name=told_name or (ranked.name if ranked else None) or parent_domain.removeprefix("name:"),
        ranked=ranked,
        facts=facts,
        members=members[first : first + most_members],
        members_total=max(len(members), listed.total),
        leads=seen.leads,
        leads_total=seen.total,
        page=page,
        deals=_deals(parent_domain, seen.records),
        history=seen.history,
        similar=next((found for record in seen.records if (found := _value(record, "similar"))), []),
    )


def _facts(parent_domain: str, records: Iterable[Mapping[str, Any]], listed: Sequence[Told]) -> list[Told]:
    """Of each field the newest decision's word, the owner the CRM's before any other; what no decision says, the list's."""
    found: dict[str, Told] = {}
    for record in records:
        if "owner" not in found and (owner := _crm_owner(parent_domain, record)) is not None:
            found["owner"] = owner
        profile, fact = _value(record, "profile"), record["facts"]["profile"]
        if not profile:
            continue
        itself = profile["domain"] == parent_domain and not profile["parent_domain"]
        origins = {origin["field"]: origin for origin in profile.get("origins", ())}
        for name, (as_parent, as_itself) in _OWN.items():
            held = as_itself if itself else as_parent
            if held is None or name in found or profile.get(held) is None:
                continue
            origin = origins.get(held)
            by, at = (origin["source"], origin["at"]) if origin else (fact["source"], fact["at"])
            found[name] = Told(name, profile[held], by, at)
    for told in listed:
        found.setdefault(told.field, told)
    return [found[name] for name in _OWN if name in found] + [t for n, t in found.items() if n not in _OWN]


def _crm_owner(parent_domain: str, record: Mapping[str, Any]) -> Told | None:
    crm, fact = _value(record, "crm"), record["facts"]["crm"]
    if not crm:
        return None
    profile = _value(record, "profile")
    company = record["lead"].get("domain") or (profile["domain"] if profile else None)
    owner = crm["owner"] if company == parent_domain else crm["parent_owner"]
    return Told("owner", owner, "the CRM", fact["at"]) if owner else None


def _members(parent_domain: str, seen: Seen, listed: Sequence[Member], *, alone: bool) -> list[Member]:
    """Those on the list in its order, each with its leads; with `alone` then those that only leads, or a decision's family,
    know."""
    wrote = {company.domain: company for company in seen.companies}
    found: dict[str, Member] = {}
    for one in listed:
        found[one.domain] = _with_leads(one, wrote)
    if not alone:
        return list(found.values())
    families = (domain for record in seen.records if (p := _value(record, "profile")) for domain in p["family"])
    for domain in (*wrote, *families):
        if domain not in found and domain != parent_domain:
            found[domain] = _with_leads(Member(domain, None), wrote)
    if parent_domain in wrote and parent_domain not in found:
        own = _with_leads(Member(parent_domain, None, depth=0), wrote)
        return [own, *found.values()]
    return list(found.values())


def _with_leads(member: Member, wrote: Mapping[str, Any]) -> Member:
    seen = wrote.get(member.domain)
    if seen is None:
        return member
    name = member.name or seen.name
    return Member(member.domain, name, member.parent, member.depth, seen.leads, seen.score, seen.newest_at)


def _deals(parent_domain: str, records: Iterable[Mapping[str, Any]]) -> list[Deal]:
    """The newest word on each company; a deal that is open twice (of a daughter and of her parent) is told once."""
    heard: set[str] = set()
    found: dict[str, Deal] = {}
    for record in records:
        crm = _value(record, "crm")
        if not crm:
            continue
        own = record["lead"].get("domain")
        for company, deals in ((own, crm["open_opportunities"]), (parent_domain, crm.get("parent_opportunities", ()))):
            if not company or company in heard:
                continue
            heard.add(company)
            for deal in deals:
                seen_at = record["facts"]["crm"]["at"]
                found.setdefault(deal["opportunity_id"], Deal(**deal, company=company, seen_at=seen_at))
    return sorted(found.values(), key=lambda deal: -(deal.amount_usd or 0))


def _value(record: Mapping[str, Any], name: str) -> Any:
    """The value of a found fact of the record, else None."""
    fact = (record.get("facts") or {}).get(name)
    return fact["value"] if fact and fact["kind"] == "found" else None
