"""How the person answers us: rates over the mails we sent, the running sequence, and returning by themselves; and whether
their family of companies is talking with us already."""

from __future__ import annotations

from graph.domain.account import Prior
from graph.domain.scoring import Feature
from graph.features.activity import Activity
from graph.features.inputs import UNKNOWN

FEATURES = (
    Feature("emailOpenRate", "engagement", "history", "opens per mail sent, at most 1"),
    Feature("emailClickRate", "engagement", "history", "clicks per mail sent, at most 1"),
    Feature("sequenceEngagement", "engagement", "history", "clicks and replies per mail of the running sequence"),
    Feature("avgResponseTime", "engagement", "history", "mean hours from our mail to their answer"),
    Feature("isInActiveSequence", "engagement", "history", "1 if a nurture sequence runs"),
    Feature("priorSubmissions", "engagement", "history", "requests of the same person before this one"),
    Feature(
        "familyOpenOpportunities",
        "engagement",
        "enrichment",
        "open opportunities of the company and its ultimate parent; unknown where the CRM names none",
    ),
)


def values(activity: Activity, prior: Prior | None, open_opportunities: int | None) -> tuple[float, ...]:
    """In the order of FEATURES. Rates are unknown until a mail was sent."""
    count = activity.counts.get
    sent = count("sent", 0)
    in_sequence = prior is not None and prior.path == "nurture"
    return (
        min(1.0, count("open", 0) / sent) if sent else UNKNOWN,
        min(1.0, count("click", 0) / sent) if sent else UNKNOWN,
        min(1.0, (count("click", 0) + count("reply", 0)) / sent) if sent and in_sequence else UNKNOWN,
        activity.response_h,
        1.0 if in_sequence else 0.0,
        float(prior.submissions) if prior is not None else 0.0,
        float(open_opportunities) if open_opportunities is not None else UNKNOWN,
    )
