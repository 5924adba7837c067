"""Approves a change that waits for it. Nobody approves their own; with enough approvals it goes live, or waits for its
time. Exit 3 while more are missing."""

from __future__ import annotations

import argparse

from tools.settings import Settings

HELP = "approve a change of somebody else"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("change", type=int, help="its number in `rules history`")
    parser.add_argument(
        "--by", required=True, metavar="NAME", help="who you are: an id of the file's people, or an address"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import editor_of, store_of, tell

    with store_of(settings) as engine:
        return tell(editor_of(engine, settings).approve(arguments.change, arguments.by), settings)
