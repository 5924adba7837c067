"""Asks all signs about every column and weighs them. Looks at outcomes, so it runs before training and never while scoring.

What stops, with a yes and a no to tell apart (AUC of the column alone, out of fold, two standard errors below it as `low`):

    near-perfect    low >= .87, and AUC >= .95 or more than all unsuspicious columns reach together
    decides         AUC >= .75, more than the others together, and in 8% of the rows one outcome is all but impossible
    blank           filled for one outcome only; or blankness that doubles the odds, with low >= .72
    name            speaks of the outcome with low >= .65; or of what comes afterwards, with low >= .72 and more than the
                    others together
    id              its number, letters or length sort the outcomes with AUC >= .85
    later           5% of its dates are later than the row's time

An honest column of AUC .85 alone passes all of these. For amounts: R2 of .98 alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tools.ml.card import Task
from tools.ml.table import cells
from tools.ml.table.columns import level_places
from tools.ml.table.kinds import Kind, Looked
from tools.ml.table.leaks import order
from tools.ml.table.leaks.alone import Alone, alone, explained, together
from tools.ml.table.leaks.blanks import Blanks, blanks
from tools.ml.table.leaks.evidence import Finding, Floats, folds_of, in_bins
from tools.ml.table.leaks.times import OFTEN, later
from tools.ml.table.leaks.words import speaks_of
from tools.ml.table.outcomes import Outcome, days

MOST_ROWS = 60_000
FEWEST = 20
"""Rows of either outcome that the signs need."""
PERFECT, NEAR_PERFECT, ABOVE = 0.95, 0.87, 0.03
STRONG, BLANK_STRONG, NAMED = 0.75, 0.72, 0.65
PLAUSIBLE, WORTH_SAYING = 0.80, 0.60
SAME_AMOUNT, NEAR_AMOUNT = 0.98, 0.9


@dataclass(slots=True)
class _Signs:
    """Of one column. leak, doubt: sentences."""

    alone: Alone | None = None
    blanks: Blanks | None = None
    word: tuple[str, str] | None = None
    leak: list[str] = field(default_factory=list)
    doubt: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The rows that are looked at. yes: (n,) outcome; words: what yes and no are called; amount: (n,) or None; at: (n,)
    days of the row's time or None; amounts: the outcome is how much, and what sorts larger from smaller may be a price."""

    frame: pl.DataFrame
    yes: NDArray[np.bool_]
    words: tuple[str, str]
    amount: Floats | None
    at: Floats | None
    folds: NDArray[np.int64]
    amounts: bool

    @property
    def two_kinds(self) -> bool:
        return min(int(self.yes.sum()), int((~self.yes).sum())) >= FEWEST


def look_for_leaks(
    frame: pl.DataFrame,
    looked: Looked,
    task: Task,
    outcome: Outcome,
    *,
    ids: Sequence[str] = (),
    time: tuple[str, str] | None = None,
) -> tuple[list[Finding], list[str]]:
    """Findings, the worst first, and notes about the file as a whole. frame: the rows with an outcome (of `outcome.usable`);
    looked: kinds of the columns that would be used; ids: columns with a text or number of its own in every row."""
    asked = _asked(frame, task, outcome, time)
    signs = {kind.name: _signs(asked, kind) for kind in looked.kinds}
    if asked.two_kinds:
        _weigh(asked, signs)
    for name in ids:
        signs[name] = _of_id(asked, name)
    found = [
        Finding(name, "leak" if sign.leak else "doubtful", (*sign.leak, *sign.doubt))
        for name, sign in signs.items()
        if sign.leak or sign.doubt
    ]
    strength = {name: sign.alone.auc if sign.alone else 1.0 for name, sign in signs.items()}
    found.sort(key=lambda each: (each.verdict != "leak", -strength[each.column], each.column))
    return found, _of_rows(asked)


def _asked(frame: pl.DataFrame, task: Task, outcome: Outcome, time: tuple[str, str] | None) -> _Asked:
    value, closed = outcome.value[outcome.usable], outcome.closed[outcome.usable]
    step = -(-len(value) // MOST_ROWS)
    amount = None if task == "propensity" else np.log(value)
    if task == "propensity":
        yes, words = value == 1, ("yes", "no")
    elif task == "acv":
        yes, words = value > np.median(value), ("a larger amount", "a smaller one")
    else:
        yes, words = closed, ("closed", "still open")
    part = frame.gather_every(step)
    at = None if time is None else days(part, *time)
    return _Asked(
        part, yes[::step], words, None if amount is None else amount[::step], at, folds_of(part.height), task == "acv"
    )


def _signs(asked: _Asked, kind: Kind) -> _Signs:
    """Each sign of one column by itself."""
    found = _Signs(word=speaks_of(kind.name))
    places, levels = _places(asked, kind)
    if asked.two_kinds:
        found.alone = alone(places, asked.yes, asked.folds, levels, asked.words)
        filled = asked.frame.select(cells.text(kind.name, asked.frame.schema[kind.name]).is_not_null().alias("is"))[
            "is"
        ]
        found.blanks = blanks(filled.to_numpy(), asked.yes, asked.words)
    if kind.kind == "date" and asked.at is not None:
        share, text = later(days(asked.frame, kind.name, kind.form), asked.at)
        (found.leak if share >= OFTEN else found.doubt).extend([text] if text else [])
    if asked.amount is not None:
        _of_amount(asked, places, found, levels=bool(levels))
    return found


def _places(asked: _Asked, kind: Kind) -> tuple[list[NDArray[np.int64]], list[str]]:
    """Bins of the column (of a date: its age), and the levels' names of a category."""
    frame, dtype = asked.frame, asked.frame.schema[kind.name]
    if kind.kind == "category":
        place = level_places(frame, kind)
        return [np.where(place < 0, kind.kept + 1, place)], [text for text, _ in kind.levels[: kind.kept]]
    if kind.kind == "date":
        at = days(frame, kind.name, kind.form)
        since = at if asked.at is None else asked.at - at
        return [in_bins(since), in_bins(np.floor(at - 4) % 7)], []
    expression = cells.flag(kind.name, dtype) if kind.kind == "flag" else cells.number(kind.name, dtype, kind.form)
    values = frame.select(expression.cast(pl.Float64).fill_null(float("nan")).alias("value"))["value"].to_numpy()
    return [in_bins(values)], []


def _of_amount(asked: _Asked, places: Sequence[NDArray[np.int64]], found: _Signs, *, levels: bool) -> None:
    """A number that gives the amount away is the amount; a level that does may be a product with its price."""
    assert asked.amount is not None
    share = explained(places, asked.amount, asked.folds)
    if share >= SAME_AMOUNT and not levels:
        found.leak.append(f"alone it gives the amount away: R2 {share:.3f}, out of fold")
    elif share >= NEAR_AMOUNT:
        found.doubt.append(f"alone it explains most of the amount: R2 {share:.2f}, out of fold")


def _weigh(asked: _Asked, signs: Mapping[str, _Signs]) -> None:
    """Which signs stop training. `others`: what the columns without any suspicion reach together."""
    plain = [
        sign.alone.scores
        for sign in signs.values()
        if sign.alone
        and not (sign.blanks or sign.word or sign.leak or sign.alone.decided)
        and sign.alone.auc < PLAUSIBLE
    ]
    others = together(plain, asked.yes, asked.folds)
    for sign in signs.values():
        if sign.alone is None:
            continue
        if not asked.amounts:
            _weigh_alone(sign, sign.alone, others)
            _weigh_word(sign, sign.alone, others)
        _weigh_blanks(sign, sign.alone)
        if sign.alone.one_sided and not asked.amounts:
            sign.doubt.append("levels with one outcome: " + "; ".join(sign.alone.one_sided[:4]))


def _weigh_alone(sign: _Signs, own: Alone, others: float) -> None:
    text = f"alone it sorts the outcomes with AUC {own.auc:.2f}; the unsuspicious columns together reach {others:.2f}"
    if own.low >= NEAR_PERFECT:
        (sign.leak if own.auc >= PERFECT or own.auc >= others + ABOVE else sign.doubt).append(text)
    elif own.decided and own.auc >= STRONG and own.auc > others:
        sign.leak += [text, own.decided]
    elif own.low >= PLAUSIBLE:
        sign.doubt.append(text)


def _weigh_blanks(sign: _Signs, own: Alone) -> None:
    if sign.blanks is None:
        return
    if sign.blanks.exact:
        sign.leak.append(sign.blanks.text)
    elif sign.blanks.widely and own.low >= BLANK_STRONG:
        sign.leak.append(f"{sign.blanks.text}; alone it sorts the outcomes with AUC {own.auc:.2f}")
    else:
        sign.doubt.append(sign.blanks.text)


def _weigh_word(sign: _Signs, own: Alone, others: float) -> None:
    if sign.word is None or own.auc < WORTH_SAYING:
        return
    kind, word = sign.word
    if kind == "outcome" and own.low >= NAMED:
        sign.leak.append(f'its name speaks of the outcome ("{word}"), and alone it has AUC {own.auc:.2f}')
    elif kind == "afterwards" and own.low >= BLANK_STRONG and own.auc > others:
        sign.leak.append(
            f'its name speaks of what comes afterwards ("{word}"), and alone (AUC {own.auc:.2f}) it is worth more than'
            f" the unsuspicious columns together ({others:.2f})"
        )
    else:
        sign.doubt.append(f'its name may speak of what comes afterwards ("{word}"); alone AUC {own.auc:.2f}')


def _of_id(asked: _Asked, name: str) -> _Signs:
    found = _Signs()
    if not asked.two_kinds:
        return found
    value, how = order.sorts(asked.frame, name, asked.yes, asked.folds)
    text = f"an id whose {how.removeprefix('its ').removeprefix('the ')} sorts the outcomes with AUC {value:.2f}"
    if value >= order.SORTED:
        found.leak.append(text)
    elif value >= order.LEANING:
        found.doubt.append(text)
    return found


def _of_rows(asked: _Asked) -> list[str]:
    value = order.row_order(asked.yes) if asked.two_kinds else 0.5
    if value < order.LEANING:
        return []
    return [
        f"the order of the rows sorts the outcomes with AUC {value:.2f}; if it is in the order of time, --time splits by it"
    ]
