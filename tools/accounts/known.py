"""A known account: a company that an import, the CRM or the bundled table told us of.

Its key is its own domain; an account of which only the name is known has `name:` and the name without case, accents and
legal form (`graph.rules.company_names.company_key`). Keys are what the rest of the product calls a company's domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from graph.domain.evidence import AccountMatch
from graph.ports import CompanyAsk


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What a match looks at. domains: every domain it is known under, its key first where that is one; names: its name,
    then others it is known by; parent: key of its ultimate parent, None where it is its own. country, state: ISO codes;
    phone: E.164; street, city, postal: as written."""

    key: str
    names: tuple[str, ...]
    domains: tuple[str, ...] = ()
    parent: str | None = None
    country: str | None = None
    state: str | None = None
    city: str | None = None
    postal: str | None = None
    street: str | None = None
    phone: str | None = None


class Matcher(Protocol):
    """The one that says which known account a company is: for routing, scoring and reports alike."""

    def match(self, asks: Sequence[CompanyAsk]) -> list[AccountMatch]:
        """One match for each ask, in order; pure, quick enough to be called on the event loop for a batch."""
        ...
