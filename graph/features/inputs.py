"""What a feature may look at, and the one way to it. Serving and training fill the same type by the same function; nothing else
reaches a feature.
"""

from __future__ import annotations

import math
from datetime import datetime

from graph.domain.account import CompanyProfile, Prior, known_of
from graph.domain.lead import Lead
from graph.domain.values import value
from graph.rules.bots import weighed

UNKNOWN = math.nan
"""The value of what is not known. The trees send it their own way; it is never replaced by a zero or a mean."""


@value(frozen=True)
class FeatureInput:
    """received_at: the moment seen from; whatever happened after it does not count.

    activities: (type, at) in any order, types as `graph.features.activity.TYPES` reads them.
    """

    lead: Lead
    profile: CompanyProfile | None
    received_at: datetime
    prior: Prior | None = None
    activities: tuple[tuple[str, datetime], ...] = ()


def feature_input(
    lead: Lead,
    profile: CompanyProfile | None,
    received_at: datetime,
    prior: Prior | None = None,
    activities: tuple[tuple[str, datetime], ...] = (),
) -> FeatureInput:
    """What a score may see of this lead: a text that gives orders counts as left empty, and a
    profile that only says what did not fit as none. Decisions, `/score-lead`,
    predictions and training rows are all made here, so that they agree bit for bit."""
    return FeatureInput(weighed(lead), known_of(profile), received_at, prior, activities)


def log_size(amount: int | None) -> float:
    """log10 of a head count or of dollars; unknown stays unknown, and less than one counts as one."""
    return UNKNOWN if amount is None else math.log10(max(1, amount))
