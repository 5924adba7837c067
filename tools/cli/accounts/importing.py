"""Brings a CSV file of accounts into the book: name, domain, parent, owner and more, in the spellings that CRMs export. What
is wrong is said with line and fix, and then nothing is written. The same file twice changes nothing."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.accounts.importing import Imported
    from tools.settings import Settings

SHOWN = 20


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.csv")
    parser.add_argument("--source", default="import", help="who tells this (default: import); each tells for itself")
    parser.add_argument("--replace", action="store_true", help="what the source told before and is not in this file is gone")
    parser.add_argument("--dry-run", action="store_true", help="say what would change")
    parser.add_argument("--by", default=None, help="who imports it (default: your login)")
    parser.add_argument(
        "--column", action="append", default=[], metavar="FIELD=HEADER", help="which column is which; a blank header: none"
    )
    parser.add_argument(
        "--revenue-in", default="dollars", choices=("dollars", "thousands", "millions", "billions"),
        help="what a number of revenue counts, US dollars a year",
    )  # fmt: skip
    parser.add_argument("--undo", type=int, metavar="ID", help="take the source's last change back, exactly")
    parser.add_argument("--history", action="store_true", help="the changes of the book, newest first")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done, or nothing to do; 1: refused, nothing written; 2: no such file."""
    from tools.accounts.changing import Refused
    from tools.cli.accounts.history import show_history
    from tools.cli.rules.editing import store_of
    from tools.store.book_writing import Busy

    if [arguments.file is not None, arguments.undo is not None, arguments.history].count(True) != 1:
        print("accounts import: name a FILE.csv, or --undo ID, or --history", file=sys.stderr)
        return 2
    with store_of(settings) as engine:
        try:
            if arguments.history:
                return show_history(engine, as_json=arguments.json)
            if arguments.undo is not None:
                return _undo(engine, arguments, settings)
            return _import(engine, arguments, settings)
        except Refused as refused:
            print("\n".join(map(_plain, refused.problems)), file=sys.stderr)
            more = refused.count - len(refused.problems)
            shown = f", {more} more not shown" if more > 0 else ""
            print(f"{_counted(refused.count, 'problem')}{shown}; nothing was written", file=sys.stderr)
            return 1
        except Busy as busy:
            print(f"accounts import: {busy}", file=sys.stderr)
            return 1
        except OSError as error:
            print(f"{arguments.file}: {error.strerror or error}", file=sys.stderr)
            return 2


def _import(engine: Any, arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.accounts.cells import UNITS
    from tools.accounts.changing import Change
    from tools.accounts.importing import import_file, keep_books
    from tools.accounts.understanding import Understanding
    from tools.cli.accounts.results import as_json, as_text
    from tools.cli.accounts.words import owners_by_name, routing_aliases

    source = _source(arguments.source)
    keep_books(engine, settings)
    change = Change(source, "import", arguments.file.name, _by(arguments), replace=arguments.replace)
    understanding = Understanding(
        UNITS[arguments.revenue_in], routing_aliases(settings), owners_by_name(engine, settings)
    )
    imported = import_file(
        engine, arguments.file, change, settings.source_order,
        understanding=understanding, columns=_columns(arguments.column), dry_run=arguments.dry_run,
    )  # fmt: skip
    print(as_json(imported) if arguments.json else as_text(imported, dry_run=arguments.dry_run))
    return 0
