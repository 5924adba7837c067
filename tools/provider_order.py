"""Who is asked before whom: one order for all fields, and other orders for some of them.

    accounts, crm, bundled, form, *; name, country, state, city: accounts, crm, bundled, *, form

`*` stands for the sources of ENRICHMENT_PROVIDERS that the same list does not name, in their order. A source that this
installation does not have (no CRM, no table) is passed over; a name that nobody knows is an error. Knows names only: what
a field or a source is, `tools.enrichment` knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

FIELDS: Final = (
    "name", "employees", "revenue_usd", "industry", "country", "state", "city", "technologies", "hiring", "job_posts",
    "funding_stage", "owner", "parent",
)  # fmt: skip
"""`parent` is the whole family: parent, its size and owner, and who else belongs to it."""
NEEDED: Final = ("name", "employees", "revenue_usd", "industry", "country", "technologies", "parent")
"""What scores, routing and the account's roll-up read: while one of these is missing, the next source is asked."""
DEFAULT: Final = "accounts, crm, bundled, form, *; name, country, state, city: accounts, crm, bundled, *, form"
"""The form comes before whatever costs money, and after what is known anyway: a size that was typed spares a question.
Its name and place come last: people write a company as they call it, and where they sit, not where it does."""
OURS = ("form", "accounts", "crm", "bundled")
"""Sources that cost nothing and need not be listed in ENRICHMENT_PROVIDERS."""


class OrderError(ValueError):
    """An order that cannot be followed; the message names the setting, the word and a fix."""


@dataclass(frozen=True, slots=True)
class Order:
    """lines: (fields, sources for them, first one first); every field stands in exactly one line."""

    lines: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """All of them, each once, as they first appear."""
        return tuple(dict.fromkeys(name for _, names in self.lines for name in names))


def parse_order(text: str, providers: Sequence[str]) -> Order:
    """providers: as ENRICHMENT_PROVIDERS lists them. Raises OrderError."""
    known = (*OURS, *(name for name in providers if name not in OURS))
    default: tuple[str, ...] | None = None
    own: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        fields, colon, sources = part.rpartition(":")
        names = _sources(sources, known)
        if not colon:
            if default is not None:
                raise OrderError(f"ENRICHMENT_ORDER has two orders for all fields; name the fields of {part!r}")
            default = names
            continue
        for field in _listed(fields):
            if field not in FIELDS:
                raise OrderError(f"ENRICHMENT_ORDER: {field!r} is no field{_meant(field, FIELDS)}")
            if field in own:
                raise OrderError(f"ENRICHMENT_ORDER gives two orders for {field}; keep one")
            own[field] = names
    if default is None:
        raise OrderError("ENRICHMENT_ORDER has no order for all fields; begin with one, as `accounts, bundled, *; ...`")
    lines: dict[tuple[str, ...], list[str]] = {}
    for field in FIELDS:
        lines.setdefault(own.get(field, default), []).append(field)
    return Order(tuple((tuple(fields), names) for names, fields in lines.items()))


def parse_needed(text: str) -> tuple[str, ...]:
    """The fields of ENRICHMENT_NEEDED; empty is NEEDED. Raises OrderError."""
    for field in (listed := _listed(text)):
        if field not in FIELDS:
            raise OrderError(f"ENRICHMENT_NEEDED: {field!r} is no field{_meant(field, FIELDS)}")
    return tuple(listed) or NEEDED


def listed_providers(text: str) -> tuple[str, ...]:
    """The names of ENRICHMENT_PROVIDERS."""
    return tuple(_listed(text))


def _sources(text: str, known: Sequence[str]) -> tuple[str, ...]:
    listed = _listed(text)
    if not listed:
        raise OrderError("ENRICHMENT_ORDER: an order without a source; name one, or leave the part out")
    for name in listed:
        if name != "*" and name not in known:
            hint = _meant(name, known)
            raise OrderError(f"ENRICHMENT_ORDER: {name!r} is no source{hint}; others are named in ENRICHMENT_PROVIDERS")
        if listed.count(name) > 1:
            raise OrderError(f"ENRICHMENT_ORDER: {name} is twice in {text.strip()!r}; keep the first")
    rest = [name for name in known if name not in listed and name not in OURS]
    return tuple(name for place in listed for name in (rest if place == "*" else [place]))


def _listed(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _meant(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, 1)
    return f"; did you mean {close[0]}?" if close else f" (known: {', '.join(known)})"
