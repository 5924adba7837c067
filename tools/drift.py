"""What changed in the leads and what nobody understood: shares of each line of the file, of unknown facts, and values kept
as typed, over a period against the one before.

A lead counts once a period, by its first decision in it: passes and retries say nothing about who writes to us.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from graph.domain.table import RoutingTable
from graph.rules.aliases import FIELDS, alias_key, meaning
from graph.rules.conditions import word
from graph.rules.control_limits import Share, share_of
from graph.rules.countries import country_names
from graph.rules.firmographics import industry_names
from graph.rules.spelling import clear_meaning
from graph.rules.states import state_names
from tools.routing_file.aliases import conditions_of, words_of
from tools.store.past import Past

FACTS: Final = (
    "country", "state", "postal", "industry", "employees", "revenue_usd", "source", "product", "score", "tier",
)  # fmt: skip
_SHOWN: Final = (*FIELDS, "employees")  # what else is not understood names a person, and is counted without its value


@dataclass(frozen=True, slots=True)
class Value:
    """A value as typed that nothing understood, or a word that no condition asks for and that is near one which is.

    leads: how many said it; unmatched: how many of them no rule and no place took; proposal: what it was clearly meant to
    be, None where that is not clear or where no alias can say it. typed: the commonest spelling, None for personal data.
    """

    field: str
    typed: str | None
    leads: int
    unmatched: int
    proposal: str | None


@dataclass(frozen=True, slots=True)
class Drift:
    """since: where the period begins, after one of the same length; lines: `rules.us-smb` -> its share of the leads;
    unknown: fact -> share of leads without it."""

    since: datetime
    until: datetime
    leads: int
    leads_before: int
    lines: dict[str, Share]
    unknown: dict[str, Share]
    values: tuple[Value, ...]


@dataclass(slots=True)
class _Said:
    spellings: Counter[str] = field(default_factory=Counter)
    countries: Counter[str | None] = field(default_factory=Counter)
    unmatched: int = 0

    def note(self, typed: str, past: Past) -> None:
        self.spellings[typed] += 1
        self.countries[past.facts.country] += 1
        self.unmatched += past.rule == "map.DEFAULT"


@dataclass(slots=True)
class _Period:
    leads: set[str] = field(default_factory=set)
    lines: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def take(self, past: Past) -> bool:
        """False for a lead that was counted already."""
        if past.lead_id in self.leads:
            return False
        self.leads.add(past.lead_id)
        self.lines[past.rule] += 1
        self.unknown.update(name for name in FACTS if getattr(past.facts, name) is None)
        return True


def watch(pasts: Iterable[Past], table: RoutingTable, since: datetime, until: datetime) -> Drift:
    """pasts: the decisions of both periods, oldest first; table: today's, which says what is mentioned and aliased."""
    before, now = _Period(), _Period()
    asked = words_of(conditions_of(table.segments, table.rules, table.nurture))
    said: dict[tuple[str, str], _Said] = {}
    for past in pasts:
        period = before if past.decided_at < since else now
        if period.take(past) and period is now:
            for name, typed in _strange(past, table, asked):
                said.setdefault((name, alias_key(name, typed)), _Said()).note(typed, past)
    return Drift(
        since=since,
        until=until,
        leads=len(now.leads),
        leads_before=len(before.leads),
        lines=_shares(_lines_of(table), now.lines, before.lines, now, before),
        unknown=_shares(FACTS, now.unknown, before.unknown, now, before),
        values=_values(said, asked),
    )


def _strange(past: Past, table: RoutingTable, asked: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """(field, text) of what was not understood, or of words nobody asks for, unless an alias of today says what it means."""
    for name, typed in past.unknown:
        if meaning(table.aliases, name, typed) is None:
            yield name, typed if name in _SHOWN else ""
    for name in ("source", "product"):
        typed = getattr(past.facts, name)
        if typed and word(typed) not in asked[name] and meaning(table.aliases, name, typed) is None:
            yield name, typed


def _values(said: Mapping[tuple[str, str], _Said], asked: Mapping[str, set[str]]) -> tuple[Value, ...]:
    found = []
    for (name, _), one in said.items():
        typed = one.spellings.most_common(1)[0][0] or None
        proposal = None if typed is None or name not in FIELDS else clear_meaning(typed, _names(name, one, asked))
        if proposal is not None or name not in ("source", "product"):  # a new campaign's name is nothing to mend
            found.append(Value(name, typed, one.spellings.total(), one.unmatched, proposal))
    return tuple(sorted(found, key=lambda value: (-value.leads, value.field, value.typed or "")))


def _names(name: str, said: _Said, asked: Mapping[str, set[str]]) -> Mapping[str, str]:
    """What the value may have been meant to be. A state is looked for in the one country that its leads are from."""
    if name == "country":
        return country_names()
    if name == "state":
        country, *others = said.countries
        return state_names(country) if country is not None and not others else {}
    return {**(industry_names() if name == "industry" else {}), **{one: one for one in asked[name]}}


def _lines_of(table: RoutingTable) -> list[str]:
    places = [f"map.{entry.key}" for entry in (*table.map, table.default)]
    return [*(f"rules.{rule.id}" for rule in table.rules), *places]


def _shares(
    names: Iterable[str], hits: Counter[str], hits_before: Counter[str], now: _Period, before: _Period
) -> dict[str, Share]:
    """Of the names, and of what was hit besides."""
    return {
        name: share_of(hits[name], len(now.leads), hits_before[name], len(before.leads))
        for name in dict.fromkeys((*names, *hits_before, *hits))
    }
