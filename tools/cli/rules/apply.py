"""Makes a draft live: merged with what others changed meanwhile, checked, planned, held to the guards of the live file.
Exit 1 when it is refused (nothing is written), 3 when it waits for approvals (`rules approve`)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.settings import Settings

HELP = "make a draft live, now or at a time"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("draft", type=Path)
    parser.add_argument(
        "--by", required=True, metavar="NAME", help="who you are: an id of the file's people, or an address"
    )
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it stays in the history")
    parser.add_argument(
        "--base", metavar="DIGEST", help="the version the draft was made from; else its `version` says so"
    )
    parser.add_argument(
        "--at", metavar="TIME", help="when it goes live: 2026-03-01T08:00-05:00 (UTC without an offset); now without it"
    )
    parser.add_argument("--override", metavar="REASON", help="why the guards on shares do not count this time")
    parser.add_argument("--last", default="30d", metavar="30d", help="the past that the plan looks at")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import editor_of, store_of, tell
    from tools.cli.rules.reading import other_files
    from tools.editing.results import Edit
    from tools.planning.period import last, moment

    try:
        text = arguments.draft.read_bytes().decode()
        period = last(arguments.last)
        at = None if arguments.at is None else moment(arguments.at)
    except OSError as error:
        print(f"{arguments.draft} cannot be read: {error.strerror or type(error).__name__}", file=sys.stderr)
        return 2
    except UnicodeDecodeError:
        print(f"{arguments.draft} is not text in UTF-8", file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    other = other_files(text, arguments.draft.parent, settings.routing_file.parent)
    if other:
        told = f"{', '.join(other)} beside {arguments.draft} differs from the one beside {settings.routing_file}"
        print(f"{told}: put it there first; an edit writes the routing file alone.", file=sys.stderr)
        return 1
    edit = Edit(text, arguments.by, arguments.reason, arguments.base, at, arguments.override)
    with store_of(settings) as engine:
        return tell(editor_of(engine, settings, period).apply(edit), settings, as_json=arguments.json)
