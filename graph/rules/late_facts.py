"""Which company facts a decision lacked and may still get, and how those that came later differ. Asks nobody.

Late facts add and correct, they never take away: what was known and is not said again stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from graph.domain.account import CompanyProfile, CrmAccount, JobPost, Opportunity
from graph.domain.facts import Fact, Found, Unavailable, value_of
from graph.domain.late_facts import FactChange
from graph.domain.values import evolve
from graph.rules.bullets import cut
from graph.rules.wording import counted

ENDED: Final = frozenset({"found", "absent", "cached", "not needed", "switched off"})
"""Outcomes of a source that are not asked for again: answers, and a source that was switched off on purpose."""
BUDGET: Final = "over budget"
"""Why a source was not asked that will be asked on another day."""
SHOWN: Final = 40
"""Characters of one value in a difference; a name or a list of technologies may be long."""
_FAMILY: Final = ("parent_domain", "parent_name", "parent_employees", "parent_revenue_usd", "parent_owner", "family")
_EVIDENCE: Final = ("domain", "match", "origins", "disputes", "tried")
_ORDER: Final = (
    "parent_domain",
    "employees",
    "parent_employees",
    "revenue_usd",
    "parent_revenue_usd",
    "industry",
    "owner",
)
_SINGLE: Final = tuple(one.name for one in fields(CompanyProfile) if one.name not in (*_FAMILY, *_EVIDENCE))
_COMPARED: Final = (
    *_ORDER,
    *(one.name for one in fields(CompanyProfile) if one.name not in (*_ORDER, *_EVIDENCE, "family")),
)
"""Every field that says something of the company; what routing asks for first. A family is named by its parent."""
_CRM: Final = ("owner", "parent_owner", "open_opportunities")


def missing(profile: Fact[CompanyProfile] | None, crm: Fact[CrmAccount] | None) -> tuple[str, ...]:
    """The sources that did not answer and may answer later, each with its reason: `apollo: timeout`. Empty where every
    source has said what it has to say."""
    lacking = [f"{fact.source}: {fact.reason}" for fact in (profile, crm) if isinstance(fact, Unavailable)]
    found = value_of(profile)
    if found is not None:
        lacking += [f"{one.source}: {one.outcome}" for one in found.tried if one.outcome not in ENDED]
    return tuple(one for one in lacking if not one.endswith(": switched off"))


def only_budget(lacking: tuple[str, ...]) -> bool:
    """Whether nothing but the day's budget keeps these sources from answering."""
    return bool(lacking) and all(one.endswith(f": {BUDGET}") for one in lacking)


def filled(before: Fact[CompanyProfile] | None, after: Fact[CompanyProfile]) -> Fact[CompanyProfile]:
    """The later answer, with what only the earlier one knew of the same company."""
    known, said = value_of(before), value_of(after)
    if known is None or before is None:
        return after
    if said is None or not isinstance(after, Found):
        return before
    if said.domain != known.domain:
        return after
    kept = [name for name in _SINGLE if _empty(getattr(said, name)) and not _empty(getattr(known, name))]
    if said.parent_domain is None and known.parent_domain is not None:
        kept += _FAMILY
    if not kept:
        return after
    origins = (*said.origins, *(one for one in known.origins if one.field in kept))
    changed = {name: getattr(known, name) for name in kept}
    return evolve(after, value=evolve(said, origins=origins, match=said.match or known.match, **changed))


def filled_crm(before: Fact[CrmAccount] | None, after: Fact[CrmAccount]) -> Fact[CrmAccount]:
    """What the CRM says now, unless it does not answer."""
    return before if before is not None and isinstance(after, Unavailable) else after


def differences(
    before: tuple[Fact[CompanyProfile] | None, Fact[CrmAccount] | None],
    after: tuple[Fact[CompanyProfile] | None, Fact[CrmAccount] | None],
) -> tuple[FactChange, ...]:
    """Each field that is otherwise now, those that routing asks for first. before, after: (company, CRM)."""
    return (*_of_profile(before[0], after[0]), *_of_crm(before[1], after[1]))


def _of_profile(before: Fact[CompanyProfile] | None, after: Fact[CompanyProfile] | None) -> Iterator[FactChange]:
    known, said = value_of(before), value_of(after)
    if said is None or after is None:
        return
    sources = {one.field: one.source for one in said.origins}
    for name in _COMPARED:
        old, new = None if known is None else _text(getattr(known, name)), _text(getattr(said, name))
        if old != new:
            yield FactChange(name, old, new, sources.get(name, after.source))


def _of_crm(before: Fact[CrmAccount] | None, after: Fact[CrmAccount] | None) -> Iterator[FactChange]:
    known, said = value_of(before), value_of(after)
    if said is None or after is None:
        return
    for name in _CRM:
        old, new = None if known is None else _text(getattr(known, name)), _text(getattr(said, name))
        if old != new:
            yield FactChange(f"crm.{name}", old, new, after.source)


def _empty(held: Any) -> bool:
    return held is None or held == ()


def _text(held: Any) -> str | None:
    if _empty(held):
        return None
    if isinstance(held, int):
        return f"{held:,}"
    if isinstance(held, tuple):
        return _listed(held)
    return cut(str(held), SHOWN)


def _listed(held: tuple[Any, ...]) -> str:
    if isinstance(held[0], Opportunity):
        owners = sorted({one.owner for one in held if one.owner})
        of = f" of {', '.join(owners)}" if owners else ""
        return cut(f"{counted(len(held), 'open opportunity', 'open opportunities')}{of}", 2 * SHOWN)
    names = [one.title if isinstance(one, JobPost) else str(one) for one in held]
    return cut(", ".join(names), SHOWN)
