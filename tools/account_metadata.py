"""What every memory of similar accounts shares: what two accounts have in common, which of those near are shown, and an
account as the flat metadata of a vector record and back.

Pinecone keeps every number as a float and knows no null. What comes back is taken only when it is of the right type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from graph.domain.account import Outcome, SimilarAccount
from graph.ports import AccountQuery

TOLD: tuple[Outcome, ...] = ("lost", "won")
"""Of each of these one account is shown where there is one: from wins alone nobody learns."""

_TEXTS = ("domain", "name", "industry", "country")
_COUNTS = ("employees", "revenue_usd")


def record_id(key: str) -> str:
    """A record's id for an account's key: printable ASCII, at most 512 characters, another for every key."""
    return quote(key.casefold(), safe=".-_@ ")[:512]


def known_of(account: AccountQuery) -> dict[str, Any]:
    """What is known of the account, as metadata."""
    known = {name: getattr(account, name) for name in (*_TEXTS, *_COUNTS)}
    if account.technologies:
        known["technologies"] = list(account.technologies)
    return {name: value for name, value in known.items() if value is not None}


def account_of(known: Mapping[str, Any]) -> AccountQuery:
    """The account that metadata describes."""
    listed = known.get("technologies")
    technologies = tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
    return AccountQuery(
        domain=text(known, "domain"),
        name=text(known, "name"),
        industry=text(known, "industry"),
        country=text(known, "country"),
        employees=count(known, "employees"),
        revenue_usd=count(known, "revenue_usd"),
        technologies=technologies,
    )


def text(known: Mapping[str, Any], name: str) -> str | None:
    value = known.get(name)
    return value if isinstance(value, str) and value else None


def count(known: Mapping[str, Any], name: str) -> int | None:
    """A whole number, zero included."""
    value = known.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value >= 0 and value == int(value) else None


def shown(ranked: Sequence[SimilarAccount], k: int) -> tuple[SimilarAccount, ...]:
    """The first k of accounts in order of nearness. Where one of TOLD is missing among them (and k is at least 2), its
    first takes the place of the last that is not the only one of another."""
    chosen, rest = list(ranked[:k]), ranked[k:]
    for outcome in TOLD if k > 1 else ():
        if all(one.outcome != outcome for one in chosen):
            nearest = next((one for one in rest if one.outcome == outcome), None)
            if nearest is not None:
                chosen.remove(_least_needed(chosen))
                chosen.append(nearest)
    return tuple(sorted(chosen, key=nearness))


def nearness(one: SimilarAccount) -> tuple[float, str]:
    """What accounts are ranked by; ties go by id."""
    return one.distance, one.account_id


def _least_needed(chosen: Sequence[SimilarAccount]) -> SimilarAccount:
    outcomes = [one.outcome for one in chosen]
    spare = (one for one in reversed(chosen) if one.outcome not in TOLD or outcomes.count(one.outcome) > 1)
    return next(spare, chosen[-1])


def shared_traits(one: AccountQuery, other: AccountQuery) -> tuple[str, ...]:
    """What two accounts have in common, in words: industry, country, size within a factor of two, technologies."""
    said: list[str] = []
    if one.industry and other.industry and one.industry.casefold() == other.industry.casefold():
        said.append(f"same industry: {other.industry}")
    if one.country and one.country == other.country:
        said.append(f"same country: {other.country}")
    if one.employees and other.employees and 0.5 <= other.employees / one.employees <= 2:
        said.append(f"similar size: {other.employees:,} employees")
    theirs = {name.casefold() for name in other.technologies}
    both = [name for name in one.technologies if name.casefold() in theirs]
    if both:
        said.append(f"both use {', '.join(both[:3])}")
    return tuple(said)
