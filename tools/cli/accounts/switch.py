"""Switch a source of company facts off or on by hand, or leave it to the rule again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="as `app.py accounts costs` names it")
    parser.add_argument("to", choices=("on", "off", "auto"), help="auto: the rule decides by the fill rate")
    parser.add_argument("--reason", default="", help="shown beside the switch; needed for off and on")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done; 2: no such source, or no reason."""
    from tools.cli.rules.editing import store_of
    from tools.enrichment import switch as rule
    from tools.enrichment.ledger import row_of, switch_of
    from tools.store.enriching import change_source, source_rows

    now = datetime.now(UTC)
    with store_of(settings) as engine:
        known = {name for name in settings.providers if name != "bundled"} | source_rows(engine).keys()
        if arguments.source not in known:
            print(
                f"{arguments.source}: no such source; there are: {', '.join(sorted(known)) or 'none'}", file=sys.stderr
            )
            return 2
        if arguments.to != "auto" and not arguments.reason.strip():
            print("--reason: say why, for whoever finds it switched", file=sys.stderr)
            return 2

        def change(row: Mapping[str, Any] | None) -> Mapping[str, Any]:
            held = switch_of(row, now)
            if arguments.to == "auto":
                return row_of(rule.to_rule(held, now))
            return row_of(rule.by_person(held, on=arguments.to == "on", reason=arguments.reason.strip(), now=now))

        change_source(engine, arguments.source, now, change)
    said = {"auto": "left to the rule", "on": "switched on", "off": "switched off"}[arguments.to]
    print(f"{arguments.source}: {said}; every process follows with its next question.")
    return 0
