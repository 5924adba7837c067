"""The stated ground truth of the synthetic leads: what the bootstrap model is taught, in one table.

These are opinions about business-to-business requests, written down so that anybody can disagree with a line; none is
measured. They add up in log-odds over the feature vector, between a floor and a ceiling, because no request is hopeless
and none is sure. What is unknown lowers the odds a little: a buyer in earnest tends to say who they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graph.features.vector import NAMES

FLOOR, CEILING = 0.025, 0.89
INTERCEPT = -1.9

CODES: dict[str, tuple[tuple[float, ...], float]] = {
    "emailDomainType": ((-0.95, -0.5, 0.15, 0.3), -0.2),
    "titleSeniority": ((-0.35, 0.15, 0.55, 0.75, 0.75), -0.2),
    "titleFunctionFit": ((-0.9, -0.2, 0.1, 0.3), -0.05),
    "companySizeEstimate": ((-0.35, -0.05, 0.3, 0.45), -0.15),
    "industryGroup": ((0.0, -0.15, -0.05, 0.0, 0.0, 0.05, 0.15, 0.15), 0.0),
    "fundingStage": ((-0.15, 0.0, 0.15, 0.05, 0.1), 0.0),
    "sourceIntent": ((-1.0, -0.45, -0.3, 0.2, 0.4, 0.6, 0.7), -0.15),
}
"""feature -> (log-odds for each code, log-odds when unknown)."""

PER_UNIT: dict[str, tuple[float, float]] = {
    "hasCompany": (0.35, 1), "hasTitle": (0.1, 1), "hasPhone": (0.2, 1), "hasFullName": (0.05, 1),
    "reviewFlags": (-1.0, 2), "stackFit": (0.08, 4), "usesCompetitor": (0.2, 1), "hiringReliability": (0.15, 2),
    "hiringLeadership": (0.1, 1), "hiringVelocityDevOps": (0.1, 2), "hiringVelocitySRE": (0.15, 2),
    "hiringVelocitySecOps": (0.05, 2), "jobPostKeywords": (0.1, 3), "jobPostCompetitor": (0.1, 1),
    "emailOpenCount": (0.04, 5), "emailClickCount": (0.15, 3), "pageViewCount": (0.05, 8), "formSubmitCount": (0.2, 2),
    "meetingCount": (0.5, 2), "callCount": (0.3, 2), "activityVelocity": (0.25, 2), "channelDiversity": (0.12, 4),
    "asksDemo": (0.4, 1), "asksPricing": (0.4, 1), "namesTimeline": (0.3, 1), "namesPain": (0.2, 1),
    "namesStack": (0.15, 1), "namesCompetitor": (0.2, 1), "namesScale": (0.25, 1), "lowIntentWords": (-0.9, 1),
    "messageLength": (0.1, 2), "recencyScore": (0.4, 1), "activityBurst": (0.25, 1), "isInActiveSequence": (-0.3, 1),
    "sequenceEngagement": (0.5, 1), "emailOpenRate": (0.2, 1), "emailClickRate": (0.4, 1),
    "priorSubmissions": (0.15, 3), "familyOpenOpportunities": (0.25, 2), "daysSinceLastActivity": (-0.012, 45),
    "avgResponseTime": (-0.004, 72),
}  # fmt: skip
"""feature -> (log-odds for each unit, units that count at most); unknown adds nothing."""

EARNEST = 0.5
"""More, when a director or above of a company of at least 200 people asks for a demo or for prices."""

ACV_BASE_USD, ACV_POWER, ACV_NOISE = 1_100.0, 0.47, 0.3
ACV_INDUSTRY = (1.0, 0.7, 0.9, 0.9, 0.9, 1.1, 1.4, 1.3)
"""Contract value = base x employees of the parent ** power x factor of the industry x log-normal noise."""

DAYS_BASE, DAYS_POWER, DAYS_NOISE = 30.0, 0.1, 0.45
DAYS_CODES: dict[str, tuple[tuple[float, ...], float]] = {
    "sourceIntent": ((0.35, 0.3, 0.2, 0.0, -0.1, -0.2, -0.15), 0.1),
    "titleSeniority": ((0.25, 0.15, 0.0, -0.05, -0.15), 0.1),
    "industryGroup": ((0.0, 0.3, 0.5, 0.1, 0.0, 0.2, 0.25, -0.1), 0.05),
}
DAYS_PER_UNIT: dict[str, tuple[float, float]] = {
    "asksDemo": (-0.1, 1), "asksPricing": (-0.25, 1), "namesTimeline": (-0.35, 1), "namesCompetitor": (0.15, 1),
    "meetingCount": (-0.2, 2), "activityVelocity": (-0.1, 2),
}  # fmt: skip
"""Days to the signed contract, should they sign = base x employees of the parent ** power x exp(these) x log-normal
noise: a decision takes longer the more people share it, and is quicker where a time, a price or a meeting was asked for."""


def _column(rows: NDArray[np.float32], name: str) -> NDArray[np.float64]:
    return rows[:, NAMES.index(name)].astype(np.float64)


def probabilities(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """P(convert) of each vector by the tables above."""
    odds = np.full(len(rows), INTERCEPT)
    for name, (weights, unknown) in CODES.items():
        odds += _by_code(_column(rows, name), weights, unknown)
    for name, (weight, most) in PER_UNIT.items():
        odds += weight * np.minimum(np.nan_to_num(_column(rows, name)), most)
    earnest = (_column(rows, "titleSeniority") >= 2) & (_column(rows, "companySizeEstimate") >= 2)
    asks = _column(rows, "asksDemo") + _column(rows, "asksPricing") + (_column(rows, "sourceIntent") >= 5) > 0
    odds += EARNEST * (earnest & asks)
    probability: NDArray[np.float64] = FLOOR + (CEILING - FLOOR) / (1.0 + np.exp(-odds))
    return probability


def contract_values(
    rows: NDArray[np.float32], employees: NDArray[np.float64], normal: NDArray[np.float64]
) -> NDArray[np.float64]:
    """US dollars a year. employees: the parent's, known or not; normal: standard normal noise."""
    factor = _by_code(_column(rows, "industryGroup"), ACV_INDUSTRY, 1.0)
    value: NDArray[np.float64] = ACV_BASE_USD * employees**ACV_POWER * factor * np.exp(ACV_NOISE * normal)
    return value


def days_to_close(
    rows: NDArray[np.float32], employees: NDArray[np.float64], normal: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Days from the submission to the signed contract, for leads that sign. employees, normal: as above."""
    log_factor = DAYS_NOISE * normal
    for name, (weights, unknown) in DAYS_CODES.items():
        log_factor = log_factor + _by_code(_column(rows, name), weights, unknown)
    for name, (weight, most) in DAYS_PER_UNIT.items():
        log_factor = log_factor + weight * np.minimum(np.nan_to_num(_column(rows, name)), most)
    days: NDArray[np.float64] = DAYS_BASE * employees**DAYS_POWER * np.exp(log_factor)
    return days


def _by_code(codes: NDArray[np.float64], weights: tuple[float, ...], unknown: float) -> NDArray[np.float64]:
    table = np.array((*weights, unknown))
    return table[np.where(np.isnan(codes), len(weights), codes).astype(np.int64)]
