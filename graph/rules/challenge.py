"""Which model scores an account while a second one challenges the first: a lot drawn by hash, the same for the whole family.

The lot depends on the account and the challenge's salt alone: it is the same on every host and in every revision, an account
that was the challenger's stays so when the share grows, and a new salt draws anew.
"""

from __future__ import annotations

import hashlib

from graph.domain.lead import Lead

_WHOLE = 1 << 64


def account_of(parent: str | None, lead: Lead) -> str:
    """What counts as one account: the ultimate parent's domain, else the person's e-mail, phone, or the lead itself."""
    return (parent or lead.email or lead.phone or lead.lead_id).casefold()


def is_challengers(account: str, salt: str, share: float) -> bool:
    """Whether this account is among the `share` (0..1) of the accounts that the challenger scores."""
    lot = hashlib.blake2b(f"{salt}\0{account}".encode(), digest_size=8).digest()
    return int.from_bytes(lot, "big") < share * _WHOLE
