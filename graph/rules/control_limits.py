"""Has a share changed by more than chance explains? The p chart of Shewhart, for one period against the one before.

    centre  = share of the period before
    limits  = centre -+ 3 * sqrt(p * (1 - p) * (1 / n + 1 / n0)),  p = (hits + hits0) / (n + n0)

A p chart (NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.3.2) takes its centre as known and has 1/n alone. Here the
centre is itself counted on n0 leads, so that its own error belongs into the limits; p is then the pooled share, as for the
difference of two proportions (same handbook, 7.3.3). With three sigma about 1 share in 370 is told of by chance.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from graph.domain.values import value

SIGMAS: Final = 3
FEWEST: Final = 5  # expected hits, and misses, in each period; below that the normal distribution says nothing


@value(frozen=True)
class Share:
    """A share (0..1) in a period and in the one before, with the limits within which chance would keep it.

    judged: were there enough leads for the limits to mean something? shifted: is the share outside of them?
    """

    hits: int
    leads: int
    hits_before: int
    leads_before: int
    low: float
    high: float
    judged: bool

    @property
    def now(self) -> float:
        return self.hits / self.leads if self.leads else 0.0

    @property
    def before(self) -> float:
        return self.hits_before / self.leads_before if self.leads_before else 0.0

    @property
    def shifted(self) -> bool:
        return self.judged and not self.low <= self.now <= self.high


def share_of(hits: int, leads: int, hits_before: int, leads_before: int) -> Share:
    """hits of leads in the period, hits_before of leads_before in the one before."""
    if not leads or not leads_before:
        return Share(hits, leads, hits_before, leads_before, 0.0, 1.0, judged=False)
    centre = hits_before / leads_before
    pooled = (hits + hits_before) / (leads + leads_before)
    reach = SIGMAS * sqrt(pooled * (1 - pooled) * (1 / leads + 1 / leads_before))
    judged = min(pooled, 1 - pooled) * min(leads, leads_before) >= FEWEST
    return Share(hits, leads, hits_before, leads_before, max(0.0, centre - reach), min(1.0, centre + reach), judged)
