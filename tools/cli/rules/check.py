"""Is this routing file good? Parses it, looks for faults, proves that every lead has an owner, runs the file's own tests.

Exit code 1 where it has an error: a fault of the text, a failing test, or leads that come to nobody. Findings (lines that
do nothing, or hardly what was meant) are shown and make 1 only with --strict. Notes are worth knowing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graph.domain.routing import RoutingFacts
    from graph.domain.table import RoutingTable
    from tools.routing_file import Finding
    from tools.routing_file.checking import Examined
    from tools.settings import Settings

HELP = "parse it, look for faults, prove that every lead has an owner, run its tests"


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(needs_settings=lambda arguments: arguments.last is not None or arguments.file is None)
    parser.add_argument("file", type=Path, nargs="?", help="default: the live one")
    parser.add_argument("--strict", action="store_true", help="findings are errors")
    parser.add_argument(
        "--at", type=_moment, metavar="TIME", help="as if it were then (2026-12-24T18:00:00Z; default: now)"
    )
    parser.add_argument(
        "--last", type=_period, metavar="30d", help="say how many of the leads of so many days a partly dead rule loses"
    )
    parser.add_argument("--json", action="store_true", help="the same as JSON")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not a time; write it as 2026-12-24T18:00:00Z') from None


def _period(text: str) -> timedelta:
    from tools.planning.period import last

    try:
        return last(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(arguments: argparse.Namespace, settings: Settings | None) -> int:
    from tools.routing_file.checking import examine_file

    path = arguments.file if settings is None else arguments.file or settings.routing_file
    leads = None if settings is None or arguments.last is None else recent_leads(settings, arguments.last)
    try:
        found = examine_file(path, arguments.at, leads)
    except OSError as error:
        print(f"{path} cannot be read: {error.strerror or type(error).__name__}", file=sys.stderr)
        return 1
    good = not found.errors and not (arguments.strict and found.findings)
    print(_as_json(found, good) if arguments.json else _as_text(path, found, good))
    return 0 if good else 1


def recent_leads(settings: Settings, last: timedelta) -> list[RoutingFacts] | None:
    """The facts of the leads decided lately, each as it was decided last; None where there are none."""
    from tools.cli.rules.editing import store_of
    from tools.store.past import Chosen, past_decisions

    with store_of(settings) as engine:
        found = {past.lead_id: past.facts for past in past_decisions(engine, Chosen(since=datetime.now(UTC) - last))}
    return list(found.values()) or None


def _as_text(path: Path, found: Examined, good: bool) -> str:
    head = f"{path} is {'valid' if good else 'not valid'}"
    if found.table is not None:
        head += f": {_contents(found.table)}"
    return "\n".join(
        [
            head,
            *_section(found.errors, "error"),
            *_section(found.findings, "finding"),
            *_section(found.notes, "note"),
        ]
    )


def _section(items: Sequence[Finding], name: str) -> list[str]:
    from tools.routing_file.findings import counted

    return [f"\n{counted(len(items), name)}", *map(str, items)] if items else []


def _contents(table: RoutingTable) -> str:
    from tools.routing_file.findings import counted

    parts = (
        counted(len(table.map) + 1, "place"),
        counted(len(table.accounts), "account"),
        counted(len(table.rules), "rule"),
        counted(len(table.pools), "pool"),
        counted(len(table.people), "person", "people"),
    )
    tests = len(table.tests)
    said = f"{tests} of {tests} tests pass" if tests else "it has no tests"
    return f"{', '.join(parts)}; {said} (version {table.version}, {table.digest[:12]})"


def _as_json(found: Examined, good: bool) -> str:
    table = found.table
    said: dict[str, Any] = {
        "valid": good,
        "version": None if table is None else table.version,
        "digest": None if table is None else table.digest,
    }
    for name in ("errors", "findings", "notes"):
        said[name] = [asdict(item) for item in getattr(found, name)]
    return json.dumps(said, ensure_ascii=False, indent=2)
