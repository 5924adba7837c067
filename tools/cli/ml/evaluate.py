"""`app.py evaluate`: how well a model's answers came true on a file, beside plain baselines, with a model card.

Exit codes: 0 measured; 1 measured, and calibration is off beyond chance; 2 could not be measured.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the command imports what it needs, when it runs
    from tools.ml.evaluating.case import Case
    from tools.ml.evaluating.evaluation import Evaluation
    from tools.ml.registry import Model

LAST_MONTH: Final = "last-month"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the folder that `train --out` wrote")
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="CSV or Parquet, with outcomes")
    parser.add_argument("--target", metavar="COL", help="the column of outcomes, where it is not called as in training")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where card.html, card.md and evaluation.json go (default: beside the model)",
    )
    parser.add_argument("--all", action="store_true", help="measure on rows of the training too: flatters the model")
    parser.add_argument(
        "--recalibrate-on",
        metavar=f"FILE|{LAST_MONTH}",
        help="move the calibration by newly labelled rows, show what that is worth on others, and keep the moved model",
    )
    parser.add_argument("--resamples", type=_several, default=1_000, metavar="N", help="behind each interval (1,000)")
    parser.add_argument("--seed", type=int, default=0, help="of the resamples")


def _several(text: str) -> int:
    """An interval of 95% needs some resamples beyond either end."""
    if not text.isdecimal() or int(text) < 100:
        raise argparse.ArgumentTypeError(f'"{text}": expected a number of at least 100')
    return int(text)


def measure(model: Path, data: Path) -> int:
    """As the command does without its options."""
    parser = argparse.ArgumentParser()
    add(parser)
    return run(parser.parse_args(["--model", str(model), "--data", str(data)]))


def run(arguments: argparse.Namespace) -> int:
    from tools.ml.evaluating.case import NotMeasurable
    from tools.ml.evaluating.recalibrating import TooFewError
    from tools.ml.registry import ModelError
    from tools.ml.table.reading import TableError

    try:
        return _measured(arguments)
    except (ModelError, TableError, NotMeasurable, TooFewError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"--out: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2


def _measured(arguments: argparse.Namespace) -> int:
    from tools.ml import model_card
    from tools.ml.evaluating import showing
    from tools.ml.evaluating.case import case_of
    from tools.ml.evaluating.evaluation import evaluate
    from tools.ml.table import folder

    model, _, _ = folder.find(arguments.model)
    case = case_of(model, arguments.data, arguments.target, everything=arguments.all)
    evaluation = evaluate(case, arguments.data, model.digest, seed=arguments.seed, rounds=arguments.resamples)
    out: Path = arguments.out or _beside(arguments.model, model)
    kept = None
    if arguments.recalibrate_on is not None:
        evaluation, kept = _recalibrated(arguments, model, case, evaluation, out)
    print(showing.text(evaluation))
    card, *others = model_card.write(out, evaluation, case)
    print(f"\n{card} ({', '.join(path.name for path in others)} beside it)")
    if kept is not None:
        print(f"the recalibrated model: {kept}")
    return 1 if evaluation.drifted else 0


def _beside(given: Path, model: Model) -> Path:
    """A model's folder is never changed: the card stands next to it."""
    root = given if given.resolve() != model.path.resolve() else given.resolve().parent
    return root / f"evaluation-{model.digest}"


def _recalibrated(
    arguments: argparse.Namespace, model: Model, case: Case, evaluation: Evaluation, out: Path
) -> tuple[Evaluation, Path]:
    from tools.ml.evaluating import updating

    if arguments.recalibrate_on == LAST_MONTH:
        moved = updating.by_month(case, seed=arguments.seed)
    else:
        moved = updating.by_file(model, case, Path(arguments.recalibrate_on), arguments.target, seed=arguments.seed)
    kept = updating.keep(model, moved, out / "recalibrated")
    return evaluation.model_copy(update={"recalibration": moved.worth}), kept
