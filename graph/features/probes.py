"""A few made-up inputs whose vectors stand for the feature code in its digest. They never reach a model.

Between them they exercise every group: known and unknown, history and none, each kind of list.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from graph.domain.account import CompanyProfile, JobPost, Prior
from graph.domain.lead import Flag, Lead
from graph.features.inputs import FeatureInput

_AT = datetime(2026, 3, 18, 14, 30, tzinfo=UTC)

_FULL = Lead(
    lead_id="probe", email="ana@northwind.example", email_domain_type="corporate", full_name="Ana Ruiz",
    title="VP Engineering", seniority="vp", function="engineering", company="Northwind", domain="northwind.example",
    host="northwind.example", country="US", state="US-CA", city=None, postal="94105", phone="+14155550132",
    source="website_demo", industry="Software", employees=450, product=None,
    message="We run 400 services on Kubernetes, migrate from Datadog this quarter, and want a demo and pricing.",
    consent=True,
)  # fmt: skip
_EMPTY = replace(
    _FULL, email=None, email_domain_type="unknown", full_name=None, title=None, seniority="unknown", function="unknown",
    company=None, domain=None, host=None, phone=None, source=None, industry=None, employees=None, message=None,
)  # fmt: skip
_STUDENT = replace(
    _EMPTY, email_domain_type="free", full_name="Li", seniority="individual", function="education", source="newsletter",
    message="I am a student and just looking around.", flags=(Flag("bot_gibberish", "made up", review=True),),
)  # fmt: skip
_COMPANY = CompanyProfile(
    domain="northwind.example", employees=520, revenue_usd=90_000_000, industry="Banking",
    parent_domain="parent.example", parent_employees=40_000, technologies=("Kubernetes", "Datadog", "Excel"),
    hiring=("Head of SRE", "Clerk"), funding_stage="Series B",
    job_posts=(JobPost("DevOps Engineer", _AT - timedelta(days=20), "OpenTelemetry, Datadog"), JobPost("SOC Analyst"),
               JobPost("Site Reliability Engineer", _AT - timedelta(days=200)), JobPost("SRE", _AT + timedelta(days=1))),
)  # fmt: skip
_PRIOR = Prior(
    revision=2, owner="ae@sales.example", assignment=1, path="nurture", tier="low",
    decided_at=_AT - timedelta(days=40), form={}, alert_owner=None, submissions=2,
)  # fmt: skip


def _ago(kind: str, hours: float) -> tuple[str, datetime]:
    return kind, _AT - timedelta(hours=hours)


PROBES = (
    FeatureInput(_EMPTY, None, _AT),
    FeatureInput(_FULL, None, _AT),
    FeatureInput(_FULL, _COMPANY, _AT),
    FeatureInput(_STUDENT, CompanyProfile(domain="x.example"), _AT - timedelta(days=4)),
    FeatureInput(replace(_FULL, email_domain_type="edu", source="Webinar 2026"), None, _AT, _PRIOR),
    FeatureInput(
        replace(_FULL, email_domain_type="government", seniority="c_level", function="executive"),
        _COMPANY,
        _AT,
        _PRIOR,
        (_ago("email_sent", 300), _ago("email_open", 299), _ago("email_click", 298), _ago("page_view", 30),
         _ago("page_view", 29), _ago("form_submit", 28), _ago("email_sent", 20), _ago("reply", 12),
         _ago("meeting", 5), _ago("call", 2), _ago("page_view", -1), _ago("nonsense", 3)),
        open_opportunities=2,
    ),
)  # fmt: skip
