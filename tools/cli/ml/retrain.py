"""The daily job: judges the challenge, watches for drift, trains from the store, lets a better model challenge, prunes."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tools.cli.ml.learning import plan_of, progress, told

if TYPE_CHECKING:
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="write the report, print nothing")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done, also where there was nothing to train; 1: a model or the registry cannot be read; 3: another run is on."""
    return told(lambda: _retrain(arguments, settings))


def _retrain(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import store_of
    from tools.learning.retraining import retrain
    from tools.locking import Busy
    from tools.ml.data import silent

    with store_of(settings) as engine:
        try:
            report, sentences = retrain(
                engine,
                settings.models_dir,
                datetime.now(UTC),
                plan_of(settings),
                silent if arguments.quiet else progress,
            )
        except Busy:
            print("another retraining is running; this one did nothing", file=sys.stderr)
            return 3
    if not arguments.quiet:
        print("\n".join([*sentences, f"report: {report}"]))
    return 0
