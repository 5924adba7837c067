"""Cancels a change that is not live yet, or clears the fault of one that was refused at its time."""

from __future__ import annotations

import argparse

from tools.settings import Settings

HELP = "cancel a change that is not live"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("change", type=int, help="its number in `rules history`")
    parser.add_argument("--by", required=True, metavar="NAME", help="who you are")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import editor_of, store_of, tell

    with store_of(settings) as engine:
        return tell(editor_of(engine, settings).cancel(arguments.change, arguments.by), settings)
