"""Puts an old version back: a new version with the old text, its plan shown. Neither the guards on shares nor approvals hold
it up; the file's tests and the proof do. Without a version it is the one before the live one; where the file on disk cannot
be used, the one in use."""

from __future__ import annotations

import argparse

from tools.settings import Settings

HELP = "put an old version back"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "version", nargs="?", help="a number or the beginning of a digest; `live` restores a broken file"
    )
    parser.add_argument(
        "--by", required=True, metavar="NAME", help="who you are: an id of the file's people, or an address"
    )
    parser.add_argument("--reason", default="", metavar="TEXT")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import editor_of, store_of, tell
    from tools.editing.results import Refused
    from tools.editing.versions import before_live, find_version

    with store_of(settings) as engine:
        editor = editor_of(engine, settings)
        named = arguments.version
        try:
            editor.reconcile()
        except Refused:  # a file that cannot be used is what is to be undone
            named = named or "live"
        try:
            to = before_live(engine) if named is None else find_version(engine, named)
        except Refused as refused:
            return tell(refused.result, settings)
        return tell(editor.rollback(to, arguments.by, arguments.reason), settings)
