"""What a source that costs something is asked under: its price, its ceilings, how long an answer of it is good."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from tools.enrichment.switch import Terms as SwitchTerms
from tools.store.enriching import Ceilings

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class SourceTerms:
    """price_cents: US cents a question, None where nobody told; charged: `found` where the vendor charges for companies
    that it knows, else every question. ttl_s, absent_ttl_s: how long an answer, and that there is none, is good.
    deadline_s: the longest a question takes."""

    price_cents: float | None = None
    charged: Literal["asked", "found"] = "asked"
    ceilings: Ceilings = field(default_factory=Ceilings)
    ttl_s: float = 30 * DAY_S
    absent_ttl_s: float = 7 * DAY_S
    deadline_s: float = 3.0
    switch: SwitchTerms = field(default_factory=SwitchTerms)
