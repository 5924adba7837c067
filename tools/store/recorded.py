"""What a decision record says of its lead, read back: what its score saw, as of then, and whose account it is.

Records under the features of another day are seen by today's features; nothing is looked up again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph.domain.facts import value_of
from graph.domain.lead import Lead
from graph.features.inputs import FeatureInput, feature_input
from graph.features.vector import FEATURES_DIGEST, vector_of
from graph.rules.challenge import account_of
from graph.state import Reads
from tools.shape import Shape

LEAD: Shape[Lead] = Shape(Lead)
READS: Shape[Reads] = Shape(Reads)


@dataclass(frozen=True, slots=True)
class Recorded:
    """inp: what the score saw; reads: the facts of the decision; account: by which a challenger's share is drawn."""

    inp: FeatureInput
    reads: Reads
    account: str


def recorded(record: dict[str, Any]) -> Recorded:
    """From a decision record as JSON (see graph.record)."""
    lead, reads = LEAD.validate_python(record["lead"]), READS.validate_python(record["facts"])
    received_at = datetime.fromisoformat(record["submission"]["received_at"])
    prior, crm = value_of(reads.prior), value_of(reads.crm)
    inp = feature_input(lead, value_of(reads.profile), received_at, prior, reads.activities or (), crm)
    return Recorded(inp, reads, account_of(parent_in(record), lead))


def parent_in(record: dict[str, Any]) -> str | None:
    """The ultimate parent's domain, where a company is known."""
    return record["account"]["parent_domain"] if record["account"] else None


def account_in(record: dict[str, Any]) -> str:
    """The account alone: most leads have a company, and need not be read for it."""
    parent = parent_in(record)
    return account_of(parent, LEAD.validate_python(record["lead"])) if parent is None else parent.casefold()


def vector_in(record: dict[str, Any]) -> tuple[float, ...]:
    """The vector that was recorded; under other features than today's it is made anew from the recorded facts."""
    if record["versions"]["features"] == FEATURES_DIGEST:
        return tuple(math.nan if value is None else value for value in record["features"])
    return vector_of(recorded(record).inp)
