"""An explanation in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from graph.domain.explanation import Edit, Explanation, FactChange, OtherFacts, OtherFile, Outcome, Standing
from tools.routing_file.lead_fields import lead_json

MOST_SHOWN: Final = 8
_NAMES: Final = {"revenue_usd": "revenue", "postal": "postal code"}


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Everything, with the lead as a test of the file writes it and each change also as a sentence."""
    assignment = asdict(explanation.assignment)
    assignment.pop("turn")
    return {
        **assignment,
        "line_text": explanation.line_text,
        "digest": explanation.digest,
        "version": explanation.version,
        "at": explanation.at,
        "lead": lead_json(explanation.facts),
        "sequence": explanation.sequence,
        "turn": [asdict(one) for one in explanation.turn],
        "other_facts": [asdict(one) | {"said": facts_sentence(one)} for one in explanation.other_facts],
        "other_files": [asdict(one) | {"said": file_sentence(one)} for one in explanation.other_files],
        "all_tried": explanation.all_tried,
    }


def sentences(explanation: Explanation, zone: ZoneInfo) -> Iterator[str]:
    """Lines for a person; times in `zone`."""
    given = explanation.assignment
    line = f", line {given.line}" if given.line is not None else ""
    yield f"{given.owner} by {given.rule}{line} (version {explanation.version}, {explanation.digest[:12]})"
    if explanation.line_text:
        yield f"  {explanation.line_text}"
    yield f"  {given.why}"
    yield f"  {_promise(explanation, zone)}"
    yield f"  The lead: {_lead(explanation)}; decided at {_time(explanation.at, zone)}."
    yield from _block("Passed over before that, in this order:", list(given.skipped))
    if explanation.turn:
        yield f"The turn in the pool {given.pool}, in leads (> has it):"
        yield from (f"  {_standing(one)}" for one in explanation.turn)
    yield from _block("With other facts:", [facts_sentence(one) for one in explanation.other_facts], "no single fact")
    if not explanation.all_tried:
        yield "  (the file is large: not every place and not every pair of facts was tried)"
    yield from _block("With another file:", [file_sentence(one) for one in explanation.other_files], "no single edit")


def _block(title: str, lines: list[str], none: str = "") -> Iterator[str]:
    if lines:
        yield title
        yield from (f"  {line}" for line in lines[:MOST_SHOWN])
        if len(lines) > MOST_SHOWN:
            yield f"  and {len(lines) - MOST_SHOWN} more (--json shows all)"
    elif none:
        yield f"{title} {none} gives the lead to somebody else."


def _promise(explanation: Explanation, zone: ZoneInfo) -> str:
    given = explanation.assignment
    if explanation.sequence is not None:
        return f"It gets the sequence {explanation.sequence} instead of an alert, and has no SLA."
    if given.sla is None:
        return "It has no SLA."
    due = [f"{verb} by {_time(at, zone)}" for verb, at in _dues(explanation) if at is not None]
    return f"SLA {given.sla}: {', '.join(due)} ({given.clock} clock)."


def _dues(explanation: Explanation) -> tuple[tuple[str, datetime | None], ...]:
    return ("accept", explanation.assignment.accept_due_at), ("first touch", explanation.assignment.touch_due_at)


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"


def _lead(explanation: Explanation) -> str:
    known = lead_json(explanation.facts)
    return ", ".join(f"{name} {_value(known[name], name)}" for name in known) or "nothing is known of it"


def _value(value: Any, name: str = "") -> str:
    """`4,000`, `$410,000,000`, `acme.com and acme.de`."""
    if isinstance(value, list):
        return " and ".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    return f"{'$' if name == 'revenue' else ''}{value:,}" if isinstance(value, int) else str(value)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _standing(one: Standing) -> str:
    said = [f"owed {one.owed:+.2f}", f"this turn {one.entitled:+.2f}", f"{one.turns} taken", *one.counts, one.now]
    if one.passed:
        said.append("passed this lead")
    return f"{'>' if one.took else ' '} {one.email:30} {', '.join(said)}"


def facts_sentence(one: OtherFacts) -> str:
    """`with employees 1,000 instead of 400: pool us-west-ent by rules.us-west-ent, line 61`"""
    return f"with {' and '.join(map(_change, one.changes))}: {_outcome(one.gives)}"


def _change(change: FactChange) -> str:
    name = _NAMES.get(change.field, change.field.replace("_", " "))
    before, after = ("unknown" if value is None else _value(value, name) for value in (change.before, change.after))
    note = f" ({change.note})" if change.note else ""
    return f"{name} {after}{note} instead of {before}"


def file_sentence(one: OtherFile) -> str:
    """`write "employees": ">=400" instead of ">=1000" in rules.west (line 9): pool west by rules.west, line 9`"""
    breaks = (
        f"; breaks the test{'s' * (len(one.breaks) > 1)} {', '.join(map(_quoted, one.breaks))}" if one.breaks else ""
    )
    return f"{edit_sentence(one.edit)}: {_outcome(one.gives)}{breaks}"


def edit_sentence(edit: Edit) -> str:
    where = f"{edit.path} (line {edit.line})"
    match edit.kind:
        case "add":
            return f'add "{edit.value}" to "{edit.key}" of {where}'
        case "widen":
            return f'write "{edit.key}": "{edit.value}" instead of "{edit.old}" in {where}'
        case "move":
            return f"move {where} before rules.{edit.value}"
    return f"drop {where}"


def _outcome(gives: Outcome) -> str:
    who = f"pool {gives.to.removeprefix('pool:')}" if gives.to.startswith("pool:") else gives.owner
    return f"{who} by {gives.rule}" + (f", line {gives.line}" if gives.line is not None else "")
