"""Plots of a model card, each as the text of an SVG: arrays in, a picture out. No words of a file get in here, only numbers and
our own labels; glyphs are drawn as paths, so that a picture looks the same without any font.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tools.ml.evaluating.calibration import Bin
from tools.ml.evaluating.ranges import Group
from tools.ml.evaluating.ranking import Ranking
from tools.ml.evaluating.resampling import Floats
from tools.ml.evaluating.times import kaplan_meier

INK, SOFT, LINE = "#1d1c1d", "#6b6a6e", "#dcdcdf"
MODEL, BASELINE, GOOD, BAD = "#0b5fa5", "#c26a00", "#007a5a", "#b3261e"
SIZE: Final = (6.4, 4.2)
MOST_POINTS: Final = 1_500
"""Of a scatter plot: more only blacken it, and every one is a piece of the file."""
_STYLE: Final[dict[Any, Any]] = {
    "font.size": 11, "axes.edgecolor": SOFT, "axes.labelcolor": INK, "xtick.color": SOFT, "ytick.color": SOFT,
    "text.color": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#ececef",
    "axes.axisbelow": True, "legend.frameon": False,
    "xtick.labelsize": 10, "ytick.labelsize": 10, "svg.fonttype": "path",
    "svg.hashsalt": "card",
    "text.parse_math": False,
}  # fmt: skip


@contextmanager
def _drawing(rows: int = 1, heights: Sequence[float] = (1,)) -> Iterator[tuple[Any, list[Callable[[], str]]]]:
    """Axes to draw on, and a place for the picture that is made of them."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second, which only a card pays
    from matplotlib.figure import Figure  # noqa: PLC0415

    made: list[Callable[[], str]] = []
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots(rows, 1, sharex=True, height_ratios=heights)
        yield (axes if rows > 1 else [axes]), made
        target = io.StringIO()
        figure.savefig(target, format="svg", metadata={"Date": None})
        text = target.getvalue()
        made.append(lambda: text)


def calibration(curve: Sequence[Bin], predicted: Floats) -> str:
    """Rate against stated probability with 95% intervals, and below how many leads were told what."""
    with _drawing(2, (3.2, 1)) as ((above, below), made):
        end = min(1.02, 1.1 * max(float(predicted.max()), *(one.high for one in curve)))
        above.plot([0, end], [0, end], color=SOFT, linewidth=1, linestyle="--", label="comes true as stated")
        stated, rate = [one.stated for one in curve], [one.rate for one in curve]
        ends = np.abs(np.array([[one.low, one.high] for one in curve]).T - np.array(rate))
        above.errorbar(stated, rate, yerr=ends, fmt="o", color=MODEL, capsize=3, label="rate of a tenth, 95% interval")
        above.set_ylabel("converted")
        above.set_ylim(-0.03 * end, end)
        above.legend(loc="upper left")
        below.hist(predicted, bins=40, range=(0, end), color=MODEL, alpha=0.75)
        below.set_ylabel("leads")
        below.set_xlabel("stated probability")
        below.set_xlim(-0.02 * end, end)
    return made[0]()


def roc(model: Ranking, baseline: tuple[str, Ranking] | None) -> str:
    with _drawing() as ([axes], made):
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--", label="chance")
        for name, color, ranking in _sides(model, baseline):
            leads, converted = ranking.curve()
            others = leads - converted
            axes.plot(others / others[-1], converted / converted[-1], color=color, linewidth=2, label=name)
        axes.set_xlabel("share of the others above the cut")
        axes.set_ylabel("share of the converted above the cut")
        axes.legend(loc="lower right")
    return made[0]()


def precision_recall(model: Ranking, baseline: tuple[str, Ranking] | None) -> str:
    with _drawing() as ([axes], made):
        leads, converted = model.curve()
        base_rate = converted[-1] / leads[-1]
        axes.axhline(base_rate, color=SOFT, linewidth=1, linestyle="--", label="base rate")
        for name, color, ranking in _sides(model, baseline):
            leads, converted = (sums[1:] for sums in ranking.curve())
            axes.plot(converted / converted[-1], converted / leads, color=color, linewidth=2, label=name)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("recall: share of the converted above the cut")
        axes.set_ylabel("precision above the cut")
        axes.legend(loc="best")
    return made[0]()


def gains(model: Ranking, baseline: tuple[str, Ranking] | None) -> str:
    """Share of the converted found among the first leads, with what no order can exceed."""
    with _drawing() as ([axes], made):
        leads, converted = model.curve()
        base_rate = converted[-1] / leads[-1]
        axes.plot([0, base_rate, 1], [0, 1, 1], color=GOOD, linewidth=1, linestyle=":", label="a perfect order")
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--", label="chance")
        for name, color, ranking in _sides(model, baseline):
            leads, converted = ranking.curve()
            axes.plot(leads / leads[-1], converted / converted[-1], color=color, linewidth=2, label=name)
        axes.set_xlabel("share of the leads called, best first")
        axes.set_ylabel("share of the converted among them")
        axes.legend(loc="lower right")
    return made[0]()


def lift(model: Ranking, baseline: tuple[str, Ranking] | None) -> str:
    with _drawing() as ([axes], made):
        leads, converted = model.curve()
        base_rate, shares = converted[-1] / leads[-1], np.linspace(0.01, 1, 100)
        bound = np.minimum(1 / base_rate, 1 / shares)
        axes.plot(shares, bound, color=GOOD, linewidth=1, linestyle=":", label="cannot exceed")
        axes.axhline(1, color=SOFT, linewidth=1, linestyle="--", label="chance")
        for name, color, ranking in _sides(model, baseline):
            leads, converted = ranking.curve()
            found = np.interp(shares * leads[-1], leads, converted) / (shares * leads[-1]) / base_rate
            axes.plot(shares, found, color=color, linewidth=2, label=name)
        axes.set_ylim(0, min(float(bound[0]), 12) * 1.05)
        axes.set_xlabel("share of the leads called, best first")
        axes.set_ylabel("lift over the base rate")
        axes.legend(loc="upper right")
    return made[0]()


def scores(predicted: Floats, outcome: Floats) -> str:
    """Where the leads of either outcome stand."""
    end = min(1.0, 1.05 * float(predicted.max()))
    with _drawing(2, (1, 1)) as (both, made):
        for axes, value, name, color in zip(both, (1, 0), ("converted", "did not convert"), (GOOD, BAD), strict=True):
            axes.hist(predicted[outcome == value], bins=40, range=(0, end), color=color, alpha=0.75)
            axes.set_ylabel("leads")
            axes.set_title(name, loc="left", fontsize=11)
        both[1].set_xlabel("stated probability")
        both[1].set_xlim(-0.02 * end, 1.02 * end)
    return made[0]()


def ranges(groups: Sequence[Group]) -> str:
    """Stated ranges of groups, and the rate that each had."""
    with _drawing() as ([axes], made):
        place = np.arange(1, len(groups) + 1)
        low, high = (np.array([getattr(group, name) for group in groups]) for name in ("low", "high"))
        axes.bar(place, high - low, bottom=low, width=0.7, color=MODEL, alpha=0.25, label="mean stated range")
        for inside, color, name in ((True, GOOD, "rate, inside"), (False, BAD, "rate, outside")):
            here = [(at, group.rate) for at, group in zip(place, groups, strict=True) if group.inside is inside]
            if here:
                axes.plot(*zip(*here, strict=True), "o", color=color, label=name)
        axes.set_xticks(place)
        axes.set_xlabel("groups of leads, from low to high stated probability")
        axes.set_ylabel("converted")
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left")
    return made[0]()


def predicted_and_actual(predicted: Floats, low: Floats, high: Floats, actual: Floats, unit: str = "") -> str:
    """Logarithmic where all is positive. Beyond some 1,500 leads a spread of them over all predictions is drawn."""
    if len(actual) > MOST_POINTS:
        kept = np.argsort(predicted, kind="stable")[np.linspace(0, len(actual) - 1, MOST_POINTS).astype(np.int64)]
        predicted, low, high, actual = (each[kept] for each in (predicted, low, high, actual))
    with _drawing() as ([axes], made):
        inside = (low <= actual) & (actual <= high)
        ends = (min(predicted.min(), actual.min()), max(predicted.max(), actual.max()))
        axes.vlines(predicted, low, high, color=MODEL, alpha=max(0.06, min(0.35, 40 / len(actual))), linewidth=1.5)
        axes.plot(ends, ends, color=SOFT, linewidth=1, linestyle="--", label="as predicted")
        for which, color, name in ((inside, GOOD, "inside its range"), (~inside, BAD, "outside")):
            if which.any():
                axes.plot(predicted[which], actual[which], "o", markersize=3.5, color=color, alpha=0.7, label=name)
        if ends[0] > 0 and ends[1] / ends[0] > 20:
            axes.set_xscale("log")
            axes.set_yscale("log")
        axes.set_xlabel(f"predicted{unit}")
        axes.set_ylabel(f"actual{unit}")
        axes.legend(loc="upper left")
    return made[0]()


def open_by_third(predicted: Floats, days: Floats, closed: NDArray[np.bool_]) -> str:
    """Share still open after so many days (Kaplan and Meier), for the thirds that were predicted quick, middling, slow."""
    with _drawing() as ([axes], made):
        edges = np.quantile(predicted, (1 / 3, 2 / 3))
        third = np.searchsorted(edges, predicted, side="right")
        for place, (name, color) in enumerate((("quickest", GOOD), ("middle", MODEL), ("slowest", BASELINE))):
            here = third == place
            if not here.any():
                continue
            times, left = kaplan_meier(days[here], closed[here])
            last = float(days[here].max())
            axes.step([*times, last], [*left, left[-1]], where="post", color=color, linewidth=2,
                      label=f"predicted {name} third ({int(here.sum()):,} leads)")  # fmt: skip
        axes.set_ylim(0, 1.03)
        axes.set_xlim(left=0)
        axes.set_xlabel("days")
        axes.set_ylabel("share still open")
        axes.legend(loc="upper right")
    return made[0]()


def _sides(model: Ranking, baseline: tuple[str, Ranking] | None) -> list[tuple[str, str, Ranking]]:
    return [*([(baseline[0], BASELINE, baseline[1])] if baseline else []), ("model", MODEL, model)]
