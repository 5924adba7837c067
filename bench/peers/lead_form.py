"""The form the plain peers accept, and the key they recognise a repeated submission by."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, EmailStr

KEY_TTL_S = 24 * 3600


class LeadForm(BaseModel):
    """One POST. Only the e-mail is required."""

    email: EmailStr
    full_name: str | None = None
    company: str | None = None
    title: str | None = None
    source: str | None = None
    country: str | None = None
    state: str | None = None
    postal: str | None = None
    phone: str | None = None
    website: str | None = None
    message: str | None = None
    consent: bool = False
    event_id: str | None = None


def lead_key(form: LeadForm) -> str:
    """The sender's event id if there is one, else a digest of who wrote what: 32 hex digits."""
    who = form.event_id or f"{form.email.strip().lower()}\n{form.message or ''}"
    return hashlib.sha256(who.encode()).hexdigest()[:32]
