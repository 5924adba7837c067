"""Made-up leads that people agree about, with the band their propensity should fall into."""

from datetime import UTC, datetime

import numpy as np

from graph.domain.account import CompanyProfile
from graph.domain.lead import Lead
from graph.features.inputs import FeatureInput
from graph.features.vector import vector_of
from graph.rules.titles import function_of, seniority

AT = datetime(2026, 3, 3, 15, tzinfo=UTC)
CONCRETE = "We run about 400 services on Kubernetes and would like to see a demo of your tracing product next week."
PRICES = "Could you send us pricing for 50 hosts? We are comparing three vendors and want to decide this quarter."
VAGUE = "Please contact me about your product."
BROWSING = "Just looking around for now, please keep me posted about new releases."


def lead(title=None, source=None, message=None, *, free=False, phone=None):
    domain = None if free else "acme.example"
    return Lead(
        lead_id="x", email="ann@mail.example", email_domain_type="free" if free else "corporate", full_name="Ann Lee",
        title=title, seniority=seniority(title), function=function_of(title), company=None if free else "Acme",
        domain=domain, host=domain, country="US", state=None, city=None, postal=None, phone=phone, source=source,
        industry=None, employees=None, product=None, message=message, consent=True,
    )  # fmt: skip


def company(employees, industry="Software"):
    return CompanyProfile(domain="acme.example", name="Acme", employees=employees, industry=industry)


def row(lead, profile=None):
    return np.array([vector_of(FeatureInput(lead, profile, AT))], dtype=np.float32)


ARCHETYPES = {
    "vp of 500 people asks for a demo": (row(lead("VP Engineering", "website_demo", CONCRETE), company(500)), 0.6, 0.9),
    "chief of 5000 asks for prices": (row(lead("CIO", "pricing_page", PRICES), company(5000, "Banking")), 0.6, 0.9),
    "director of 300 asks for prices": (
        row(lead("Director of IT", "contact_form", PRICES), company(300, "Manufacturing")), 0.6, 0.85,
    ),
    "vp of an unknown company asks for a demo": (row(lead("VP Engineering", "website_demo", CONCRETE)), 0.5, 0.85),
    "manager of 150 writes a line": (row(lead("IT Manager", "contact_form", VAGUE), company(150)), 0.3, 0.5),
    "manager of an unknown company writes nothing": (row(lead("Platform Manager", "contact_form")), 0.2, 0.45),
    "engineer downloads a guide": (row(lead("Software Engineer", "content_download")), 0.08, 0.25),
    "student with free mail reads the newsletter": (row(lead("Student", "newsletter", BROWSING, free=True)), 0.01, 0.1),
    "free mail and nothing else": (row(lead(free=True)), 0.01, 0.15),
}  # fmt: skip
"""name -> (one row, least, most)."""
