"""What would have to be otherwise in the file for somebody else to get this lead: one edit, smallest first.

add the lead's value to a list of a rule that asks for another · widen a rule's range as far as the lead · move a rule that
holds as well before the one that decided · drop the line that decided. Segments and regions stay as they are, since other
rules use them. Every edit found is made in the table and the lead decided again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile
from math import ceil, floor
from typing import Any, Final, TypeAlias

from graph.domain.explanation import Edit, OtherFile
from graph.domain.routing import Assignment, RoutingFacts
from graph.domain.table import Condition, Place, Range, RoutingTable, Rule, Where
from graph.rules.conditions import View, holds, view_of
from graph.rules.counterfactuals import outcome_of

DecideBy: TypeAlias = Callable[[RoutingTable], Assignment]
_MOST_EDITS: Final = 50  # each needs an index of its own, and the tables in use must stay remembered
_WORDS: Final = ("industry", "source", "product", "tier")
_NUMBERS: Final = ("employees", "revenue", "score")
_ROUND: Final = 1000  # a tenth of a point of the score; whole numbers stay as they are


def other_files(facts: RoutingFacts, table: RoutingTable, decide: DecideBy) -> tuple[OtherFile, ...]:
    """For each other pool or person the smallest edit that gives them the lead. decide: `route` with everything but the
    table."""
    view, now = view_of(facts), decide(table)
    own, found = outcome_of(now).to, dict[str, OtherFile]()
    edits = (*_entries(table, view, now.rule), *_moves(table, view, now.rule), *_drops(now))
    for edit in edits[:_MOST_EDITS]:
        gives = outcome_of(decide(for_lead(edited(table, edit), view)))
        if gives.to != own and gives.to not in found:
            found[gives.to] = OtherFile(edit, gives)
    return tuple(found.values())


def for_lead(table: RoutingTable, view: View) -> RoutingTable:
    """Without the rules that do not hold for the lead, which decide nothing: an index of hundreds takes a third of a second."""
    return replace(table, rules=tuple(rule for rule in table.rules if holds(rule.condition, view)))


def edited(table: RoutingTable, edit: Edit) -> RoutingTable:
    """The table with the edit made."""
    section, _, name = edit.path.partition(".")
    if section == "accounts":
        return replace(table, accounts=tuple(one for one in table.accounts if one.domain != name))
    if section == "map":
        return replace(table, map=tuple(one for one in table.map if one.key != name))
    rule = next(one for one in table.rules if one.id == name)
    if edit.kind in ("drop", "move"):
        rules = [one for one in table.rules if one is not rule]
        if edit.kind == "move":
            rules.insert(next(at for at, one in enumerate(rules) if one.id == edit.value), rule)
        return replace(table, rules=tuple(rules))
    changed = replace(rule, condition=_with(rule.condition, edit, table))
    return replace(table, rules=tuple(changed if one is rule else one for one in table.rules))


def _with(condition: Condition, edit: Edit, table: RoutingTable) -> Condition:
    """The condition with a value added or a range widened."""
    if edit.key == "segment":
        return replace(condition, segments=(*condition.segments, table.segments[edit.value]))
    if edit.key == "where":
        return replace(condition, where=(*condition.where, Where(edit.value, (_place(edit.value),))))
    held: tuple[Any, ...] = getattr(condition, edit.key)
    if edit.kind == "add":
        changed: dict[str, Any] = {edit.key: (*held, edit.value)}
    else:
        changed = {edit.key: tuple(_widened(edit) if one.text == edit.old else one for one in held)}
    return replace(condition, **changed)


def _place(written: str) -> Place:
    area, _, postal = written.partition(":")
    country, _, rest = area.partition("-")
    return Place(country, area if rest else None, postal or None, postal or None)


def _widened(edit: Edit) -> Range:
    low, _, high = edit.value.partition("..")
    if high:
        return Range(float(low), float(high), text=edit.value)
    bound = float(edit.value[2:])
    return Range(bound, None, text=edit.value) if edit.value[0] == ">" else Range(None, bound, text=edit.value)


def _entries(table: RoutingTable, view: View, decided: str) -> Iterator[Edit]:
    """In the rules asked before the one that decided: a value of theirs by which they miss the lead. A country, which
    brings all its leads, comes after everything narrower."""
    found = []
    for rule in _asked_before(table, decided):
        if not holds(rule.condition, view):
            for size, edit in (*_adds(rule, table, view), *_widens(rule, view)):
                if holds(_with(rule.condition, edit, table), view):
                    found.append((size, edit))
    yield from (edit for _, edit in sorted(found, key=lambda pair: pair[0]))


def _asked_before(table: RoutingTable, decided: str) -> Iterator[Rule]:
    step = decided.partition(".")[0]
    precedence: tuple[str, ...] = table.precedence
    if "rules" in precedence and step in precedence and precedence.index("rules") > precedence.index(step):
        return
    yield from takewhile(lambda rule: f"rules.{rule.id}" != decided, table.rules)


_Sized: TypeAlias = tuple[tuple[int, float], Edit]


def _adds(rule: Rule, table: RoutingTable, view: View) -> Iterator[_Sized]:
    condition, path = rule.condition, f"rules.{rule.id}"
    for name in _WORDS:
        value = getattr(view, name)
        if getattr(condition, name) and value is not None:
            yield (0, 0), Edit("add", path, rule.line, name, value)
    if condition.segments:
        for one in table.segments.values():
            if one not in condition.segments and holds(one.condition, view):
                yield (0, 0), Edit("add", path, rule.line, "segment", one.name)
    country = view.country
    if not condition.where or not isinstance(country, str):
        return
    near = [place for where in condition.where for place in where.places if place.country == country]
    if isinstance(view.postal, str) and any(place.low for place in near):
        yield (0, 0), Edit("add", path, rule.line, "where", f"{view.state or country}:{view.postal}")
    if view.state is not None and near:
        yield (0, 1), Edit("add", path, rule.line, "where", view.state)
    yield (2, 0), Edit("add", path, rule.line, "where", country)


def _widens(rule: Rule, view: View) -> Iterator[_Sized]:
    for name in _NUMBERS:
        number = getattr(view, name)
        ranges: tuple[Range, ...] = getattr(rule.condition, name)
        if isinstance(number, int | float) and ranges:
            near = min(ranges, key=lambda one: _gap(one, number))
            edit = Edit("widen", f"rules.{rule.id}", rule.line, name, _reaching(near, number), near.text)
            yield (1, _gap(near, number) / (number or 1)), edit


def _gap(item: Range, number: float) -> float:
    below = 0 if item.low is None else item.low - number
    return max(below, 0 if item.high is None else number - item.high, 0)


def _reaching(item: Range, number: float) -> str:
    """The range as the file would write it, with the number inside."""
    low = None if item.low is None else min(item.low, floor(number * _ROUND) / _ROUND)
    high = None if item.high is None else max(item.high, ceil(number * _ROUND) / _ROUND)
    if high is None:
        return f">={_plain(low or 0)}"
    return f"<={_plain(high)}" if low is None else f"{_plain(low)}..{_plain(high)}"


def _plain(number: float) -> str:
    """As the file writes numbers: no exponent, no zeros at the end."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _moves(table: RoutingTable, view: View, decided: str) -> Iterator[Edit]:
    """Rules behind the one that decided which hold as well."""
    names = [f"rules.{rule.id}" for rule in table.rules]
    if decided in names:
        first = names.index(decided)
        for rule in table.rules[first + 1 :]:
            if holds(rule.condition, view):
                yield Edit("move", f"rules.{rule.id}", rule.line, value=table.rules[first].id)


def _drops(now: Assignment) -> Iterator[Edit]:
    if (
        now.line is not None
        and now.rule.partition(".")[0] in ("accounts", "rules", "map")
        and now.rule != "map.DEFAULT"
    ):
        yield Edit("drop", now.rule, now.line)
