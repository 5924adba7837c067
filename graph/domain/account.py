"""The organisation side: company, parent, what the CRM knows, accounts like it, and what we decided before."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from graph.domain.evidence import AccountMatch, Dispute, Origin, Tried
from graph.domain.values import value

Outcome: TypeAlias = Literal["won", "lost", "no_decision"]


@value(frozen=True)
class JobPost:
    """An open position as it was posted; text: what the post asks for."""

    title: str
    posted_at: datetime | None = None
    text: str | None = None


@value(frozen=True)
class CompanyProfile:
    """What enrichment knows of the company behind a domain. None is unknown, never zero.

    domain: the company's, or the key of a known account that has none. parent_*: the ultimate parent where the family is
    known, parent_domain its domain or key. revenue_usd: annual, US dollars. funding_stage: as the source calls it (Seed,
    Series B). hiring: titles of open positions; job_posts: those of which more is known than the title. owner,
    parent_owner: e-mail addresses that the list of known accounts names.

    match: which known account it is, and why. origins: the source of each field that is not empty; disputes: sources that
    say otherwise; tried: every source in the order it was asked, or was not.
    """

    domain: str
    name: str | None = None
    employees: int | None = None
    revenue_usd: int | None = None
    industry: str | None = None
    country: str | None = None
    state: str | None = None
    city: str | None = None
    technologies: tuple[str, ...] = ()
    hiring: tuple[str, ...] = ()
    parent_domain: str | None = None
    parent_name: str | None = None
    parent_employees: int | None = None
    parent_revenue_usd: int | None = None
    family: tuple[str, ...] = ()
    funding_stage: str | None = None
    job_posts: tuple[JobPost, ...] = ()
    owner: str | None = None
    parent_owner: str | None = None
    match: AccountMatch | None = None
    origins: tuple[Origin, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    tried: tuple[Tried, ...] = ()

    @property
    def bare(self) -> bool:
        """Whether nothing is known of the company itself: the profile only says what did not fit, or who was asked."""
        return (
            self.name is None
            and self.employees is None
            and self.parent_domain is None
            and self.industry is None
            and self.country is None
            and self.revenue_usd is None
            and self.funding_stage is None
            and self.owner is None
            and not (self.technologies or self.hiring or self.job_posts)
        )


def known_of(profile: CompanyProfile | None) -> CompanyProfile | None:
    """The profile, or None for one that is bare."""
    return None if profile is None or profile.bare else profile


@value(frozen=True)
class Opportunity:
    """An open deal in the CRM; amount in US dollars."""

    opportunity_id: str
    name: str
    amount_usd: int | None
    stage: str | None
    owner: str | None


@value(frozen=True)
class CrmAccount:
    """What the CRM says of the company, its parent and the contact. Owners are e-mail addresses.

    parent_owner, parent_opportunities: of the ultimate parent that was asked for, else of the one the CRM links the
    company to. parent_domain, parent_name: the latter, domain or key; None where the CRM links it to none.
    family_leads_30d: leads of other people of the family; family_leads_more: those at least, older ones were not counted.
    """

    company_id: str | None = None
    contact_id: str | None = None
    owner: str | None = None
    parent_owner: str | None = None
    open_opportunities: tuple[Opportunity, ...] = ()
    family_leads_30d: int = 0
    parent_opportunities: tuple[Opportunity, ...] = ()
    parent_domain: str | None = None
    parent_name: str | None = None
    family_leads_more: bool = False


@value(frozen=True)
class SimilarAccount:
    """A past account near this one. distance: 1 - cosine, 0 is the same; why: the shared traits in words."""

    account_id: str
    name: str
    outcome: Outcome
    reason: str | None
    deal_usd: int | None
    days_to_close: int | None
    distance: float
    why: tuple[str, ...] = ()


@value(frozen=True)
class Family:
    """What is already known of an ultimate parent: best propensities of its companies (domain -> 0..1)."""

    parent_domain: str
    propensities: tuple[tuple[str, float], ...] = ()


@value(frozen=True)
class Prior:
    """The last decision about this lead. turns: those it took, (pool, member); passed_by: who passed or missed it.

    Of its present assignment: rule, sla, clock and rung (of the ladder of escalation) as decided, its due times;
    accepted_by: who accepted it, after accepted_s seconds, None while it is on offer; touched_s: seconds to the first
    touch; closed: it has an outcome, so that whatever comes next is a new assignment. account: domain of the ultimate
    parent that it was counted for.
    """

    revision: int
    owner: str
    assignment: int
    path: str
    tier: str
    decided_at: datetime
    form: dict[str, str | int | bool | None]
    alert_owner: str | None
    submissions: int = 1
    turns: tuple[tuple[str, str], ...] = ()
    passed_by: tuple[str, ...] = ()
    accepted_by: str | None = None
    accepted_s: float | None = None
    rule: str = ""
    sla: str | None = None
    clock: str | None = None
    rung: int = 0
    accept_due_at: datetime | None = None
    touch_due_at: datetime | None = None
    touched_s: float | None = None
    closed: bool = False
    account: str | None = None
