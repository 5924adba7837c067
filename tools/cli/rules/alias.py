"""Says in a draft of the routing file what people mean: `rules alias country Germnay DE --file draft.json`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.settings import Settings

HELP = "say in a draft what a spelling means"


def add(parser: argparse.ArgumentParser) -> None:
    from graph.rules.aliases import FIELDS

    parser.add_argument("field", choices=FIELDS)
    parser.add_argument("typed", help="what people type")
    parser.add_argument("meaning", help="what it means: DE, US-CA, financial_services, or a word of a rule")
    parser.add_argument(
        "--file",
        type=Path,
        required=True,
        help="the draft to write into; a copy of the routing file where there is none",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    return write_aliases([(arguments.field, arguments.typed, arguments.meaning)], arguments.file, settings)


def write_aliases(aliases: list[tuple[str, str, str]], draft: Path, settings: Settings) -> int:
    """(field, typed, meaning) of each. A draft that would not be valid is not written."""
    from tools.routing_file import RoutingFileError, describe, parse
    from tools.routing_file.edits import with_alias
    from tools.saving import write_atomically

    try:
        text = (draft if draft.exists() else settings.routing_file).read_text(encoding="utf-8")
        for field, typed, meaning in aliases:
            text = with_alias(text, field, typed, meaning)
        parse(text, draft.parent)
        write_atomically(draft, text)
    except RoutingFileError as error:
        print(f"{draft} is not written\n{describe(error.findings)}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    for field, typed, meaning in aliases:
        print(f'{draft}: {field} "{typed}" means {meaning}')
    return 0
