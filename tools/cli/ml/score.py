"""Answer every row of a file with a model that `train TASK --out DIR` wrote: id, the answer, a range, and reasons.

The file is read in batches, so it may be larger than memory. With --dask the same batches are answered by the workers of a
Dask cluster, with the same numbers; they need this repository on their PYTHONPATH. Text that a spreadsheet would run as a
formula gets an apostrophe before it.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import nullcontext
from pathlib import Path

from tools.cli.ml.progress import Bar

REASONS = 3


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the folder that `train --out` wrote")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FILE", help="CSV or Parquet, with the same columns"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .csv or .parquet file")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--reasons", type=int, default=REASONS, metavar="N", help=f"so many reasons a row (default: {REASONS})"
    )
    how.add_argument("--no-reasons", action="store_const", const=0, dest="reasons", help="none: ten times quicker")
    parser.add_argument("--dask", metavar="ADDRESS", help="tcp://host:port of a scheduler, or local")


def run(arguments: argparse.Namespace) -> int:
    """0 scored, 2 could not be tried."""
    from tools.ml.registry import ModelError
    from tools.ml.table.reading import TableError

    if arguments.reasons < 0:
        print("--reasons: give 0 or more", file=sys.stderr)
        return 2
    bar = Bar()
    try:
        said = _scored(arguments, bar)
    except (TableError, ModelError, OSError) as error:
        bar.done()
        print(error, file=sys.stderr)
        return 2
    bar.done()
    print(said)
    return 0


def _scored(arguments: argparse.Namespace, bar: Bar) -> str:
    from tools.ml.table import scoring
    from tools.ml.table.cluster import cluster

    started = time.monotonic()
    with nullcontext() if arguments.dask is None else cluster(arguments.dask) as workers:
        told = scoring.score(
            arguments.model,
            arguments.data,
            arguments.out,
            most=arguments.reasons,
            spread=scoring.here if workers is None else workers.spread,
            progress=lambda rows: bar("scoring" if not sys.stderr.isatty() else f"{rows:,} rows", 0.0),
        )
    seconds = time.monotonic() - started
    notes = [f"  note: {note}" for note in told.notes]
    odd = [f"  note: {note}" for note in told.said]
    return "\n".join([f"{arguments.out}: {told.rows:,} rows in {seconds:.1f} s", *notes, *odd])
