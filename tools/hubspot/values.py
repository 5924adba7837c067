"""Our values as HubSpot wants them, and the marks by which a second attempt finds what the first has written."""

from __future__ import annotations

import hashlib
import html
from typing import Final

from graph.ports import VendorError
from tools.hubspot.portal import KEY

_LONGEST: Final = 60_000
"""Characters of a note or task; HubSpot takes 65,536."""


def marker_of(key: str) -> str:
    """What a task or note carries in its text so that a second attempt finds it, and the trace id of every write."""
    return f"lr-{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def texts(**values: str | float | None) -> dict[str, str]:
    """As HubSpot wants them, texts; what is unknown is not sent, so it erases nothing."""
    return {
        name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
        if value not in {None, ""}
    }


def shown(text: str, key: str) -> str:
    """A text of several lines as the HTML that HubSpot shows, with its marker."""
    lines = html.escape(text[:_LONGEST]).replace("\n", "<br>")
    return f"{lines}<br><br>Reference: {marker_of(key)}"


def unique_of(contact_key: str) -> str:
    """The unique property that holds this key."""
    return "email" if "@" in contact_key else KEY


def contact_missing(kind: str) -> VendorError:
    return VendorError("contact_missing", f"no contact to {kind} for; its upsert has not succeeded")
