"""Rolls a company's propensity up to its ultimate parent, which is the account that sales ranks.

Two chances stand side by side. p_max is the best propensity in the family, the compatible roll-up: of n companies with the
same true odds it rises with n, because the luckiest error is taken. p_calibrated takes that luck back. It is empirical
Bayes in log-odds (Efron and Morris 1975, "Data Analysis Using Stein's Estimator and its Generalizations"):

    estimate of the best = mean of the family + share x (best - mean)
    share = between / (between + noise^2)           how much of what sets the best apart is no error
    between = max(0, variance - noise^2)            variance of the family, `prior` companies without a difference added

A family of one keeps its propensity. Contract value is the parent's and is never added up over its companies.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from graph.domain.account import CompanyProfile, Family
from graph.domain.scoring import AccountScore
from graph.rules.scoring import logit, sigmoid


@dataclass(frozen=True, slots=True)
class RollupRules:
    """noise: standard deviation of a propensity's error, log-odds: .3 is 7 points at even odds. prior: companies without a
    difference that every family is thought to have besides its own, so that two companies alone prove little."""

    noise: float = 0.3
    prior: float = 2.0
    edge: float = 0.001


DEFAULT_RULES = RollupRules()


def roll_up(
    profile: CompanyProfile | None,
    lead_domain: str | None,
    propensity: float,
    family: Family | None,
    acv_usd: float,
    rules: RollupRules = DEFAULT_RULES,
) -> AccountScore | None:
    """The account behind a lead, or None where no company is known (free mail).

    propensity: this lead's, 0..1; family: what is known of the parent's other companies; acv_usd: contract value of the
    parent, US dollars a year. priority_usd = p_calibrated x acv_usd, in whole cents.
    """
    company = profile.domain if profile is not None else lead_domain
    if not company:
        return None
    parent = (profile.parent_domain if profile is not None else None) or company
    known = dict(family.propensities) if family is not None else {}
    known[company] = max(propensity, known.get(company, propensity))
    chance = family_chance(known.values(), rules)
    return AccountScore(
        parent_domain=parent,
        parent_name=_parent_name(profile, parent),
        p_max=max(known.values()),
        companies=len(known),
        acv_usd=acv_usd,
        priority_usd=priority(chance, acv_usd),
        p_calibrated=chance,
    )


def family_chance(propensities: Collection[float], rules: RollupRules = DEFAULT_RULES) -> float:
    """The best company's chance, 0..1, with the luck of being the best taken back; never above the best propensity.
    propensities: at least one, each the best of its company."""
    best = max(propensities)
    if len(propensities) == 1:
        return best
    odds = sorted(logit(min(1.0 - rules.edge, max(rules.edge, p))) for p in propensities)
    mean, noise = math.fsum(odds) / len(odds), rules.noise**2
    squares = math.fsum((value - mean) ** 2 for value in odds)
    between = max(0.0, (squares + rules.prior * noise) / (len(odds) - 1 + rules.prior) - noise)
    share = between / (between + noise) if between else 0.0
    return min(best, round(sigmoid(mean + share * (odds[-1] - mean)), 6))


def priority(chance: float, acv_usd: float) -> float:
    """What an account is ranked by: expected contract value, US dollars a year, in whole cents."""
    return round(chance * acv_usd, 2)


def _parent_name(profile: CompanyProfile | None, parent: str) -> str | None:
    if profile is None:
        return None
    return profile.parent_name or (profile.name if parent == profile.domain else None)
