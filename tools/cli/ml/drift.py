"""Do the leads of the last days look like those that the serving model was trained on, and do its scores come true?"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tools.cli.ml.learning import told, window_of

if TYPE_CHECKING:
    from tools.settings import Settings

KNOWN_AT = ("submission", "enrichment", "history", "decision", "outcome")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", default="7d", metavar="7d", help="so many days (d), hours (h), weeks (w)")
    parser.add_argument("--all", action="store_true", help="every check, not the findings alone")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: nothing found; 1: something; 2: --last is no period."""
    from tools.planning.period import last

    try:
        length = last(arguments.last)
    except ValueError as error:
        print(f"--last: {error}", file=sys.stderr)
        return 2
    return told(lambda: _drift(arguments, settings, length))


def _drift(arguments: argparse.Namespace, settings: Settings, length: timedelta) -> int:
    import orjson

    from tools.cli.rules.editing import store_of
    from tools.learning.watching import watch_store

    with store_of(settings) as engine:
        seen = watch_store(engine, settings.models_dir, datetime.now(UTC), length, window_of(settings))
    drift = seen.drift
    if arguments.json:
        told = {
            "model": seen.model,
            "leads": seen.leads,
            "basis": seen.basis,
            "level": drift.level,
            "findings": drift.findings,
            "checks": drift.checks,
            "unjudged": drift.unjudged,
        }
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return 1 if drift.findings else 0
    print(f"Leads of the last {arguments.last}: {seen.leads}, model {seen.model}, held against {seen.basis}.")
    for known_at in KNOWN_AT:
        for check in drift.checks:
            found = check in drift.findings
            if check.known_at == known_at and (found or arguments.all):
                print(f"{'*' if found else ' '} {check.kind}, known at {known_at}: {check.sentence}")
    for sentence in drift.unjudged:
        print(f"  not judged: {sentence}")
    if not drift.checks:
        print("Nothing could be judged.")
        return 0
    level = f"each told with p below {drift.level:.1e}: at most one week in twenty has a false alarm"
    print(f"{len(drift.findings)} of {len(drift.checks)} checks found something ({level}).")
    return 1 if drift.findings else 0
