"""What would this draft do? Routes the leads of a period under the live file and under the draft, and shows who would move,
from whom to whom, because of which line, and what each person would get. Exit 1 when one of its own tests, the proof or a
guard of the live file stops it."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.settings import Settings

HELP = "who would move under a draft, and does a guard stop it"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("draft", type=Path)
    parser.add_argument(
        "--last", default="30d", metavar="30d", help="past leads of so many days (d), hours (h), weeks (w)"
    )
    parser.add_argument("--leads", type=Path, metavar="FILE", help="leads from JSON lines, JSON or CSV, not the past")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true")
    how.add_argument("--csv", action="store_true", help="a line for each lead that changes")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    import orjson

    from tools.cli.rules.reading import Unusable, draft_leads, tables
    from tools.editing.checks import faults
    from tools.planning.guards import stops
    from tools.planning.plan import plan_of
    from tools.planning.showing import as_csv, as_json, as_text

    try:
        live, draft = tables(settings, arguments.draft)
        leads = draft_leads(settings, arguments, live)
    except Unusable as error:
        return error.told()
    plan = plan_of(leads, live, draft)
    stopped = [*faults(draft), *stops(plan, live.guards)]
    if arguments.json:
        print(orjson.dumps(as_json(plan, stopped), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
    elif arguments.csv:
        print(as_csv(plan), end="")
    else:
        print(as_text(plan, stopped))
    return 1 if stopped else 0
