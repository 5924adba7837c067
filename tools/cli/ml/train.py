"""Train a model: of anybody's table, of the router's own record, or the synthetic bootstrap model.

    app.py train propensity --data leads.csv --target converted --id lead_id --out models/leads
    app.py train time-to-close --data deals.csv --target close_date --time created --out models/days
    app.py train propensity --data leads.csv --target converted --out models/leads --card      and its model card, at once
    app.py train                    the bootstrap model anew, on synthetic leads

Before it learns, a leak guard looks for columns that seem to be decided after the outcome. Where it finds one it stops with
exit code 1, shows the evidence and the two ways on: --exclude or --allow.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tools.cli.ml.progress import Bar

if TYPE_CHECKING:
    from tools.ml.table.leaks.evidence import Finding
    from tools.ml.table.training import Request, Trained

TASKS = ("propensity", "acv", "time-to-close")
_WRAPPED = 12
"""Columns that are listed by name before the rest is counted."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "task", nargs="?", choices=TASKS,
        help="what to tell of a row: whether it converts, how much it is worth, how many days until it closes; "
        "left out: the synthetic bootstrap model of the router",
    )  # fmt: skip
    of = parser.add_argument_group("a model of a table (with TASK)")
    of.add_argument("--data", type=Path, metavar="FILE", help="CSV or Parquet, a row each")
    of.add_argument("--target", metavar="COL", help="the outcome: yes or no, an amount, days or the date of closing")
    of.add_argument("--out", type=Path, metavar="DIR", help="where the model is kept; earlier ones there stay")
    of.add_argument("--id", metavar="COL", help="what names a row; rows of one id are never torn apart")
    of.add_argument("--time", metavar="COL", help="when a row was to be decided: the last rows test the model")
    of.add_argument("--features", action="append", default=[], metavar="A,B", help="learn from these columns alone")
    of.add_argument("--exclude", action="append", default=[], metavar="X,Y", help="leave these columns out")
    of.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="X,Y",
        help="these are known in time, whatever the leak guard says",
    )
    of.add_argument(
        "--rising", action="append", default=[], metavar="A,B", help="more of these numbers may not lower the answer"
    )
    of.add_argument(
        "--falling", action="append", default=[], metavar="A,B", help="more of these numbers may not raise the answer"
    )
    of.add_argument("--positive", metavar="VALUE", help="the target's word for yes, where it is not a usual one")
    of.add_argument("--negative", metavar="VALUE", help="and for no: rows with other words are left out")
    of.add_argument(
        "--closed", metavar="COL", help="time-to-close: whether a row is closed (default: its target is filled)"
    )
    of.add_argument("--day-first", action="store_true", help="03/04/2024 is the third of April")
    of.add_argument("--trials", type=int, default=0, metavar="N", help="try N other settings of the trees (default: 0)")
    of.add_argument(
        "--card",
        action="store_true",
        help="measure it on the rows held out and write its card, as `app.py evaluate` does",
    )


def run(arguments: argparse.Namespace) -> int:
    """A model of a table: 0 trained, 1 stopped by the leak guard, 2 could not be tried. With --card as `evaluate` ends."""
    from tools.cli.ml import evaluate
    from tools.ml.table.reading import TableError
    from tools.ml.table.training import LeaksFound, train

    if missing := [name for name in ("data", "target", "out") if getattr(arguments, name) is None]:
        print(f"train {arguments.task} needs {', '.join('--' + name for name in missing)}", file=sys.stderr)
        return 2
    bar = Bar()
    try:
        trained = train(_request(arguments), bar)
    except LeaksFound as found:
        bar.done()
        print(_stopped(found.leaks, [one for one in found.findings if one.verdict != "leak"]))
        return 1
    except (TableError, OSError) as error:
        bar.done()
        print(error, file=sys.stderr)
        return 2
    bar.done()
    print(_shown(arguments, trained))
    if arguments.card:
        print()
        return evaluate.measure(trained.path, arguments.data)
    return 0


def _request(arguments: argparse.Namespace) -> Request:
    from tools.ml.table.outcomes import Asked
    from tools.ml.table.reading import TableError, opened
    from tools.ml.table.training import SEED, Request

    if arguments.trials < 0:
        raise TableError("--trials: give 0 or more")
    with opened(arguments.data) as table:
        names = table.names
    asked = Asked(
        arguments.task,
        arguments.target,
        arguments.time,
        arguments.closed,
        arguments.positive,
        arguments.negative,
        arguments.day_first,
    )
    return Request(
        asked,
        arguments.data,
        arguments.out,
        arguments.id,
        _listed(arguments.features, names),
        _listed(arguments.exclude, names),
        _listed(arguments.allow, names),
        arguments.trials,
        SEED if arguments.seed is None else arguments.seed,
        _listed(arguments.rising, names),
        _listed(arguments.falling, names),
    )


def _listed(said: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Names divided by commas; one that is a column as it stands is not divided."""
    return tuple(
        part.strip() for text in said for part in ([text] if text in names else text.split(",")) if part.strip()
    )


def _stopped(leaks: Sequence[Finding], doubtful: Sequence[Finding]) -> str:
    count = "1 column looks" if len(leaks) == 1 else f"{len(leaks)} columns look"
    names = [finding.column for finding in leaks]
    options = {way: " ".join(f"--{way} {shlex.quote(part)}" for part in _parts(names)) for way in ("exclude", "allow")}
    lines = [
        f"Stopped: {count} decided after the outcome. A model that learns from what is not known yet is good on paper only.",
        *_evidence(leaks),
        "",
        "Two ways on, added to the command:",
        f"  leave them out:              {options['exclude']}",
        f"  if they are known in time:   {options['allow']}",
    ]
    if doubtful:
        lines += ["", "Doubtful, and no reason to stop:", *_evidence(doubtful)]
    return "\n".join(lines)


def _parts(names: Sequence[str]) -> list[str]:
    """One option for all, but a name with a comma gets its own."""
    plain = [name for name in names if "," not in name]
    return [*([",".join(plain)] if plain else []), *(name for name in names if "," in name)]


def _evidence(findings: Sequence[Finding]) -> list[str]:
    return [line for one in findings for line in (f"  {one.column}", *(f"    {said}" for said in one.evidence))]


def _shown(arguments: argparse.Namespace, trained: Trained) -> str:
    card, head = trained.card, trained.head
    assert card.table is not None
    used = [column.name for column in card.table.columns]
    lines = [
        f"{card.name}: {card.training['rows']} rows, {card.training['split']}",
        f"learnt from {len(used)} columns: {', '.join(used[:_WRAPPED])}{', ...' if len(used) > _WRAPPED else ''}",
        *(f"  left out: {name} ({why})" for name, why in card.table.excluded.items()),
        *(f"  note: {note}" for note in trained.notes),
    ]
    if trained.findings:
        lines += ["doubtful columns that it did learn from:", *_evidence(trained.findings)]
    lines += ["", f"{'on rows held out':24}{'model':>10}{trained.baseline:>24}"]
    lines += [
        f"  {name:22}{own:>10.4f}{'' if plain is None else format(plain, '>24.4f')}"
        for name, (own, plain) in trained.figures.items()
    ]
    lines += ["", trained.verdict[:1].upper() + trained.verdict[1:]]
    if head.signal == "none" and head.fallback is not None:
        lines.append(
            f"The model answers {head.fallback:.4g} to everything: {_what(arguments.task)} of the training rows."
        )
    lines += [
        f"kept as {trained.path}",
        f"next: app.py score --model {shlex.quote(str(arguments.out))} --data FILE --out scored.csv",
    ]
    return "\n".join(lines)


def _what(task: str) -> str:
    return {"propensity": "the base rate", "acv": "the median", "time-to-close": "the median"}[task]
