"""What a comparison with the CRM asks of it, whichever CRM it is. Types only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ContactHeld:
    """What the CRM holds of a contact. owner_id: its own name for the owner, None for nobody; owner: e-mail in lower case,
    None where nobody active is meant."""

    number: str
    owner_id: str | None
    owner: str | None
    tier: str | None
    score: float | None


class CrmAudit(Protocol):
    """Blocking; raises VendorError. What is not there is left out of an answer."""

    def contacts(self, contact_keys: Sequence[str]) -> Mapping[str, ContactHeld]: ...

    def tasks(self, numbers: Sequence[str]) -> set[str]:
        """Those of them that are there, done or not."""
        ...

    def companies(self, domains: Sequence[str]) -> Mapping[str, int]:
        """How many companies have each domain."""
        ...

    def owners(self) -> set[str] | None:
        """E-mail addresses of all active owners; None where anybody may own a contact."""
        ...
