"""What every memory of similar accounts shares: a past account, which of them are asked for, what two accounts have in
common, which of those near are shown, and an account as the flat metadata of a vector record and back.

Pinecone keeps every number as a float and knows no null. What comes back is taken only when it is of the right type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from graph.domain.account import Outcome, SimilarAccount
from graph.ports import AccountQuery
from graph.rules.text import fold

TOLD: tuple[Outcome, ...] = ("lost", "won")
"""Of each of these one account is shown where there is one: from wins alone nobody learns."""

OUTCOMES: tuple[Outcome, ...] = ("won", "lost", "no_decision")


@dataclass(frozen=True, slots=True)
class PastAccount:
    """An account whose outcome is known. deal_usd: US dollars; days_to_close: from first contact to the outcome."""

    account_id: str
    account: AccountQuery
    outcome: Outcome
    reason: str | None = None
    deal_usd: int | None = None
    days_to_close: int | None = None
    closed_on: date | None = None

    @property
    def key(self) -> str:
        """What tells it from others: its domain, else its id."""
        return (self.account.domain or self.account_id).casefold()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which past accounts are asked for. What is not known of an account fits no condition about it.

    industry: compared without case and accents; country: ISO; employees: first and last of a range, None is open;
    min_deal_usd, max_deal_usd: US dollars, both inclusive; since: closed on that day or later.
    """

    outcomes: tuple[Outcome, ...] = ()
    industry: str | None = None
    country: str | None = None
    min_employees: int | None = None
    max_employees: int | None = None
    min_deal_usd: int | None = None
    max_deal_usd: int | None = None
    since: date | None = None

    def fits(self, past: PastAccount) -> bool:
        of = past.account
        return (
            (not self.outcomes or past.outcome in self.outcomes)
            and (self.industry is None or (of.industry is not None and _folded(of.industry) == _folded(self.industry)))
            and (self.country is None or of.country == self.country)
            and _within(of.employees, self.min_employees, self.max_employees)
            and _within(past.deal_usd, self.min_deal_usd, self.max_deal_usd)
            and (self.since is None or (past.closed_on is not None and past.closed_on >= self.since))
        )


ANY = Wanted()


class Near(Protocol):
    """Something that lies near. distance: 1 - cosine."""

    @property
    def distance(self) -> float: ...
    @property
    def account_id(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...


N = TypeVar("N", bound=Near)
_folded = lru_cache(1_024)(fold)  # the same few names over and over
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


def shown(ranked: Sequence[N], k: int) -> tuple[N, ...]:
    """The first k of accounts in order of nearness. Where one of TOLD is missing among them (and k is at least 2), its
    first takes the place of the last that is not the only one of another."""
    chosen, rest = list(ranked[:k]), ranked[k:]
    for outcome in TOLD if k > 1 and rest else ():
        if all(one.outcome != outcome for one in chosen):
            nearest = next((one for one in rest if one.outcome == outcome), None)
            if nearest is not None:
                chosen.remove(_least_needed(chosen))
                chosen.append(nearest)
    return tuple(sorted(chosen, key=nearness))


def nearness(one: Near) -> tuple[float, str]:
    """What accounts are ranked by; ties go by id."""
    return one.distance, one.account_id


def _least_needed(chosen: Sequence[N]) -> N:
    outcomes = [one.outcome for one in chosen]
    spare = (one for one in reversed(chosen) if one.outcome not in TOLD or outcomes.count(one.outcome) > 1)
    return next(spare, chosen[-1])


def similar_of(query: AccountQuery, past: PastAccount, distance: float) -> SimilarAccount:
    """The past account as it is shown to somebody who asked for accounts like `query`."""
    same = query.domain is not None and query.domain == past.account.domain
    return SimilarAccount(
        account_id=past.account_id,
        name=past.account.name or past.account_id,
        outcome=past.outcome,
        reason=past.reason,
        deal_usd=past.deal_usd,
        days_to_close=past.days_to_close,
        distance=distance,
        why=(*(("the same company",) if same else ()), *shared_traits(query, past.account)),
    )


def shared_traits(one: AccountQuery, other: AccountQuery) -> tuple[str, ...]:
    """What two accounts have in common, in words: industry, country, head-count and revenue within a factor of two,
    technologies, a word of the name. Where none is, it says so: they are near by the
    whole, sizes that are not that close for one."""
    said: list[str] = []
    if one.industry and other.industry and _folded(one.industry) == _folded(other.industry):
        said.append(f"same industry: {other.industry}")
    if one.country and one.country == other.country:
        said.append(f"same country: {other.country}")
    if one.employees and other.employees and 0.5 <= other.employees / one.employees <= 2:
        said.append(f"similar size: {other.employees:,} employees")
    if one.revenue_usd and other.revenue_usd and 0.5 <= other.revenue_usd / one.revenue_usd <= 2:
        said.append(f"similar revenue: ${other.revenue_usd:,} a year")
    ours, theirs = _folded_all(one.technologies), _folded_all(other.technologies)
    both = [name for key, name in ours.items() if key in theirs]
    if both:
        said.append(f"both use {', '.join(both[:3])}{f' and {len(both) - 3} more' if len(both) > 3 else ''}")
    if one.name and other.name and (words := _name_words(one.name) & _name_words(other.name)):
        said.append(f"both names have {', '.join(sorted(words)[:2])}")
    return tuple(said) or ("no single trait in common",)


@lru_cache(1_024)
def _name_words(name: str) -> frozenset[str]:
    """Long enough to be more than a legal form."""
    return frozenset(word for part in name.split() if len(word := fold(part)) > 4)


@lru_cache(1_024)
def _folded_all(names: tuple[str, ...]) -> dict[str, str]:
    return {key: name for name in names if (key := _folded(name))}


def _within(count: int | None, least: int | None, most: int | None) -> bool:
    if least is None and most is None:
        return True
    return count is not None and (least is None or count >= least) and (most is None or count <= most)
