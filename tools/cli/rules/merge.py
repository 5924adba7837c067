"""Two edits of one routing file made into one. Where they disagree, every conflict is named and nothing is written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.settings import Settings

HELP = "two edits of one file made into one, or the conflicts by name"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", type=Path, metavar="BASE", help="the file that both started from")
    parser.add_argument("ours", type=Path, metavar="OURS", help="one edit, whose comments and layout are kept")
    parser.add_argument("theirs", type=Path, metavar="THEIRS", help="the other edit")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the merged file goes (else it is printed)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - every command takes both
    from tools.routing_file import RoutingFileError, parse, read_text
    from tools.routing_file.merge import merge
    from tools.saving import write_atomically

    folder = (arguments.out or arguments.ours).parent
    try:
        base, ours, theirs = (read_text(path) for path in (arguments.base, arguments.ours, arguments.theirs))
        merged = merge(base, ours, theirs, check=lambda text: parse(text, folder))
        if merged.conflicts:
            count = len(merged.conflicts)
            lines = [*map(str, merged.conflicts), f"{count} conflict{'' if count == 1 else 's'}; nothing is written"]
            print("\n".join(lines), file=sys.stderr)
            return 1
        if arguments.out is None:
            sys.stdout.write(merged.text)
        else:
            write_atomically(arguments.out, merged.text)
            print(f"{arguments.out} is written")
    except (OSError, RoutingFileError) as error:
        said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(f"cannot be merged: {said}", file=sys.stderr)
        return 2
    return 0
