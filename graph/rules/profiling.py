"""Which question to put to a person next: one at a time, about what is missing and would decide something.

    routing   a line of the file could decide otherwise: place, head count, industry, product, company
    score     the score lost points because it is not known: the largest loss first
    sla       a first touch is promised, and without a number nobody can call

Never asks what any source knows, never more than MOST_BLANK times what was left blank, never for a name or anything that
decides nothing, and nothing at all of people who refused consent or of a submission that a person has to look at. What
was typed and not understood counts as missing. How a question is worded stands in data/questions.json.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, get_args

from graph.domain.lead import Lead, Path
from graph.domain.profiling import AskedField, Decides, Question
from graph.domain.routing import Assignment, RoutingFacts
from graph.domain.scoring import Score
from graph.domain.table import Condition, RoutingTable
from graph.domain.values import value

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
    """What a routing file asks of leads. states: countries of which it tells the subdivisions apart."""

    fields: frozenset[AskedField]
    states: frozenset[str]


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
    missing = {name for name in FIELDS if blanks.get(name, 0) < MOST_BLANK} - set(_known(lead, facts))
    if not missing:
        return None
    unread = {one.field for one in lead.unknown}
    if not assignment.rule.startswith(_SETTLED):
        needs = needs_of(table)
        for name in FIELDS:
            if name in missing and _routes(name, needs, facts):
                return _question(name, "routing", "decides who gets the lead", unread)
    lost, name_of = max(((_lost(name, score), name) for name in LOSES if name in missing), default=(0.0, None))
    if name_of is not None and lost >= LEAST_LOSS:
        return _question(name_of, "score", f"costs the score {lost:g} points", unread)
    if "phone" in missing and path == "qualify" and assignment.touch_due_at is not None:
        return _question("phone", "sla", "is needed for a call within the time promised", unread)
    return None


def _known(lead: Lead, facts: RoutingFacts) -> Iterator[AskedField]:
    """What the form, enrichment or the CRM have said already."""
    held: tuple[tuple[AskedField, object], ...] = (
        ("country", facts.country),
        ("state", facts.state),
        ("employees", facts.employees),
        ("industry", facts.industry),
        ("product", facts.product),
        ("company", lead.company or facts.domain),
        ("title", lead.title),
        ("phone", lead.phone),
    )
    return (name for name, known in held if known is not None)


def _routes(name: AskedField, needs: Needs, facts: RoutingFacts) -> bool:
    if name == "state":
        return facts.country in needs.states
    return name in needs.fields


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
    fields: set[AskedField] = {"country"} if table.map else set()
    places = [spot.place for entry in table.map for spot in entry.spots]
    if table.accounts or {"account_owner", "parent_owner", "open_opportunity"} & set(table.precedence):
        fields.add("company")
    conditions = [rule.condition for rule in table.rules]
    if table.nurture is not None:
        conditions += [table.nurture.when, *([table.nurture.unless] if table.nurture.unless else [])]
    for condition in _all(conditions):
        places += [place for where in condition.where for place in where.places]
        if condition.where:
            fields.add("country")
        if condition.employees:
            fields.add("employees")
        if condition.industry:
            fields.add("industry")
        if condition.product:
            fields.add("product")
    return Needs(frozenset(fields), frozenset(place.country for place in places if place.subdivision is not None))


def _all(conditions: list[Condition]) -> Iterator[Condition]:
    """These conditions and all that they are made of."""
    for condition in conditions:
        yield condition
        yield from _all([segment.condition for segment in condition.segments])
        yield from _all(list(condition.any_of))
        if condition.negated is not None:
            yield from _all([condition.negated])
