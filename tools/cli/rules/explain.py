"""Why is this lead whose it is, and what is the smallest change that would make it somebody else's?"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tools.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from graph.domain.table import RoutingTable
    from tools.why import Asked

HELP = "why a lead is whose it is, and what would change that"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "lead",
        help="a lead's id (its newest decision; ld_...@2 for a revision), or a JSON file as a test's lead; - reads it",
    )
    parser.add_argument("--file", type=Path, help="explain by this routing file instead")
    parser.add_argument(
        "--at", help="at this time instead, as 2026-03-10T15:00 (in the file's time zone) or with a zone"
    )
    parser.add_argument("--json", action="store_true", help="the whole explanation")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    import orjson

    from tools.cli.rules.editing import store_of
    from tools.cli.rules.reading import Unusable
    from tools.routing_file import RoutingFileError, describe
    from tools.routing_file.explained import as_json, sentences

    try:
        with store_of(settings) as engine:
            asked = _asked(arguments, settings, engine)
    except Unusable as error:
        return error.told()
    except RoutingFileError as error:
        print(describe(error.findings), file=sys.stderr)
        return 2
    explanation = asked.explained()
    if arguments.json:
        shown = as_json(explanation) | {"made": asked.made}
        print(orjson.dumps(shown, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
    else:
        if asked.made is not None and asked.made[:2] != (explanation.assignment.owner, explanation.assignment.rule):
            print("The decision: {} by {}. {}\nIt was not routed anew; the file by itself gives:".format(*asked.made))
        print("\n".join(sentences(explanation, ZoneInfo(asked.table.timezone))))
    return 0


def _asked(arguments: argparse.Namespace, settings: Settings, engine: Engine) -> Asked:
    from tools.cli.rules.reading import Unusable
    from tools.routing_file import read_text
    from tools.routing_file.lead_fields import read_lead
    from tools.why import NotKept, lead_now, recorded

    path = Path(arguments.lead)
    other = None if arguments.file is None else _file(arguments.file)
    if arguments.lead == "-" or path.is_file():
        table = other or _file(settings.routing_file)
        facts = read_lead(sys.stdin.read() if arguments.lead == "-" else read_text(path), table)
        asked = lead_now(engine, facts, table, datetime.now(UTC))
    elif path.suffix or len(path.parts) > 1:  # no lead's id has a dot or a slash
        raise Unusable(f"{arguments.lead} is neither a file nor the id of a lead (ld_...)")
    else:
        try:
            asked = recorded(engine, arguments.lead, other)
        except NotKept as error:
            raise Unusable(str(error)) from None
    return asked if arguments.at is None else replace(asked, now=_time(arguments.at, ZoneInfo(asked.table.timezone)))


def _file(path: Path) -> RoutingTable:
    """A file that can be read, whatever its tests say."""
    from tools.cli.rules.reading import Unusable
    from tools.routing_file import RoutingFileError, describe, parse, read_text

    try:
        return parse(read_text(path), path.parent)
    except RoutingFileError as error:
        raise Unusable(f"{path} is not valid\n{describe(error.findings)}") from None
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None


def _time(written: str, zone: ZoneInfo) -> datetime:
    from tools.cli.rules.reading import Unusable

    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Unusable(f'"{written}" is not a time; write it as 2026-03-10T15:00') from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
