"""Brings a CSV file of accounts into the book: name, domain, parent, owner and more, under the headers that people and CRMs
use. What is wrong is said with line and fix, and then nothing is written. The same file twice changes nothing."""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tools.settings import Settings

_SOURCE = re.compile(r"[a-z0-9_-]{1,40}\Z")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.csv")
    parser.add_argument("--source", default="import", help="who tells this (default: import); each speaks for itself")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="accounts that the source told before and this file does not name are gone",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    parser.add_argument("--by", default=None, help="who imports it (default: your login)")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=HEADER",
        help="which column is which; no header: none is",
    )
    parser.add_argument(
        "--revenue-in", default=None, choices=("dollars", "thousands", "millions", "billions"),
        help="what a number of revenue counts (US dollars a year)",
    )  # fmt: skip
    parser.add_argument("--undo", type=int, metavar="ID", help="take a source's last change back, exactly")
    parser.add_argument("--history", action="store_true", help="the changes of the book, newest first")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done, or nothing to do; 1: refused, nothing written; 2: no such file, or not understood."""
    asked = (arguments.file is not None, arguments.undo is not None, arguments.history)
    if asked.count(True) != 1:
        return _misused("name a FILE.csv, or --undo ID, or --history")
    if not _SOURCE.match(arguments.source) or arguments.source == "bundled":
        return _misused("--source is a word of small letters, digits, - and _; `bundled` is the table we ship")
    columns = dict(said.partition("=")[::2] for said in arguments.column)
    from tools.cli.accounts.changes import changing

    with changing(settings) as (engine, outcome):
        if arguments.history:
            from tools.cli.accounts.history import told_history

            print(told_history(engine, as_json=arguments.json))
        elif arguments.undo is not None:
            _undo(engine, arguments, settings)
        else:
            _import(engine, arguments, settings, {name.strip(): header.strip() for name, header in columns.items()})
    return outcome.code


def _misused(what: str) -> int:
    print(f"accounts import: {what}", file=sys.stderr)
    return 2


def _by(arguments: argparse.Namespace) -> str:
    return str(arguments.by or getpass.getuser())


def _import(engine: Engine, arguments: argparse.Namespace, settings: Settings, columns: dict[str, str]) -> None:
    from tools.accounts.cells import UNITS
    from tools.accounts.changing import Change
    from tools.accounts.importing import import_file
    from tools.accounts.understanding import Understanding
    from tools.cli.accounts import results
    from tools.cli.accounts.changes import indexed
    from tools.cli.accounts.words import words_of

    aliases, owners = words_of(engine, settings)
    understanding = Understanding(UNITS.get(arguments.revenue_in), aliases, owners)
    change = Change(arguments.source, "import", arguments.file.name, _by(arguments), replace=arguments.replace)
    imported = import_file(
        engine, arguments.file, change, settings.source_order,
        understanding=understanding, columns=columns, dry_run=arguments.dry_run,
    )  # fmt: skip
    result = imported.result
    count = indexed(engine, settings)
    if arguments.json:
        read = {"read_as": dict(imported.columns.read_as), "not_read": [title for title, _ in imported.columns.ignored]}
        unknown = [
            {"column": one.column, "typed": one.typed, "lines": one.count, "first_line": one.first_line, "fix": one.fix}
            for one in understanding.unknown.values()
        ]
        print(results.as_json(result, **read, not_understood=unknown, dry_run=arguments.dry_run))
        return
    lines = [
        *results.told_columns(imported.columns),
        *results.told_understanding(understanding),
        *results.told_result(result, dry_run=arguments.dry_run),
        results.told_version(result, dry_run=arguments.dry_run),
    ]
    print("\n".join([*lines, *([results.told_index(count)] if count is not None else [])]))


def _undo(engine: Engine, arguments: argparse.Namespace, settings: Settings) -> None:
    from tools.accounts.undoing import undo
    from tools.cli.accounts import results
    from tools.cli.accounts.changes import indexed

    result = undo(engine, arguments.undo, _by(arguments), settings.source_order)
    count = indexed(engine, settings)
    if arguments.json:
        print(results.as_json(result, undone=arguments.undo))
        return
    lines = [results.told_undo(result, arguments.undo), results.told_families(result.derived)]
    print("\n".join([*lines, *([results.told_index(count)] if count is not None else [])]))
