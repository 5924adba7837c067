"""Rolls a company's propensity up to its ultimate parent, which is the account that sales ranks.

P_parent is the maximum over the family: the compatible roll-up. It rises with the number of companies alone, which is
why `companies` stands beside it.
"""

from __future__ import annotations

from graph.domain.account import CompanyProfile, Family
from graph.domain.scoring import AccountScore


def roll_up(
    profile: CompanyProfile | None, lead_domain: str | None, propensity: float, family: Family | None, acv_usd: float
) -> AccountScore | None:
    """The account behind a lead, or None where no company is known (free mail).

    propensity: this lead's, 0..1; family: what is known of the parent's other companies; acv_usd: contract value of the
    parent, US dollars a year. priority_usd = p_max x acv_usd, in whole cents.
    """
    company = profile.domain if profile is not None else lead_domain
    if not company:
        return None
    parent = (profile.parent_domain if profile is not None else None) or company
    known = dict(family.propensities) if family is not None else {}
    p_max = max(propensity, *known.values()) if known else propensity
    return AccountScore(
        parent_domain=parent,
        parent_name=_parent_name(profile, parent),
        p_max=p_max,
        companies=len(known.keys() | {company}),
        acv_usd=acv_usd,
        priority_usd=round(p_max * acv_usd, 2),
    )


def _parent_name(profile: CompanyProfile | None, parent: str) -> str | None:
    if profile is None:
        return None
    return profile.parent_name or (profile.name if parent == profile.domain else None)
