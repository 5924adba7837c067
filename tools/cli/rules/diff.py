"""What do two routing files say differently? By rule, test, person and pool; comments and layout are no difference. Each is a
file, or a version by its number or the beginning of its digest in `rules history`, or `live`; a file of that name goes first."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tools.settings import Settings

HELP = "what two files, or two versions, say differently"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help="a file, or a version")
    parser.add_argument("b", metavar="B", help="another")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    if all(_names_a_file(name) for name in (arguments.a, arguments.b)):
        return compare(arguments.a, arguments.b, file_text)
    from tools.cli.rules.editing import editor_of, store_of
    from tools.editing.results import Refused
    from tools.editing.versions import find_version
    from tools.store.routing_versions import version_text

    with store_of(settings) as engine:
        editor_of(engine, settings).note_disk()

        def text_of(name: str) -> str:
            if _names_a_file(name):
                return file_text(name)
            try:
                found = version_text(engine, find_version(engine, name).digest)
            except Refused as refused:
                said = refused.result.message
                raise LookupError(f"there is no such file, and {said[:1].lower()}{said[1:]}") from None
            if found is None:
                raise LookupError("its text is not kept")
            return found

        return compare(arguments.a, arguments.b, text_of)


def _names_a_file(name: str) -> bool:
    """A number, a digest and `live` have neither a dot nor a folder: a slip in a file's name is no question to the store."""
    return Path(name).is_file() or "." in name or len(Path(name).parts) > 1


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
        except OSError as error:
            print(f"{name} cannot be read: {error.strerror or type(error).__name__}", file=sys.stderr)
            return 2
        except (LookupError, RoutingFileError) as error:
            print(f"{name} cannot be compared: {error}", file=sys.stderr)
            return 2
        texts.append(text)
    print(describe_changes(diff(*texts), *texts))
    return 0
