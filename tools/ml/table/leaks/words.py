"""Names that speak of what comes afterwards. A name alone stops nothing: it is the second sign beside a strong first."""

from __future__ import annotations

import re

OUTCOME = frozenset((
    "close", "closed", "won", "win", "lost", "loss", "converted", "conversion", "outcome", "result", "churn", "churned",
    "disposition", "cancelled", "canceled", "refund", "refunded", "invoice", "invoiced", "paid", "signed", "resolution",
    "resolved", "booked",
))  # fmt: skip
"""Parts of a name that tell the outcome itself."""
AFTERWARDS = frozenset((
    "duration", "quality", "tag", "tags", "grade", "rating", "score", "index", "status", "stage", "last", "latest", "final",
    "reason", "notes", "note", "comment", "comments", "follow", "followup",
))  # fmt: skip
"""Parts of a name that are often, not always, written or counted later."""
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def speaks_of(name: str) -> tuple[str, str] | None:
    """(`outcome` or `afterwards`, the word), or None."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    for kind, words in (("outcome", OUTCOME), ("afterwards", AFTERWARDS)):
        if said := next((part for part in parts if part in words), None):
            return kind, said
    return None
