"""Who is meant by a name: the account that somebody wants neighbours of, from what the product knows.

Asked in this order, first answer taken: past and open accounts, the CRM's companies (the embedded twin's), companies of
leads as their decisions saw them, then whoever tells company facts for free. More than one answer is no answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Engine, func, or_, select

from graph.domain.account import CompanyProfile
from graph.domain.facts import value_of
from graph.ports import AccountQuery, CompanyAsk, Enrichment
from graph.rules.domains import company_domain
from tools.store.past_reading import find
from tools.store.tables import crm_companies, decisions, leads

MOST = 10


@dataclass(frozen=True, slots=True)
class Meant:
    """account: who it is, None where nobody or more than one is; found_in: where; rivals: keys of those it may be."""

    account: AccountQuery | None
    found_in: str = ""
    rivals: tuple[str, ...] = ()


async def who(engine: Engine, facts: Enrichment | None, named: str, now: datetime) -> Meant:
    """named: a domain, an account's id, a name, a lead's id or address. facts: asked last, None for nobody."""
    meant = await asyncio.to_thread(meant_by, engine, named)
    if meant.account is not None or meant.rivals or facts is None:
        return meant
    domain = company_domain(named.strip().lower())
    (fact,) = await facts.profiles([CompanyAsk(domain, None if domain else named.strip())], now)
    profile = value_of(fact)
    if profile is None or not (profile.domain or profile.name):
        return Meant(None)
    return Meant(query_of(profile), fact.source)


def meant_by(engine: Engine, named: str) -> Meant:
    """The same from the store alone. Blocking."""
    named = named.strip()
    for where, look in (("past accounts", _past), ("the CRM", _crm), ("leads", _leads)):
        found = look(engine, named)
        if len(found) > 1:
            return Meant(None, where, tuple(sorted(found))[:MOST])
        for account in found.values():
            return Meant(account, where)
    return Meant(None)


def query_of(profile: CompanyProfile) -> AccountQuery:
    return AccountQuery(
        profile.domain,
        profile.name,
        profile.industry,
        profile.country,
        profile.employees,
        profile.revenue_usd,
        profile.technologies,
    )


def _past(engine: Engine, named: str) -> dict[str, AccountQuery]:
    return {key: account for key, account, _ in find(engine, named, MOST)}


def _crm(engine: Engine, named: str) -> dict[str, AccountQuery]:
    of = crm_companies.c
    wanted = select(crm_companies).where(or_(of.domain == named.lower(), func.lower(of.name) == named.lower()))
    with engine.connect() as connection:
        return {
            row.domain: AccountQuery(row.domain, row.name, row.industry, row.country, row.employees, None)
            for row in connection.execute(wanted.limit(MOST))
        }


def _leads(engine: Engine, named: str) -> dict[str, AccountQuery]:
    """By domain, or by lead where there is none; the newest decision about each."""
    of, name = leads.c, named.lower()
    theirs = or_(of.lead_id == named, of.domain == name, func.lower(of.company) == name, func.lower(of.email) == name)
    newest = (decisions.c.lead_id == of.lead_id) & (decisions.c.revision == of.revision)
    wanted = select(decisions.c.record).select_from(leads.join(decisions, newest)).where(theirs)
    with engine.connect() as connection:
        records = connection.scalars(wanted.order_by(of.decided_at).limit(MOST)).all()
    found: dict[str, AccountQuery] = {}
    for record in map(orjson.loads, records):
        account = _of_record(record)
        found[account.domain or record["lead_id"]] = account
    return found


def _of_record(record: dict[str, Any]) -> AccountQuery:
    """What the decision compared by."""
    lead, fact = record["lead"], record["facts"]["profile"] or {}
    profile = fact.get("value") or {}
    return AccountQuery(
        domain=lead["domain"] or profile.get("domain"),
        name=profile.get("name") or lead["company"],
        industry=lead["industry"] or profile.get("industry"),
        country=profile.get("country") or lead["country"],
        employees=profile.get("employees") if profile else lead["employees"],
        revenue_usd=profile.get("revenue_usd"),
        technologies=tuple(profile.get("technologies") or ()),
    )
