"""Names that speak of what comes afterwards. A name alone stops nothing: it is a second sign beside a strong first."""

from __future__ import annotations

import re

OUTCOME = frozenset((
    "close", "closed", "won", "lost", "converted", "outcome", "result", "churned", "disposition", "cancelled", "canceled",
    "refunded", "invoiced", "resolved",
))  # fmt: skip
"""Parts of a name that tell the outcome itself."""
AFTERWARDS = frozenset((
    "duration", "quality", "tag", "tags", "grade", "rating", "score", "index", "status", "stage", "last", "latest", "final",
    "reason", "notes", "note", "comment", "comments", "follow", "followup", "resolution", "conversion", "win", "loss",
))  # fmt: skip
"""Parts of a name that are often, not always, written or counted later (a session has a duration, a person a status)."""
_BEFORE = frozenset(("previous", "prior", "past", "earlier", "former", "prev"))
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def speaks_of(name: str) -> tuple[str, str] | None:
    """(`outcome` or `afterwards`, the word), or None; also where it is about an earlier time."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    if _BEFORE & set(parts):
        return None
    for kind, words in (("outcome", OUTCOME), ("afterwards", AFTERWARDS)):
        if said := next((part for part in parts if part in words), None):
            return kind, said
    return None
