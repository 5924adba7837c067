"""What do two routing files say differently? By rule, test, person and pool; comments and layout are no difference."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tools.settings import Settings

HELP = "what two files say differently"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help="a file")
    parser.add_argument("b", metavar="B", help="another")


def run(arguments: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - every command takes both
    return compare(arguments.a, arguments.b, file_text)


def file_text(name: str) -> str:
    """The text of a file; OSError or RoutingFileError where it cannot be read."""
    from tools.routing_file import read_text

    return read_text(Path(name))


def compare(one: str, other: str, text_of: Callable[[str], str]) -> int:
    """Prints a sentence for each change. text_of: the text that a name on the command line means; raises OSError,
    LookupError or RoutingFileError."""
    from tools.routing_file import RoutingFileError
    from tools.routing_file.changes import describe_changes, diff

    texts = []
    for name in (one, other):
        try:
            text = text_of(name)
            diff(text, text)
        except (OSError, LookupError, RoutingFileError) as error:
            print(f"{name} cannot be compared: {error}", file=sys.stderr)
            return 2
        texts.append(text)
    print(describe_changes(diff(*texts), *texts))
    return 0
