"""The JSON Schema of the routing file, for editors that complete and check it. It lies in infra/routing.schema.json."""

from __future__ import annotations

import argparse
import sys

from tools.settings import Settings

HELP = "the JSON Schema of the file, for editors"


def add(parser: argparse.ArgumentParser) -> None:
    """It takes nothing."""
    del parser


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.routing_file.schema import schema_text

    del arguments, settings
    sys.stdout.write(schema_text())
    return 0
