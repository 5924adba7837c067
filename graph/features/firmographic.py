"""The company behind the lead: size, industry, funding, family, technologies, open positions. Unknown stays unknown.

A list that a source left empty is unknown too: no source lists a company's every technology or open position. A position
posted after the moment seen from does not count; one without a date counts as posted in time.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from graph.domain.account import CompanyProfile, JobPost
from graph.domain.scoring import Feature
from graph.features.inputs import UNKNOWN, FeatureInput, log_size

SIZES = ("startup", "smb", "mid_market", "enterprise")
SIZE_FROM = (20, 200, 1000)
"""Employees from which a company is smb, mid_market, enterprise."""

INDUSTRIES = ("other", "education", "public", "industrial", "consumer", "health", "finance", "software")
INDUSTRY_WORDS = {
    "health": r"health|hospitals?\b|pharma|medic|biotech|life science",
    "finance": r"financ|bank|insur|investment|venture|capital market|fintech|payment|accounting",
    "education": r"educat|universit|school|college|academ|e-?learning|non-?profit|charit",
    "public": r"government|public (?:sector|admin)|defen[cs]e|military|municipal|federal",
    "software": r"software|saas|internet|information|it services|computer|cloud|telecom|technolog|\btech\b|cyber"
    r"|hosting|gaming|\bdata\b|\bai\b|electronics|semiconductor|observability",
    "consumer": r"retail|consumer|e-?commerce|media|entertainment|travel|hospitality|restaurant|hotel|food|fashion"
    r"|sport|apparel|marketing|advertis",
    "industrial": r"manufactur|industr|automotive|energy|utilit|\boil\b|\bgas\b|mining|logist|transport|construct"
    r"|chemical|aerospace|agric|machin|airline|real estate|engineering",
}
"""First match wins: "Health Information Technology" is health."""

STACK = re.compile(
    r"kubernetes|k8s|docker|helm|aws|amazon web|azure|google cloud|\bgcp\b|terraform|prometheus|grafana|opentelemetry"
    r"|open telemetry|jaeger|kafka|istio|envoy|jenkins|gitlab|argo|ansible|elastic|microservice"
)
COMPETITORS = re.compile(
    r"datadog|new ?relic|dynatrace|splunk|app ?dynamics|honeycomb|lightstep|instana|sumo ?logic|signoz|chronosphere"
    r"|logz|elastic apm|grafana cloud|servicenow observability|solarwinds"
)
RELIABILITY = re.compile(
    r"devops|\bsre\b|site reliability|secops|devsecops|platform engineer|observab|reliability|kubernetes|apm\b"
    r"|opentelemetry|distributed tracing|infrastructure engineer|monitoring"
)
ROLES = {
    "DevOps": re.compile(r"devops(?!ec)|platform engineer|infrastructure engineer|release engineer|cloud engineer"),
    "SRE": re.compile(r"\bsre\b|site reliability|reliability engineer|production engineer|observab|monitoring"),
    "SecOps": re.compile(r"secops|security operations|\bsoc\b|security engineer|cyber ?security|infosec"),
}
KEYWORDS = tuple(
    re.compile(words)
    for words in (r"observab", r"\bapm\b|performance monitoring", r"open ?telemetry|\botel\b", r"distributed tracing")
)
VELOCITY_DAYS = 90
"""A pace of hiring is the positions posted in so many days, for each 30 of them."""

FUNDING = ("seed", "early", "growth", "private_equity", "public")
FUNDING_WORDS = {
    "public": r"\bipo\b|public|listed|post-ipo",
    "private_equity": r"private equity|buyout|acquired|merger",
    "growth": r"series [c-z]\b|growth|late|mezzanine",
    "early": r"series [ab]\b|early|venture",
    "seed": r"seed|angel|accelerator|incubator|bootstrap|grant|crowd",
}
"""First match wins."""

LEADERSHIP = re.compile(r"\b(?:head|vp|vice president|director|chief|cto|ciso|cio)\b")

FEATURES = (
    Feature("companySizeEstimate", "demographic", "enrichment", "size of the company, parent included", SIZES),
    Feature("logEmployees", "demographic", "enrichment", "log10 of the company's own employees"),
    Feature("logParentEmployees", "demographic", "enrichment", "log10 of the ultimate parent's employees"),
    Feature("logRevenue", "demographic", "enrichment", "log10 of annual revenue in US dollars, the parent's if larger"),
    Feature("industryGroup", "demographic", "enrichment", "group of industries", INDUSTRIES),
    Feature("isSubsidiary", "demographic", "enrichment", "1 if the company belongs to another one"),
    Feature("technologyCount", "demographic", "enrichment", "technologies the company is known to use"),
    Feature("stackFit", "demographic", "enrichment", "of these, ones that the product works with"),
    Feature("usesCompetitor", "demographic", "enrichment", "1 if a competing product is among them"),
    Feature("hiringCount", "demographic", "enrichment", "open positions known"),
    Feature("hiringReliability", "demographic", "enrichment", "of these, DevOps, SRE, SecOps, observability"),
    Feature("hiringLeadership", "demographic", "enrichment", "1 if a leader is sought for one of these"),
    *(
        Feature(
            f"hiringVelocity{role}",
            "demographic",
            "enrichment",
            f"{role} positions posted in 30 days, over {VELOCITY_DAYS}",
        )
        for role in ROLES
    ),
    Feature(
        "jobPostKeywords", "demographic", "enrichment", "of observability, APM, OpenTelemetry, tracing: named in posts"
    ),
    Feature("jobPostCompetitor", "demographic", "enrichment", "1 if a post names a competing product"),
    Feature("fundingStage", "demographic", "enrichment", "last known round of funding", FUNDING),
)

_NO_PROFILE = (UNKNOWN,) * 13


def size_code(employees: int | None) -> float:
    """0 startup .. 3 enterprise."""
    return UNKNOWN if employees is None else float(sum(employees >= bound for bound in SIZE_FROM))


@lru_cache(1024)
def industry_code(industry: str | None) -> float:
    """Index into INDUSTRIES; what no word list knows is `other`, nothing is unknown."""
    if not industry:
        return UNKNOWN
    text = industry[:100].lower().replace("_", " ")
    found = (group for group, words in INDUSTRY_WORDS.items() if re.search(words, text))
    return float(INDUSTRIES.index(next(found, "other")))


@lru_cache(4096)
def _technologies(names: tuple[str, ...]) -> tuple[float, float, float]:
    if not names:
        return UNKNOWN, UNKNOWN, UNKNOWN
    folded = [name.lower() for name in names]
    fit = sum(STACK.search(name) is not None for name in folded)
    return float(len(names)), float(fit), float(any(COMPETITORS.search(name) for name in folded))


@lru_cache(4096)
def _positions(names: tuple[str, ...]) -> tuple[float, float, float]:
    if not names:
        return UNKNOWN, UNKNOWN, UNKNOWN
    ours = [name for name in map(str.lower, names) if RELIABILITY.search(name)]
    return float(len(names)), float(len(ours)), float(any(LEADERSHIP.search(name) for name in ours))


@lru_cache(1024)
def funding_code(stage: str | None) -> float:
    """Index into FUNDING; a stage that no word list knows is unknown."""
    text = (stage or "")[:100].lower().replace("_", " ")
    kind = next((kind for kind, words in FUNDING_WORDS.items() if re.search(words, text)), None)
    return UNKNOWN if kind is None else float(FUNDING.index(kind))


def _posts(profile: CompanyProfile, seen_from: datetime) -> tuple[float, ...]:
    """The pace of hiring for each role, keywords and competitors in posts; unknown where no position is known."""
    posts = (*map(JobPost, profile.hiring), *profile.job_posts)
    if not posts:
        return (UNKNOWN,) * (len(ROLES) + 2)
    since = seen_from - timedelta(days=VELOCITY_DAYS)
    known = [post for post in posts if post.posted_at is None or post.posted_at <= seen_from]
    titles = [post.title.lower() for post in known if post.posted_at is None or post.posted_at > since]
    texts = [f"{post.title} {post.text or ''}".lower() for post in known]
    return (
        *(sum(role.search(title) is not None for title in titles) * 30.0 / VELOCITY_DAYS for role in ROLES.values()),
        float(sum(any(word.search(text) for text in texts) for word in KEYWORDS)),
        float(any(COMPETITORS.search(text) for text in texts)),
    )


def _open_positions(profile: CompanyProfile, seen_from: datetime) -> tuple[str, ...]:
    posted = (post.title for post in profile.job_posts if post.posted_at is None or post.posted_at <= seen_from)
    return (*profile.hiring, *posted)


def values(inp: FeatureInput) -> tuple[float, ...]:
    """In the order of FEATURES. What enrichment does not know is taken from the form."""
    profile, lead = inp.profile, inp.lead
    if profile is None:
        own = lead.employees
        return size_code(own), log_size(own), UNKNOWN, UNKNOWN, industry_code(lead.industry), *_NO_PROFILE
    own = profile.employees if profile.employees is not None else lead.employees
    parent = profile.parent_employees
    return (
        size_code(_larger(own, parent)),
        log_size(own),
        log_size(parent),
        log_size(_larger(profile.revenue_usd, profile.parent_revenue_usd)),
        industry_code(profile.industry or lead.industry),
        1.0 if profile.parent_domain and profile.parent_domain != profile.domain else 0.0,
        *_technologies(profile.technologies),
        *_positions(_open_positions(profile, inp.received_at)),
        *_posts(profile, inp.received_at),
        funding_code(profile.funding_stage),
    )


def _larger(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
