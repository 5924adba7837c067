"""Who the person says they are: what is filled in, the kind of e-mail address, the rank and function of the title."""

from __future__ import annotations

from graph.domain.scoring import Feature
from graph.features.inputs import UNKNOWN, FeatureInput

EMAIL_TYPES = ("free", "edu", "government", "corporate")
SENIORITIES = ("individual", "manager", "director", "vp", "c_level")
FITS = ("education", "other", "related", "technical")
FIT_OF = {
    "education": "education",
    **dict.fromkeys(("operations", "product", "executive", "customer", "finance"), "related"),
    **dict.fromkeys(("engineering", "it", "security", "data"), "technical"),
    **dict.fromkeys(("hr", "legal", "marketing", "sales"), "other"),
}
"""How near a function is to those who use and buy a product for running software."""

FEATURES = (
    Feature("hasCompany", "demographic", "submission", "1 if a company was named or the e-mail address is a company's"),
    Feature("hasTitle", "demographic", "submission", "1 if a job title was given"),
    Feature("hasPhone", "demographic", "submission", "1 if a valid phone number was given"),
    Feature("hasFullName", "demographic", "submission", "1 if first and last name were given"),
    Feature("emailDomainType", "demographic", "submission", "kind of e-mail domain", EMAIL_TYPES),
    Feature("titleSeniority", "demographic", "submission", "rank that the title names", SENIORITIES),
    Feature("titleFunctionFit", "demographic", "submission", "how near the function is to the product", FITS),
    Feature("reviewFlags", "demographic", "submission", "number of findings that ask for a review (bot-like, spam)"),
)

_EMAIL = {name: float(code) for code, name in enumerate(EMAIL_TYPES)}
_RANK = {name: float(code) for code, name in enumerate(SENIORITIES)}
_FIT = {function: float(FITS.index(fit)) for function, fit in FIT_OF.items()}


def values(inp: FeatureInput) -> tuple[float, ...]:
    """In the order of FEATURES."""
    lead = inp.lead
    return (
        1.0 if lead.company or lead.domain else 0.0,
        1.0 if lead.title else 0.0,
        1.0 if lead.phone else 0.0,
        1.0 if lead.full_name and " " in lead.full_name.strip() else 0.0,
        _EMAIL.get(lead.email_domain_type, UNKNOWN),
        _RANK.get(lead.seniority, UNKNOWN),
        _FIT.get(lead.function, UNKNOWN),
        float(sum(flag.review for flag in lead.flags)),
    )
