"""What we need to know of a portal (its owners by e-mail address), and what it must have (a few properties of ours)."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from graph.ports import VendorError
from tools.hubspot.calls import HubSpotCalls, Kind

KEY = "lead_router_key"
_TEXT = {"type": "string", "field_type": "text"}
_LONG = {"type": "string", "field_type": "textarea"}
_UNIQUE = {**_TEXT, "has_unique_value": True}
GROUP, _LABEL = "lead_router", "Lead router"
# HubSpot has no property that is unique for a company, nor for a contact without an e-mail address: KEY is ours.
PROPERTIES: dict[Kind, dict[str, dict[str, Any]]] = {
    "contacts": {
        KEY: {"label": "Lead router: key", **_UNIQUE},
        "lead_router_score": {"label": "Lead router: score (0-100)", "type": "number", "field_type": "number"},
        "lead_router_tier": {"label": "Lead router: tier", **_TEXT},
        "lead_router_path": {"label": "Lead router: path", **_TEXT},
        "lead_router_source": {"label": "Lead router: source", **_TEXT},
        "lead_router_rule": {"label": "Lead router: rule that chose the owner", **_TEXT},
        "lead_router_reason": {"label": "Lead router: why this owner", **_LONG},
        "lead_router_lead_id": {"label": "Lead router: id of the lead", **_TEXT},
        "lead_router_link": {"label": "Lead router: link to the lead", **_TEXT},
    },
    "companies": {
        KEY: {"label": "Lead router: key", **_UNIQUE},
        "lead_router_industry": {"label": "Lead router: industry", **_TEXT},
        "lead_router_parent_domain": {"label": "Lead router: domain of the ultimate parent", **_TEXT},
    },
}


class Properties:
    """Our properties, made once in a portal that has them not. `ensure` is cheap after its first success."""

    def __init__(self, calls: HubSpotCalls) -> None:
        self._calls, self._lock, self._there = calls, Lock(), False

    def missing(self, kind: Kind) -> list[str]:
        """Those of ours that the portal has not. Raises VendorError."""
        return sorted(PROPERTIES[kind].keys() - self._calls.property_names(kind))

    def ensure(self) -> None:
        """Raises VendorError; one for want of a scope says which, and which properties to make by hand instead."""
        if self._there:
            return
        with self._lock:
            if not self._there:
                for kind in PROPERTIES:
                    self._ensure(kind)
                self._there = True

    def _ensure(self, kind: Kind) -> None:
        try:
            missing = self.missing(kind)
            if missing and GROUP not in self._calls.property_groups(kind):
                _once(lambda: self._calls.create_group(kind, GROUP, _LABEL))
            for name in missing:
                definition = {"name": name, "group_name": GROUP, **PROPERTIES[kind][name]}
                _once(lambda definition=definition: self._calls.create_property(kind, definition))  # type: ignore[misc]
        except VendorError as error:
            if error.code != "unauthorised":
                raise
            scopes = f"crm.schemas.{kind}.read and crm.schemas.{kind}.write"
            detail = f"{error.detail}; the HubSpot token needs the scopes {scopes}"
            raise VendorError(error.code, detail, permanent=True) from None


def _once(create: Callable[[], None]) -> None:
    try:
        create()
    except VendorError as error:
        if error.code != "conflict":  # another process has just made it
            raise


class Owners:
    """Ids of owners by e-mail address, and back. Read again when it is old, or asked for somebody it does not know."""

    def __init__(
        self,
        calls: HubSpotCalls,
        *,
        ttl_s: float = 600.0,
        again_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls, self._ttl_s, self._again_s, self._clock = calls, ttl_s, again_s, clock
        self._lock = Lock()
        self._ids: dict[str, str] = {}
        self._emails: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._read_at: float | None = None

    def id_of(self, email: str) -> str | None:
        self._refresh(known=email.lower() in self._ids)
        return self._ids.get(email.lower())

    def email_of(self, owner_id: str | None) -> str | None:
        if not owner_id:
            return None
        self._refresh(known=owner_id in self._emails)
        return self._emails.get(owner_id)

    def email_of_user(self, user_id: str) -> str | None:
        """Of the HubSpot user whom an event names."""
        self._refresh(known=user_id in self._users)
        return self._users.get(user_id)

    def emails(self) -> set[str]:
        """Of every active owner."""
        self._refresh(known=True)
        return set(self._ids)

    def _refresh(self, *, known: bool) -> None:
        with self._lock:
            age = None if self._read_at is None else self._clock() - self._read_at
            if age is None or age > (self._ttl_s if known else self._again_s):
                listed = self._calls.owners()
                self._ids = {one.email: one.id for one in listed}
                self._emails = {one.id: one.email for one in listed}
                self._users = {one.user_id: one.email for one in listed if one.user_id}
                self._read_at = self._clock()
