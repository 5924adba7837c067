"""An evaluation as rows of text, the same for terminal, HTML and Markdown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tools.ml.evaluating.case import CONSTANT
from tools.ml.evaluating.evaluation import Evaluation
from tools.ml.evaluating.importance import unit_of
from tools.ml.evaluating.naming import METRICS, Metric
from tools.ml.evaluating.resampling import Figure

HEADER: Final = ("figure", "model", "95% interval", "cannot exceed")


@dataclass(frozen=True, slots=True)
class Beside:
    """A baseline's figure and the gain over it. side: better or worse where the gain's interval leaves out 0, else empty."""

    value: str
    gain: str
    side: str


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    meaning: str
    model: str
    interval: str
    bound: str
    baselines: tuple[Beside, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        beside = (cell for each in self.baselines for cell in (each.value, each.gain))
        return (self.title, self.model, self.interval, self.bound, *beside)


@dataclass(frozen=True, slots=True)
class FigureTable:
    """baselines: their names; rows in the order of METRICS."""

    baselines: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def header(self) -> tuple[str, ...]:
        return (*HEADER, *(text for name in self.baselines for text in (name, "gain over it")))


def figure_table(evaluation: Evaluation) -> FigureTable:
    measured = evaluation.measured
    names = tuple(measured.baselines)
    rows = tuple(
        Row(
            metric.title,
            metric.meaning,
            number(own.value, metric),
            interval(own, metric),
            "" if own.bound is None else number(own.bound, metric),
            tuple(_beside(measured.baselines[name].get(key), measured.gains[name].get(key), metric) for name in names),
        )
        for key, metric in METRICS.items()
        if (own := measured.figures.get(key)) is not None
    )
    return FigureTable(names, rows)


def _beside(other: Figure | None, gain: Figure | None, metric: Metric) -> Beside:
    return Beside("" if other is None else number(other.value, metric), _gain(gain, metric), _side(gain, metric))


def number(value: float | None, metric: Metric) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:,.{metric.digits}f}"


def interval(figure: Figure, metric: Metric) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{number(figure.low, metric)} to {number(figure.high, metric)}"


def _gain(gain: Figure | None, metric: Metric) -> str:
    if gain is None or gain.low is None or gain.high is None:
        return ""
    digits = metric.digits
    return f"{gain.value:+,.{digits}f} ({gain.low:+,.{digits}f} to {gain.high:+,.{digits}f})"


def _side(gain: Figure | None, metric: Metric) -> str:
    if gain is None or gain.low is None or gain.high is None or gain.low <= 0 <= gain.high:
        return ""
    return "better" if (gain.low > 0) == (metric.better == "higher") else "worse"


def summary(evaluation: Evaluation) -> list[str]:
    """What a person should know first, in sentences."""
    measured, found = evaluation.measured, []
    if measured.base_rate is not None:
        low, high = measured.base_rate.low, measured.base_rate.high
        ends = f" ({low:.3f} to {high:.3f})" if low is not None and high is not None else ""
        found.append(f"{measured.rows:,} rows measured; base rate {measured.base_rate.value:.3f}{ends}.")
    else:
        found.append(f"{measured.rows:,} rows measured.")
    found.append(_worth(evaluation))
    if (test := measured.calibration) is not None:
        verdict = "OFF beyond chance: drift, or a calibration that never fitted" if test.off else "no more than chance"
        found.append(
            f"Calibration: ECE {test.ece:.3f}; chance alone shows {test.expected:.3f}, and more than {test.most:.3f} once in "
            f"{1 / test.false_alarms:.0f} looks. {verdict[0].upper() + verdict[1:]}."
        )
    if (ranges := measured.ranges) is not None and not math.isnan(ranges.stated):
        what = "groups' rates lie in their mean range" if ranges.groups else "actual values lie in their range"
        allowed = (
            f"; {ranges.possible:.0%} where the chance of each rate is allowed for"
            if ranges.possible is not None
            else ""
        )
        found.append(f"Ranges: {ranges.covered.value:.0%} of the {what}, {ranges.stated:.0%} are meant to{allowed}.")
    if off := [month.month for month in evaluation.months if month.off]:
        found.append(f"Drift: calibration is off in {', '.join(off)}. --recalibrate-on last-month or FILE moves it.")
    elif measured.calibration is not None and measured.calibration.off:
        found.append("--recalibrate-on FILE, with newly labelled rows, moves the calibration.")
    return found


_MAIN: Final = {"propensity": ("roc_auc", "log_loss"), "acv": ("mae", "spearman"), "time-to-close": ("concordance",)}


def _worth(evaluation: Evaluation) -> str:
    if evaluation.signal == "none":
        return f"No usable signal: the {CONSTANT[evaluation.task]} is the answer to every row."
    told = []
    for name, gains in evaluation.measured.gains.items():
        sides = {key: _side(gains.get(key), METRICS[key]) for key in _MAIN[evaluation.task] if key in gains}
        for side in ("better", "worse", ""):
            keys = [METRICS[key].title for key, found in sides.items() if found == side]
            if keys and not (side == "" and name in CONSTANT.values()):
                told.append(f"{side or 'no clear difference'} in {' and '.join(keys)} than the {name}" if side else
                            f"no clear difference from the {name} in {' and '.join(keys)}")  # fmt: skip
    return f"The model is {'; '.join(told)}." if told else "No baseline was kept to compare with."


def recalibration_rows(evaluation: Evaluation) -> list[tuple[str, str, str, str]]:
    """(figure, before, after, change with interval)."""
    found = evaluation.recalibration
    if found is None:
        return []
    rows = []
    for key in found.before:
        metric = METRICS[key]
        change = _gain(found.gain.get(key), Metric(metric.title, metric.better, "", 4))
        rows.append((metric.title, f"{found.before[key].value:.4f}", f"{found.after[key].value:.4f}", change))
    return rows


def recalibration_text(evaluation: Evaluation) -> str:
    found = evaluation.recalibration
    if found is None:
        return ""
    after = "still off beyond chance" if found.off_after else "within chance"
    before = "off beyond chance" if found.off_before else "within chance"
    return (
        f"Recalibrated on {found.on}: {found.rows:,} rows, slope {found.slope:.2f}, intercept {found.intercept:+.2f}. "
        f"Measured on {found.measured:,} rows that it did not see: calibration {before} before, {after} after."
    )


def moves_unit(evaluation: Evaluation) -> str:
    return unit_of(evaluation.task)


def text(evaluation: Evaluation) -> str:
    """For a terminal."""
    table = figure_table(evaluation)
    lines = [f"{evaluation.model} ({evaluation.digest}) on {evaluation.data}: {evaluation.rows_used}", ""]
    lines += _columns([table.header, *(row.cells for row in table.rows)])
    lines += ["", *summary(evaluation)]
    if evaluation.months:
        lines += ["", *_columns([MONTHS, *month_rows(evaluation)])]
    if evaluation.recalibration is not None:
        lines += ["", recalibration_text(evaluation)]
        lines += _columns([("figure", "before", "after", "change"), *recalibration_rows(evaluation)])
    if evaluation.moves:
        unit = moves_unit(evaluation)
        shown = ", ".join(f"{one.feature} {one.moves:.1f}" for one in evaluation.moves[:8])
        lines += ["", f"What moves it most (mean {unit}): {shown}"]
    lines += [f"WARNING: {warning}" for warning in evaluation.warnings]
    lines += [f"note: {note}" for note in evaluation.notes]
    return "\n".join(_printable(line) for line in lines)


MONTHS: Final = ("month", "leads", "stated", "rate", "ECE", "by chance", "")


def month_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    verdicts = {True: "OFF", False: "", None: "too few to say"}
    return [
        (each.month, f"{each.leads:,}", f"{each.stated:.3f}", f"{each.rate:.3f}", f"{each.ece:.3f}", f"{each.expected:.3f}",
         verdicts[each.off])
        for each in evaluation.months
    ]  # fmt: skip


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _printable(line: str) -> str:
    """Names of a stranger's file move no cursor and start no line."""
    return "".join(character if character.isprintable() else "?" for character in line)
