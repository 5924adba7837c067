"""What one source tells of one account: plain fields, kept as JSON exactly as they were understood.

Two tellings are the same if their JSON is. Never decides between sources: that is `merging`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from graph.rules.company_names import company_key
from graph.rules.domains import host_of, registrable
from tools.store.book import ToldRow

NAME: Final = "name:"
TEXTS: Final = (
    "name", "owner", "industry", "country", "state", "city", "postal", "street", "phone", "funding_stage", "id",
)  # fmt: skip
NUMBERS: Final = ("employees", "revenue_usd")
LISTS: Final = ("technologies", "hiring", "domains", "aliases")
"""Fields of a telling. Besides there are `parents` ([said, share in percent or null], ...), `job_posts` ([title, ISO time
or null, text or null], ...) and `typed` (column -> what was typed there and not understood)."""
LONGEST_KEY: Final = 255


@dataclass(frozen=True, slots=True)
class Telling:
    """fields: what was told and is not blank. told_in: the version of the book that brought it; at, by: when, by whom."""

    source: str
    key: str
    fields: Mapping[str, Any]
    told_in: int
    at: datetime
    by: str


def telling_of(row: ToldRow) -> Telling:
    return Telling(row.source, row.key, orjson.loads(row.told), row.told_in, row.at, row.by)


def key_of(domain: str | None, name: str | None) -> str | None:
    """An account's key: its domain, else `name:` and its name for comparing; None where both say nothing."""
    if domain:
        return domain
    bare = company_key(name) if name else ""
    return NAME + bare[:LONGEST_KEY] if bare else None


def told_row(source: str, key: str, fields: Mapping[str, Any], told_in: int | None = None) -> tuple[Any, ...]:
    """As `Writing.tell` takes it."""
    name = fields.get("name")
    also = [*(f"{NAME}{company_key(alias)}" for alias in fields.get("aliases", ())), *fields.get("domains", ())]
    parents = fields.get("parents")
    return (
        source, key, name, name_key(name), fields.get("country"), orjson.dumps(parents).decode() if parents else None,
        orjson.dumps(sorted(set(also))).decode() if also else None, text_of(fields), told_in,
    )  # fmt: skip


def text_of(fields: Mapping[str, Any]) -> str:
    """The JSON of a telling: keys sorted, blanks left out."""
    kept = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()


def name_key(name: str | None) -> str | None:
    return (company_key(name)[:LONGEST_KEY] or None) if name else None


@lru_cache(8_192)
def meant_by(said: str) -> tuple[str | None, str | None]:
    """(domain, name for comparing) of a parent as it was said: a domain or link, a key, or a name. Some names are domains
    as well (`Booking.com`): then both are there, and the domain goes first."""
    if said.startswith(NAME):
        return None, company_key(said[len(NAME) :])[:LONGEST_KEY] or None
    host = host_of(said)
    return (host if host and registrable(host) else None), name_key(said)
