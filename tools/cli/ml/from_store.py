"""`app.py train --from-store`: a model of the router's own leads, from what became of them. It serves nobody until it is
promoted or challenges."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tools.cli.ml.learning import progress, told, window_of

if TYPE_CHECKING:
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    """--out is that of a table's training."""
    own = parser.add_argument_group("a model of the router's own leads")
    own.add_argument("--from-store", action="store_true", help="train on the router's own leads and their outcomes")
    own.add_argument("--since", metavar="DATE", help="with --from-store: leads from that day on")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: trained; 1: too few outcomes, or nothing to learn in them; 2: --since is no date."""
    from tools.planning.period import moment

    try:
        since = None if arguments.since is None else moment(arguments.since)
    except ValueError as error:
        print(f"--since: {error}", file=sys.stderr)
        return 2
    return told(lambda: _train(settings, since, arguments.out))


def _train(settings: Settings, since: datetime | None, out: Path | None) -> int:
    from tools.cli.rules.editing import store_of
    from tools.learning.training import train_from_store

    with store_of(settings) as engine:
        made = train_from_store(
            engine, settings.models_dir, datetime.now(UTC), window_of(settings), since=since, out=out, progress=progress
        )
    print("\n".join(made.told))
    print(f"trained {made.path}")
    if out is None:
        print(f"`app.py models compare CHAMPION {made.digest}` and `app.py models challenge {made.digest}` come next")
    return 0
