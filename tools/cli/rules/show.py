"""Prints the text of a version that was live."""

from __future__ import annotations

import argparse

from tools.settings import Settings

HELP = "print an old version"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="a number or the beginning of a digest from `rules history`, or `live`")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import editor_of, store_of, tell
    from tools.editing.results import Refused
    from tools.editing.versions import find_version
    from tools.store.routing_versions import version_text

    with store_of(settings) as engine:
        editor_of(engine, settings).note_disk()
        try:
            found = find_version(engine, arguments.version)
        except Refused as refused:
            return tell(refused.result, settings)
        print(version_text(engine, found.digest), end="")
    return 0
