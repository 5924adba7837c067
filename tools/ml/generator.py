"""Draws synthetic leads with a stated ground truth, to train the bootstrap model that serves until real outcomes exist.

Everything here is invented: people, companies, messages, and the odds in `truth.py`. It is no market research, and a
model trained on it knows what we stated there and nothing else. The drawn leads go through the feature code that serves
real ones. The same seed gives the same leads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from graph.domain.account import CompanyProfile, CrmAccount, JobPost, Opportunity, Prior
from graph.domain.lead import EmailDomainType, Flag, Lead
from graph.features.inputs import FeatureInput, feature_input
from graph.features.vector import vector_of
from graph.rules.titles import function_of, seniority
from tools.ml.truth import contract_values, days_to_close, probabilities

T = TypeVar("T")
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
SEEN_UNTIL = FIRST_DAY + timedelta(days=395)
"""Where the invented history ends: 30 days after the last lead came. Contracts signed later are not seen."""
UNIFORMS = 128
"""Uniform numbers set aside for one lead; the hungriest lead uses fewer."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Who writes. share: of all leads; ranks, functions: words of titles; sources; wants: chance of a sentence of each
    kind; corporate: chance of a company's address; phone: chance of a number; size: mean of log10 employees."""

    share: float
    ranks: tuple[str, ...]
    functions: tuple[str, ...]
    sources: tuple[str | None, ...]
    wants: dict[str, float]
    corporate: float
    phone: float
    size: float


TECHNICAL = ("Engineering", "IT", "Platform", "Infrastructure", "Information Security", "Data", "DevOps", "Technology")
BUSINESS = ("Operations", "Product", "Finance", "Marketing", "Sales", "Customer Support", "Human Resources")
HEADS = ("VP {}", "Vice President, {}", "Director of {}", "Head of {}", "SVP {}", "Senior Director, {}", "Leiter {}")
CHIEFS = ("CTO", "CIO", "CISO", "CEO", "COO", "Chief Technology Officer", "Founder", "Geschäftsführer", "CFO")
STAFF = ("{} Engineer", "Senior {} Engineer", "{} Specialist", "{} Analyst", "{} Consultant", "{} Administrator")
LEADS = ("{} Manager", "Senior Manager, {}", "{} Team Lead", "Manager of {}")
PEOPLE = ("Student", "PhD Student", "Intern", "Professor of Computer Science", "Research Assistant")

PERSONAS = (
    Persona(.10, (*HEADS, *CHIEFS), (*TECHNICAL, *TECHNICAL, *BUSINESS),
            ("website_demo", "pricing_page", "contact_form", "partner_referral", "webinar", "content_download", None),
            {"demo": .45, "pricing": .3, "timeline": .3, "pain": .35, "stack": .35, "scale": .35, "rival": .15,
             "low": .03}, .90, .6, 2.6),
    Persona(.14, LEADS, (*TECHNICAL, *BUSINESS),
            ("website_demo", "pricing_page", "contact_form", "contact_form", "webinar", "partner_referral", None),
            {"demo": .3, "pricing": .25, "timeline": .2, "pain": .35, "stack": .35, "scale": .25, "rival": .12,
             "low": .05}, .88, .5, 2.5),
    Persona(.30, STAFF, (*TECHNICAL, *TECHNICAL, *BUSINESS),
            ("content_download", "webinar", "conference", "website_demo", "contact_form", "newsletter", "other", None),
            {"demo": .15, "pricing": .1, "timeline": .08, "pain": .25, "stack": .4, "scale": .15, "rival": .1,
             "low": .15}, .75, .25, 2.4),
    Persona(.22, PEOPLE, ("",), ("newsletter", "content_download", "webinar", "contact_form", None),
            {"demo": .08, "pricing": .05, "pain": .05, "stack": .25, "low": .5}, .05, .1, 1.8),
    Persona(.24, (*CHIEFS, "Owner", "Consultant", "{} Manager", ""), BUSINESS,
            ("contact_form", "newsletter", "content_download", "pricing_page", "website_demo", None),
            {"demo": .15, "pricing": .25, "timeline": .1, "pain": .15, "stack": .1, "low": .2}, .55, .4, 1.1),
)  # fmt: skip

SENTENCES = {
    "demo": (
        "We would like to see a demo.",
        "Can we book a walkthrough of the product?",
        "Wir möchten eine Vorführung.",
    ),
    "pricing": (
        "Please send pricing.",
        "What does a license cost?",
        "Bitte ein Angebot.",
        "Un devis, s'il vous plaît.",
    ),
    "timeline": ("We decide this quarter.", "This is urgent.", "Our contract expires in Q3.", "Next week suits us."),
    "pain": ("Outages cost us too much.", "We want to replace our current tool.", "We are migrating to the cloud."),
    "stack": ("We run Kubernetes and OpenTelemetry.", "Our services are on AWS.", "We need distributed tracing."),
    "scale": ("About 400 services.", "Some 50 hosts.", "We have 120 engineers.", "2000 nodes in three regions."),
    "rival": ("We use Datadog today.", "We compare you with Dynatrace and New Relic."),
    "low": ("Just looking around, keep me posted.", "I need it for my thesis.", "This is a personal project."),
}
SMALL_TALK = ("Hello there.", "Please get back to me.", "I have a question about your product.", "Thank you!")
INDUSTRIES = (
    "Software", "Financial Services", "Banking", "Healthcare", "Retail", "Manufacturing", "Telecommunications",
    "Education", "Government", "Logistics", "Media", "Energy", "Professional Services",
)  # fmt: skip
TECHNOLOGIES = ("Kubernetes", "AWS", "Azure", "Prometheus", "Datadog", "Salesforce", "Excel", "Splunk", "Terraform")
POSITIONS = ("Site Reliability Engineer", "DevOps Engineer", "Head of Platform Engineering", "Accountant", "Sales Rep")
POSTED = ("Senior SRE", "DevOps Engineer", "Security Operations Analyst", "Platform Engineer", "Buyer")
POST_TEXTS = (
    "OpenTelemetry and distributed tracing",
    "You know Datadog and APM",
    "You care for observability",
    None,
    None,
)
STAGES = ("Seed", "Series A", "Series B", "Series D", "Private Equity", "IPO", "Undisclosed", None, None)
ACTIONS = ("email_open", "email_open", "email_click", "page_view", "page_view", "page_view", "form_submit", "meeting",
           "call", "reply")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """Drawn leads. rows: (n, k) float32 vectors; probability: the stated truth; converted: 0/1, drawn from it;
    acv_usd: contract value of each, drawn. days: to the signed contract, should they sign, drawn; seen_days: for how long
    each lead was watched, so that a contract signed later than that is censored."""

    inputs: tuple[FeatureInput, ...]
    rows: NDArray[np.float32]
    probability: NDArray[np.float64]
    converted: NDArray[np.int8]
    acv_usd: NDArray[np.float64]
    days: NDArray[np.float64]
    seen_days: NDArray[np.float64]

    def after(self, first: int) -> Sample:
        """The leads from `first` on."""
        cut = slice(first, None)
        return Sample(self.inputs[cut], *(array[cut] for array in self._arrays()))

    def days_bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(at least, at most) days of each lead as they were seen: the same where it signed in time, else open above."""
        signed = self.days <= self.seen_days
        return np.where(signed, self.days, self.seen_days), np.where(signed, self.days, np.inf)

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return self.rows, self.probability, self.converted, self.acv_usd, self.days, self.seen_days


def draw(count: int, seed: int) -> Sample:
    """`count` leads with their vectors, true odds and drawn outcomes."""
    rng = np.random.default_rng(seed)
    uniforms = rng.random((count, UNIFORMS))
    normals = rng.standard_normal((count, 3))
    drawn = [_lead(index, iter(uniforms[index].tolist()), float(normals[index, 0])) for index in range(count)]
    inputs = tuple(inp for inp, _ in drawn)
    rows = np.array([vector_of(inp) for inp in inputs], dtype=np.float32)
    probability = probabilities(rows)
    converted = (rng.random(count) < probability).astype(np.int8)
    employees = np.array([size for _, size in drawn])
    acv_usd, days = contract_values(rows, employees, normals[:, 1]), days_to_close(rows, employees, normals[:, 2])
    seen = np.array([(SEEN_UNTIL - inp.received_at) / timedelta(days=1) for inp in inputs])
    return Sample(inputs, rows, probability, converted, acv_usd, days, seen)


def _pick(options: Sequence[T], uniform: float) -> T:
    return options[int(uniform * len(options))]


def _persona(uniform: float) -> Persona:
    for persona in PERSONAS:
        uniform -= persona.share
        if uniform < 0:
            return persona
    return PERSONAS[-1]


def _lead(index: int, u: Iterator[float], normal: float) -> tuple[FeatureInput, float]:
    """One lead, and the employees of its parent, which the lead itself may not show."""
    persona = _persona(next(u))
    employees = int(min(400_000, max(1, 10 ** (persona.size + 0.8 * normal))))
    corporate = next(u) < persona.corporate
    kind = _email_type(corporate, persona, next(u))
    domain = f"company{index}.example" if corporate else None
    title = _pick(persona.ranks, next(u)).format(_pick(persona.functions, next(u))) if next(u) < 0.88 else None
    received_at = FIRST_DAY + timedelta(minutes=int(next(u) * 365 * 24 * 60))
    profile, parent_employees = (
        _profile(domain, employees, received_at, u) if domain and next(u) < 0.5 else (None, employees)
    )
    lead = Lead(
        lead_id=f"synthetic-{index}", email=f"person@{domain or 'mail.example'}", email_domain_type=kind,
        full_name="Kim Doe" if next(u) < 0.85 else None, title=title, seniority=seniority(title),
        function=function_of(title), company=f"Company {index}" if next(u) < (0.8 if corporate else 0.3) else None,
        domain=domain, host=domain, country=None, state=None, city=None, postal=None,
        phone="+14155550100" if next(u) < persona.phone else None, source=_pick(persona.sources, next(u)),
        industry=_pick(INDUSTRIES, next(u)) if next(u) < 0.2 else None,
        employees=employees if next(u) < 0.15 else None, product=None, message=_message(persona, u), consent=True,
        flags=(Flag("bot_gibberish", "synthetic", review=True),) if next(u) < 0.04 else (),
    )  # fmt: skip
    prior, activities = _history(received_at, persona, u)
    crm = _deals(u) if profile is not None else None
    return feature_input(lead, profile, received_at, prior, activities, crm), float(parent_employees)


def _email_type(corporate: bool, persona: Persona, uniform: float) -> EmailDomainType:
    if corporate:
        return "government" if uniform < 0.04 else "corporate"
    if persona.ranks is PEOPLE:
        return "edu" if uniform < 0.5 else "free"
    return "unknown" if uniform < 0.1 else "free"


def _profile(domain: str, employees: int, received_at: datetime, u: Iterator[float]) -> tuple[CompanyProfile, int]:
    """What enrichment knows of the company, with gaps, and the employees of its parent."""
    subsidiary = next(u) < 0.25
    parent_employees = int(employees * (2 + 30 * next(u))) if subsidiary else employees
    revenue = int(employees * 10 ** (4.9 + 0.6 * next(u)))
    profile = CompanyProfile(
        domain=domain,
        employees=employees if next(u) < 0.85 else None,
        revenue_usd=revenue if next(u) < 0.6 else None,
        industry=_pick(INDUSTRIES, next(u)) if next(u) < 0.9 else None,
        technologies=_some(TECHNOLOGIES, 0.3, u) if next(u) < 0.5 else (),
        hiring=_some(POSITIONS, 0.3, u) if next(u) < 0.4 else (),
        parent_domain=f"parent-{domain}" if subsidiary else None,
        parent_employees=parent_employees if subsidiary and next(u) < 0.8 else None,
        funding_stage=_pick(STAGES, next(u)),
        job_posts=tuple(_post(title, received_at, u) for title in _some(POSTED, 0.3, u)) if next(u) < 0.3 else (),
    )
    return profile, parent_employees


def _post(title: str, received_at: datetime, u: Iterator[float]) -> JobPost:
    """Posted within half a year before the lead came."""
    return JobPost(title, received_at - timedelta(days=180 * next(u)), _pick(POST_TEXTS, next(u)))


def _deals(u: Iterator[float]) -> CrmAccount | None:
    """One family in eight of those we know has one to three open opportunities."""
    if next(u) >= 0.125:
        return None
    count = 1 + int(3 * next(u) ** 2)
    return CrmAccount(parent_opportunities=tuple(Opportunity(str(n), "", None, None, None) for n in range(count)))


def _some(options: tuple[str, ...], chance: float, u: Iterator[float]) -> tuple[str, ...]:
    return tuple(option for option in options if next(u) < chance)


def _message(persona: Persona, u: Iterator[float]) -> str | None:
    """None for two leads in five; else a few sentences, of the kinds that the persona writes."""
    if next(u) < 0.4:
        return None
    parts = [_pick(SMALL_TALK, next(u))]
    for kind, chance in persona.wants.items():
        if next(u) < chance:
            parts.append(_pick(SENTENCES[kind], next(u)))
    return " ".join(parts)


def _history(
    received_at: datetime, persona: Persona, u: Iterator[float]
) -> tuple[Prior | None, tuple[tuple[str, datetime], ...]]:
    """Nothing for most leads; else what they did in the weeks before."""
    if next(u) > 0.25:
        return None, ()
    age_days = 1 + 60 * next(u)
    prior = None
    if next(u) < 0.5:
        decided_at, path = received_at - timedelta(days=age_days), "nurture" if next(u) < 0.5 else "qualify"
        prior = Prior(
            revision=1, owner="owner@sales.example", assignment=1, path=path, tier="low", decided_at=decided_at,
            form={}, alert_owner=None,
        )  # fmt: skip
    mails = int(4 * next(u))
    events = [("email_sent", received_at - timedelta(days=age_days * (1 + mail) / 5)) for mail in range(mails)]
    keen = 1.5 if persona.ranks is not PEOPLE else 1.0
    actions = int(6 * keen * next(u) ** 2)
    events += [(_pick(ACTIONS, next(u)), received_at - timedelta(days=age_days * next(u) ** 2)) for _ in range(actions)]
    return prior, tuple(events)
