"""Writes a model's card for people: one HTML file that needs no network, the same as Markdown, and the plots beside it.

    card.html  card.md  plots/*.svg  evaluation.json

Every text may come from a stranger's file: HTML is escaped by the template engine, Markdown here; plots hold none.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.ml import plots
from tools.ml.card import Column
from tools.ml.evaluating import showing
from tools.ml.evaluating.case import CONSTANT, Case
from tools.ml.evaluating.evaluation import Evaluation
from tools.ml.evaluating.ranking import Ranking

TEMPLATES: Final = Path(__file__).parent / "templates"
MOST_LEVELS: Final = 4
_USES: Final = {
    "propensity": "Ordering rows by how likely the target is, and saying how likely, for rows like those it was trained on.",
    "acv": "Saying about how large the target is, with a range, for rows like those it was trained on.",
    "time-to-close": "Saying after about how many days a row closes, with optimistic and pessimistic days.",
}
_LIMITS: Final = (
    "What moves an answer is what went with the outcome in the past, not what causes it.",
    "Rows of another source, market or time may be answered wrongly: measure on them first.",
    "It is no ground for decisions about a person's rights, credit or employment.",
)


@dataclass(frozen=True, slots=True)
class Plot:
    """name: of its file; alt: what it shows, for who cannot see it; svg: the picture's text."""

    name: str
    title: str
    alt: str
    svg: str

    @property
    def uri(self) -> str:
        """A picture of its own: what stands in an <img> runs no script and shares no names with the page."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()


def write(out: Path, evaluation: Evaluation, case: Case) -> tuple[Path, ...]:
    """Writes all files into `out`, made where needed, and returns those that people open."""
    (out / "plots").mkdir(parents=True, exist_ok=True)
    drawn = plots_of(case, evaluation)
    for plot in drawn:
        (out / "plots" / f"{plot.name}.svg").write_text(plot.svg, encoding="utf-8")
    (out / "evaluation.json").write_text(evaluation.model_dump_json(indent=1) + "\n", encoding="utf-8")
    content = _content(evaluation, case, drawn)
    for name in ("card.html", "card.md"):
        (out / name).write_text(_rendered(f"model_{name}", content), encoding="utf-8")
    return out / "card.html", out / "card.md", out / "evaluation.json"


def plots_of(case: Case, evaluation: Evaluation) -> list[Plot]:
    if case.task == "propensity":
        return _of_probabilities(case, evaluation)
    said, actual = case.said, case.value
    if case.task == "acv":
        picture = plots.predicted_and_actual(said.point, said.low, said.high, actual)
        return [Plot("predicted-actual", "Predicted and actual", "each row's prediction with its range", picture)]
    closed = case.closed
    curves = plots.open_by_third(said.point, actual, closed)
    found = [Plot("open-by-third", "Still open, by predicted third", "Kaplan-Meier curves of three groups", curves)]
    if closed.any():
        point, low, high, days = (each[closed] for each in (said.point, said.low, said.high, actual))
        picture = plots.predicted_and_actual(point, low, high, days, unit=" days, closed leads")
        found.append(
            Plot("predicted-actual", "Predicted and actual days of closed leads", "each with its range", picture)
        )
    return found


def _of_probabilities(case: Case, evaluation: Evaluation) -> list[Plot]:
    said, outcome = case.said.point, case.value
    model = Ranking(said, outcome)
    linear = [(name, Ranking(each, outcome)) for name, each in case.baselines.items() if name not in CONSTANT.values()]
    beside = linear[0] if linear else None
    measured = evaluation.measured
    groups = measured.ranges.groups if measured.ranges else []
    return [
        Plot("calibration", "Calibration", "rate against stated probability by tenths, with how many leads were told what",
             plots.calibration(measured.curve, said)),
        Plot("gains", "Gains", "share of the converted among the first leads", plots.gains(model, beside)),
        Plot("lift", "Lift", "lift over the base rate among the first leads", plots.lift(model, beside)),
        Plot("roc", "ROC curve", "converted against others above each cut", plots.roc(model, beside)),
        Plot("precision-recall", "Precision and recall", "precision above each cut against recall",
             plots.precision_recall(model, beside)),
        Plot("scores", "Scores by outcome", "how stated probabilities are spread for either outcome",
             plots.scores(said, outcome)),
        *([Plot("ranges", "Ranges", "stated ranges of groups, and the rate each had", plots.ranges(groups))]
          if groups else []),
    ]  # fmt: skip


def _content(evaluation: Evaluation, case: Case, drawn: Sequence[Plot]) -> dict[str, Any]:
    card = case.card
    table = card.table
    most = max((one.moves for one in evaluation.moves), default=0.0)
    return {
        "evaluation": evaluation,
        "card": card,
        "target": table.target if table else "",
        "about": _about(evaluation, case),
        "summary": showing.summary(evaluation),
        "alarm": evaluation.drifted,
        "use": _USES[case.task],
        "limits": [*([card.note] if card.note else []), *_limits(case)],
        "figures": showing.figure_table(evaluation),
        "plots": drawn,
        "months_header": showing.MONTHS,
        "months": showing.month_rows(evaluation),
        "recalibration": showing.recalibration_text(evaluation),
        "recalibrated": showing.recalibration_rows(evaluation),
        "moves": [(one.feature, one.moves, one.moves / most if most else 0) for one in evaluation.moves],
        "unit": showing.moves_unit(evaluation),
        "columns": [(each.name, each.kind, _holds(each), each.known_at) for each in table.columns] if table else [],
        "excluded": list(table.excluded.items()) if table else [],
    }


def _limits(case: Case) -> list[str]:
    found = list(_LIMITS)
    if case.head.calibration is not None:
        found.append(
            f"A range is meant to hold the true probability for {case.head.calibration.coverage:.0%} of the rows; of a single "
            "row nobody ever sees its probability."
        )
    if case.head.spread is not None:
        found.append(f"A range is meant to hold the actual value of {case.head.spread.coverage:.0%} of the rows.")
    return found


def _about(evaluation: Evaluation, case: Case) -> list[tuple[str, str]]:
    card, head = case.card, case.head
    told = [("tells", f"{case.task} of column {evaluation.target}"), ("model", f"{card.name}, {evaluation.digest}")]
    if head.parameters:
        depth = head.parameters.get("max_depth", "?")
        told.append(
            ("made of", f"{head.trees} boosted trees of depth {depth} (XGBoost) over {len(card.features)} features")
        )
    if head.calibration is not None:
        told.append(("calibrated by", f"{head.calibration.method} on {head.calibration.rows:,} rows"))
    told += [("trained", f"{card.created or 'unknown'}, on {card.rows:,} rows"), *card.training.items()]
    told += [("measured on", f"{evaluation.data}: {evaluation.rows_used}"), ("seed", str(card.seed))]
    told.append(("environment", ", ".join(f"{name} {version}" for name, version in card.environment.items())))
    return told


def _holds(column: Column) -> str:
    if column.kind == "category":
        shown = ", ".join(level[:40] for level in column.levels[:MOST_LEVELS])
        more = len(column.levels) - MOST_LEVELS
        return shown + (f" and {more:,} more" if more > 0 else "")
    return ", ".join(column.parts) or column.form


def _rendered(name: str, content: dict[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - only a card pays for it

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),  # Markdown has its own filter
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = markdown
    return environment.get_template(name).render(content)


def markdown(value: object) -> str:
    """A text as Markdown shows it literally, on one line: no link, no picture, no HTML, no cell divider."""
    line = re.sub(r"\s+", " ", str(value))
    return re.sub(r"([\\`*_{}\[\]()<>#|!~&])", r"\\\1", line).replace("\\<", "&lt;").replace("\\>", "&gt;")
