"""A plan as people and programs read it: text, JSON, CSV. Prospects' text is data in all three."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from tools.planning.guards import Stop
from tools.planning.loads import Load
from tools.planning.plan import Change, Flow, Plan, flows
from tools.routing_file.findings import counted

EXAMPLES: Final = 3
NOTHING: Final = Load()
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS: Final = (
    "lead_id", "decided_at", "company", "country", "state", "employees", "source", "kind", "from", "from_rule",
    "from_line", "to", "to_rule", "to_line", "from_way", "to_way",
)  # fmt: skip


def as_text(plan: Plan, stops: Sequence[Stop]) -> str:
    """For a terminal."""
    parts = [_headline(plan), _moves(plan), _others(plan), _loads(plan)]
    parts.append("\n".join(f"STOPPED by {stop}" for stop in stops) or "No guard stops it.")
    return "\n\n".join(part for part in parts if part)


def _headline(plan: Plan) -> str:
    if not plan.leads or plan.first_at is None or plan.last_at is None:
        return "There are no leads in this period or file: nothing can be compared, and no share can be guarded."
    period = f"{plan.first_at:%Y-%m-%d} to {plan.last_at:%Y-%m-%d}"
    limit = plan.before.guards.max_moved
    more = "" if limit is None else f"; the limit is {limit:.1%}"
    return (
        f"{counted(plan.leads, 'lead')}, {counted(plan.decisions, 'decision')}, {period}\n"
        f"{counted(len(plan.moved), 'lead')} would move ({plan.moved_share:.1%}{more})"
    )


def _moves(plan: Plan) -> str:
    if not plan.moved:
        return ""
    rows = [("leads", "from", "to", "because of", "before by")]
    rows += [(f"{len(flow.changes):,}", flow.source, flow.target, flow.because, flow.was) for flow in flows(plan)]
    lines = table(rows, right=(0,))
    shown = [lines[0]]
    for line, flow in zip(lines[1:], flows(plan), strict=True):
        shown += [line, *(f"         {_example(change)}" for change in flow.changes[:EXAMPLES])]
    return "\n".join(shown)


def _example(change: Change) -> str:
    facts = change.facts
    size = None if facts.employees is None else f"{facts.employees:,} people"
    told = (change.company, facts.state or facts.country, size, facts.source)
    what = ", ".join(plain(str(part)) for part in told if part) or "nothing known"
    return f"{change.lead_id} ({what}): {change.before.owner} -> {change.after.owner}"


def _others(plan: Plan) -> str:
    lines = []
    if plan.turn_order:
        lines.append(
            f"{len(plan.turn_order):,} more would get another member of the same pool, as turns before them fall otherwise "
            "(not counted as moved)."
        )
    for (was, becomes), count in sorted(Counter(map(_ways, plan.ways)).items()):
        lines.append(f"{count:,} would go the way {becomes} instead of {was}.")
    lines.append(
        f"DEFAULT takes {plan.default_before:,} ({plan.default_share_before:.1%}) before and "
        f"{plan.default_after:,} ({plan.default_share_after:.1%}) after."
    )
    return "\n".join(lines) if plan.leads else ""


def _ways(change: Change) -> tuple[str, str]:
    return way(change.before.path, change.before.sequence), way(change.after.path, change.after.sequence)


def way(path: str, sequence: str | None) -> str:
    return path if sequence is None else f"{path} ({sequence})"


def _loads(plan: Plan) -> str:
    rows = [("who", "leads", "share", "busiest day", "days at a cap", "clock stood still", "accept within")]
    totals = [sum(load.leads for load in loads.values()) or 1 for loads in (plan.loads_before, plan.loads_after)]
    for owner in sorted({*plan.loads_before, *plan.loads_after}):
        was, becomes = plan.loads_before.get(owner, NOTHING), plan.loads_after.get(owner, NOTHING)
        rows.append(
            (
                owner,
                _both(f"{was.leads:,}", f"{becomes.leads:,}"),
                _both(f"{was.leads / totals[0]:.1%}", f"{becomes.leads / totals[1]:.1%}"),
                _both(str(was.busiest), str(becomes.busiest)),
                _both(str(was.capped_days), str(becomes.capped_days)),
                _both(str(was.held), str(becomes.held)),
                _both(_span(was.accept_s), _span(becomes.accept_s)),
            )
        )
    return "\n".join(table(rows)) if len(rows) > 1 else ""


def _both(was: str, becomes: str) -> str:
    return was if was == becomes else f"{was} -> {becomes}"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds / 3600:g}h" if seconds >= 3600 else f"{seconds / 60:g}m"


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Columns below each other; `right`: those that hold numbers."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def plain(text: str, longest: int = 40) -> str:
    """A stranger's text on one line, without what a terminal would obey."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def figures(plan: Plan) -> dict[str, Any]:
    """What is kept with a version: counts, no lead."""
    return {
        "leads": plan.leads,
        "decisions": plan.decisions,
        "first_at": plan.first_at,
        "last_at": plan.last_at,
        "moved": len(plan.moved),
        "moved_share": round(plan.moved_share, 6),
        "turn_order": len(plan.turn_order),
        "ways_changed": len(plan.ways),
        "default_before": plan.default_before,
        "default_after": plan.default_after,
        "default_share_before": round(plan.default_share_before, 6),
        "default_share_after": round(plan.default_share_after, 6),
    }


def as_json(plan: Plan, stops: Sequence[Stop], *, most: int | None = None) -> dict[str, Any]:
    """Everything; with `most` only so many of the leads that change."""
    changes = [*(("moved", change) for change in plan.moved), *(("turn order", change) for change in plan.turn_order)]
    return {
        "before": {"digest": plan.before.digest, "version": plan.before.version},
        "after": {"digest": plan.after.digest, "version": plan.after.version},
        **figures(plan),
        "stops": [{"guard": s.guard, "message": s.message, "overridable": s.overridable} for s in stops],
        "flows": [_flow(flow) for flow in flows(plan)],
        "ways": [
            {"from": was, "to": becomes, "leads": count}
            for (was, becomes), count in sorted(Counter(map(_ways, plan.ways)).items())
        ],
        "members": {
            owner: {
                "before": _load(plan.loads_before.get(owner, NOTHING)),
                "after": _load(plan.loads_after.get(owner, NOTHING)),
            }
            for owner in sorted({*plan.loads_before, *plan.loads_after})
        },
        "changes": [row(change, kind) for kind, change in changes[:most]],
    }


def _flow(flow: Flow) -> dict[str, Any]:
    return {
        "from": flow.source,
        "to": flow.target,
        "before_by": flow.was,
        "because_of": flow.because,
        "leads": len(flow.changes),
        "examples": [change.lead_id for change in flow.changes[:EXAMPLES]],
    }


def _load(load: Load) -> dict[str, Any]:
    return {name: getattr(load, name) for name in load.__slots__}


def row(change: Change, kind: str) -> dict[str, Any]:
    """One lead that gets another owner or goes another way."""
    facts, was, becomes = change.facts, change.before, change.after
    values = (
        change.lead_id, change.at.isoformat(), change.company, facts.country, facts.state, facts.employees, facts.source,
        kind, was.owner, was.rule, was.line, becomes.owner, becomes.rule, becomes.line, way(was.path, was.sequence),
        way(becomes.path, becomes.sequence),
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def as_csv(plan: Plan) -> str:
    """A line for each lead that gets another owner or goes another way."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for kind, changes in (("moved", plan.moved), ("turn order", plan.turn_order), ("way", plan.ways)):
        for change in changes:
            writer.writerow([cell(value) for value in row(change, kind).values()])
    return out.getvalue()


def cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection")."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
