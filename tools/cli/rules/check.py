"""Is this routing file good? Parses it, looks for faults, and runs the tests that live in it."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.settings import Settings

HELP = "parse it, look for faults, run its tests"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


def run(arguments: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - every command takes both
    from tools.routing_file import check_file

    code, text = check_file(arguments.file)
    print(text)
    return code
