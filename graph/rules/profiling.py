"""Which question to put to a person next: one at a time, about what is missing and would decide something.

    routing   some answer would have a line of the file decide otherwise: place, head count, industry, product, company
    score     the score lost points because it is not known: the largest loss first
    sla       a first touch is promised, and without a number nobody can call

Never asks what any source knows, never more than MOST_BLANK times what was left blank, never for a name or anything that
decides nothing, and nothing at all of people who refused consent or of a submission that a person has to look at. What
was typed and not understood counts as missing. How a question is worded stands in data/questions.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, get_args

from graph.domain.lead import Lead, Path
from graph.domain.profiling import AskedField, Decides, Question
from graph.domain.routing import Assignment, RoutingFacts
from graph.domain.scoring import Score
from graph.domain.table import Condition, RoutingTable
from graph.domain.values import evolve, value
from graph.rules.conditions import View, bits, parts, view_of
from graph.rules.giving import plan_of
from graph.rules.places import ANY, HOLDS

FIELDS: Final[tuple[AskedField, ...]] = get_args(AskedField)
MOST_BLANK: Final = 2
"""How often one question is put to a person who leaves it blank."""
LEAST_LOSS: Final = 0.5
"""Points that the score must have lost before it is worth a question."""
LOSES: Final[Mapping[AskedField, frozenset[str]]] = {
    "employees": frozenset({"companySizeEstimate", "logEmployees"}),
    "title": frozenset({"hasTitle", "titleSeniority", "titleFunctionFit"}),
    "industry": frozenset({"industryGroup"}),
    "company": frozenset({"hasCompany"}),
}
"""The features that are unknown while a field is."""
_SETTLED: Final = ("accounts.", "open_opportunity", "account_owner", "parent_owner", "slas.")
"""Lines that decide before anything that a question could bring."""
_OWNERS: Final = frozenset({"open_opportunity", "account_owner", "parent_owner"})
_KEYS: Final[Mapping[AskedField, str]] = {
    "country": "country", "employees": "employees", "industry": "industry", "product": "product"
}  # fmt: skip
"""The facts of a view that can be left open."""
_WRITTEN: Final[Mapping[AskedField, str]] = {**_KEYS, "country": "where"}
"""The keys of a condition that ask for them."""
_WORDS: Final[Mapping[AskedField, str]] = {
    "country": "the country",
    "state": "the state or region",
    "employees": "the company's head count",
    "industry": "the industry",
    "product": "the product",
    "company": "the company",
    "title": "the job title",
    "phone": "a phone number",
}


@value(frozen=True)
class Needs:
    """What a routing file asks of leads. rules: by field, a bit for each rule that asks for it; places: whether its map
    tells places apart; states: countries of which the file tells the subdivisions apart; accounts: whether it gives leads
    to the owners of companies."""

    rules: dict[AskedField, int]
    places: bool
    states: frozenset[str]
    accounts: bool


def next_question(
    *,
    lead: Lead,
    facts: RoutingFacts,
    score: Score,
    assignment: Assignment,
    path: Path,
    table: RoutingTable,
    blanks: Mapping[str, int],
) -> Question | None:
    """None where nothing is worth asking. blanks: how often each field was asked for and left blank."""
    if lead.consent is False or lead.needs_review:
        return None
    known = _known(lead, facts)
    missing = {name for name in FIELDS if known[name] is None and blanks.get(name, 0) < MOST_BLANK}
    if not missing:
        return None
    unread = {one.field for one in lead.unknown}
    if not assignment.rule.startswith(_SETTLED):
        decisive = _decisive(missing, facts, assignment, path, table)
        if decisive is not None:
            return _question(decisive, "routing", "can change who gets the lead", unread)
    lost, name_of = max(((_lost(name, score), name) for name in LOSES if name in missing), default=(0.0, None))
    if name_of is not None and lost >= LEAST_LOSS:
        return _question(name_of, "score", f"costs the score {lost:g} points", unread)
    if "phone" in missing and path == "qualify" and assignment.touch_due_at is not None:
        return _question("phone", "sla", "is needed for a call within the time promised", unread)
    return None


def _known(lead: Lead, facts: RoutingFacts) -> dict[AskedField, object]:
    """What the form, enrichment or the CRM have said already; None is unknown."""
    return {
        "country": facts.country,
        "state": facts.state,
        "employees": facts.employees,
        "industry": facts.industry,
        "product": facts.product,
        "company": lead.company or facts.domain,
        "title": lead.title,
        "phone": lead.phone,
    }


def _decisive(
    missing: set[AskedField], facts: RoutingFacts, assignment: Assignment, path: Path, table: RoutingTable
) -> AskedField | None:
    """The first of the missing fields that could have the file decide otherwise: all of them left open at once, so that a
    rule that asks for two of them is found."""
    needs = needs_of(table)
    if "country" in missing and needs.places:
        return "country"
    if "state" in missing and facts.country in needs.states:
        return "state"
    asked = [name for name in _KEYS if name in missing]
    if asked:
        view = evolve(view_of(facts), **{_KEYS[name]: ANY for name in asked})
        open_rules = plan_of(table).rules.possible(view) & _before(assignment, table)
        unless = table.nurture.unless if table.nurture is not None and path == "nurture" else None
        for name in asked:
            if _any_holds(open_rules & needs.rules[name], view, table) or _asks(unless, name, view):
                return name
    return "company" if "company" in missing and needs.accounts else None


def _any_holds(mask: int, view: View, table: RoutingTable) -> bool:
    """Whether one of these rules would hold for some value of the facts left open. What the index is sure of is not asked
    again."""
    certain = plan_of(table).certain
    while mask:
        at = (mask & -mask).bit_length() - 1
        if certain[at] or bits(table.rules[at].condition, view) & HOLDS:
            return True
        mask &= mask - 1
    return False


def _asks(condition: Condition | None, name: AskedField, view: View) -> bool:
    """Whether the condition is about this field, and holds for some value of what is left open."""
    if condition is None or not any(getattr(part, _WRITTEN[name]) for part in parts(condition)):
        return False
    return bool(bits(condition, view) & HOLDS)


def _before(assignment: Assignment, table: RoutingTable) -> int:
    """A bit for each rule that would have decided before the line that did."""
    at = positions_of(table).get(assignment.rule, len(table.rules))
    return (1 << at) - 1


def _lost(name: AskedField, score: Score) -> float:
    """Points that the score lost by what is not known; 0 where it lost none."""
    return round(-sum(one.points for one in score.contributions if one.feature in LOSES[name] and one.points < 0), 2)


def _question(name: AskedField, decides: Decides, does: str, unread: set[str]) -> Question:
    missing = "what was typed is not understood" if name in unread else "it is not known"
    words = _WORDS[name]
    return Question(name, decides, f"{words[:1].upper()}{words[1:]} {does}, and {missing}.")


@lru_cache(maxsize=64)
def needs_of(table: RoutingTable) -> Needs:
    """Remembered per table: every lead asks."""
    index = plan_of(table).rules
    places = [spot.place for entry in table.map for spot in entry.spots]
    for rule in table.rules:
        places += [place for part in parts(rule.condition) for where in part.where for place in where.places]
    return Needs(
        rules={name: index.asking(key) for name, key in _WRITTEN.items()},
        places=bool(table.map),
        states=frozenset(place.country for place in places if place.subdivision is not None),
        accounts=bool(table.accounts) or not _OWNERS.isdisjoint(table.precedence),
    )


@lru_cache(maxsize=64)
def positions_of(table: RoutingTable) -> dict[str, int]:
    """Each rule's place in the file, by the name that assignments carry."""
    return {f"rules.{rule.id}": at for at, rule in enumerate(table.rules)}
