"""Why a lead did not go to somebody: their leave, their turn, what passed them over, and what about the lead would have to be
otherwise, each tried. Decides again from what the decision saw; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Engine

from graph.domain.explanation import Explanation, Standing
from graph.domain.table import RoutingTable, Target
from graph.rules.calendars import calendars_of
from graph.rules.conditions import holds, view_of
from graph.rules.reasons import away_reason, in_words
from graph.rules.wording import first_name
from tools.routing_file.explained import facts_sentence
from tools.why import Asked, recorded

MOST_OTHERS: Final = 5
MOST: Final = 3
"""Changes, or lines of the file, that are named."""


def why_not(asked: Asked, email: str, explanation: Explanation | None = None) -> tuple[str, ...]:
    """Sentences for people. explanation: of the same question, where it was worked out already."""
    found = explanation or asked.explained()
    owner = asked.made[0] if asked.made is not None else found.assignment.owner
    name = first_name(email)
    if email == owner:
        return (f"{name} has it.",)
    said = [*_absence(asked, email), *_turn(found, email), *_fits(asked, found, email)]
    changes = list(_changes(found, asked.table, email))
    said += [f"{name} would have it {one}." for one in changes[:MOST]]
    if not changes:
        said += list(_lines(asked, found, email))[:MOST]
    return tuple(said) or (f"No line of the routing file gives leads to {name}.",)


def not_they(
    engine: Engine, lead_id: str, revision: int, owner: str, wanted: Sequence[str], *, others: bool = False
) -> list[tuple[str, tuple[str, ...]]]:
    """(address, sentences) of each of `wanted` who is not the owner; with `others` also of those whose turn it was not. A
    recorded decision, made anew: slow. Raises NotKept."""
    asked = recorded(engine, f"{lead_id}@{revision}")
    explanation = asked.explained()
    people = dict.fromkeys([*wanted, *(others_asked(explanation)[:MOST_OTHERS] if others else ())])
    return [(email, why_not(asked, email, explanation)) for email in people if email != owner]


def others_asked(explanation: Explanation) -> list[str]:
    """Those who were beside the owner at the turn, in the order of the pool."""
    return [one.email for one in explanation.turn if not one.took]


def _absence(asked: Asked, email: str) -> Iterator[str]:
    name, calendars = first_name(email), calendars_of(asked.table)
    if email in {one.lower() for one in asked.held.get("excluded", ())}:
        yield f"{name} had this lead before, and passed it on or did not accept it in time."
    person = calendars.person(email)
    if person is not None and not person.active:
        yield f"{name} is marked as gone in the routing file."
    elif (leave := calendars.away(email, asked.now)) is not None:
        cover = calendars.taker(email, asked.now)
        yield f"{away_reason(email, leave)}, {f'{first_name(cover)} covers' if cover else 'nobody covers'}."


def _turn(explanation: Explanation, email: str) -> Iterator[str]:
    theirs = next((one for one in explanation.turn if one.email == email), None)
    took = next((one for one in explanation.turn if one.took), None)
    if theirs is None or took is None or theirs.took:
        return
    name, pool = first_name(email), explanation.assignment.pool
    if theirs.entitled == 0:
        state = ", ".join((theirs.now, *theirs.counts))
        yield f"{name} could not take a turn in the pool {pool}: {state}."
        return
    yield (
        f"Both are in the pool {pool}, and it was {first_name(took.email)}'s turn: {first_name(took.email)} was owed "
        f"{_owed(took)} leads, {name} {_owed(theirs)}."
    )


def _owed(one: Standing) -> str:
    return f"{one.owed + one.entitled:+.2f}"


def _changes(explanation: Explanation, table: RoutingTable, email: str) -> Iterator[str]:
    """Facts with which it would be theirs; in their pool, their turn."""
    for one in explanation.other_facts:
        if one.gives.owner == email:
            yield facts_sentence(one)
        elif _leads_to(table, one.gives.to, email):
            yield f"if it were their turn, {facts_sentence(one)}"


def _leads_to(table: RoutingTable, to: str, email: str) -> bool:
    pool = table.pools.get(to.removeprefix("pool:")) if to.startswith("pool:") else None
    return pool is not None and any(member.email == email and member.active for member in pool.members)


def _fits(asked: Asked, explanation: Explanation, email: str) -> Iterator[str]:
    """Rules that would give them the lead, and were not reached."""
    given, view = explanation.assignment, view_of(asked.facts)
    for rule in asked.table.rules:
        if _target(asked.table, rule.to, email) and f"rules.{rule.id}" != given.rule and holds(rule.condition, view):
            yield f"The lead fits rules.{rule.id} (line {rule.line}) too, but {given.rule} comes first."


def _lines(asked: Asked, explanation: Explanation, email: str) -> Iterator[str]:
    """The rules and places of the file that lead to them, and that this lead is not of."""
    table, given, view = asked.table, explanation.assignment, view_of(asked.facts)
    for rule in table.rules:
        if _target(table, rule.to, email) and f"rules.{rule.id}" != given.rule and not holds(rule.condition, view):
            what = in_words(rule.condition) or "of any kind"
            yield f"rules.{rule.id} (line {rule.line}) gives them leads {what}, and this one is not."
    for entry in (*table.map, table.default):
        if _target(table, entry.to, email) and f"map.{entry.key}" != given.rule:
            yield f"The place {entry.key} (line {entry.line}) is theirs, but {given.rule} gave this lead away."


def _target(table: RoutingTable, target: Target, email: str) -> bool:
    if target.pool is not None:
        return _leads_to(table, f"pool:{target.pool}", email)
    return target.email == email
