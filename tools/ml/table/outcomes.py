"""What is to be told of a row: whether it happened, how much it was, how many days until it closed.

A row without an outcome teaches nothing about yes and no or about amounts and is left out, counted. For days until closing
it does: it was open at least so long (censored), and leaving it out would make everything look quicker than it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tools.ml.card import Task
from tools.ml.table import cells
from tools.ml.table.kinds import kind_of
from tools.ml.table.reading import TableError

DAY_S = 86_400.0
SHORTEST = 0.5
"""Days: what closed on the day it came took half of it."""
_KNOWN = (
    (frozenset(cells.YES), frozenset(cells.NO)),
    (frozenset({"won", "closed won", "closed_won", "closedwon"}), frozenset({"lost", "closed lost", "closed_lost"})),
    (frozenset({"converted"}), frozenset({"not converted", "unconverted", "not_converted"})),
    (frozenset({"win"}), frozenset({"loss"})),
    (frozenset({"success", "successful"}), frozenset({"failure", "failed", "unsuccessful"})),
    (frozenset({"positive"}), frozenset({"negative"})),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of the target. closed: column that says whether a row is closed; positive, negative:
    spellings of yes and no, where they are not the usual ones."""

    task: Task
    target: str
    time: str | None = None
    closed: str | None = None
    positive: str | None = None
    negative: str | None = None
    day_first: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """usable: (n,) rows with an outcome; value: (n,) 1 or 0, an amount, or days so far, NaN where not usable; closed: (n,)
    whether the days are final. notes: sentences for people. form: how the target's numbers or dates are written."""

    usable: NDArray[np.bool_]
    value: NDArray[np.float64]
    closed: NDArray[np.bool_]
    notes: tuple[str, ...] = ()
    positive: str = ""
    negative: str = ""
    form: str = ""

    def measure(self, task: Task) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(amount, weight) whose ratio over rows is a rate: of yes, of log value, of days per closing."""
        if task == "acv":
            return np.log(np.where(self.usable, self.value, 1.0)), self.usable.astype(float)
        value = np.where(self.usable, self.value, 0.0)
        return value, (self.usable & self.closed if task == "time-to-close" else self.usable).astype(float)


def outcome_of(frame: pl.DataFrame, asked: Asked) -> Outcome:
    """Raises TableError where the target cannot be read; the text says what it holds and what to say."""
    if asked.task == "propensity":
        return _yes_or_no(frame, asked)
    return _amounts(frame, asked) if asked.task == "acv" else _days(frame, asked)


def _yes_or_no(frame: pl.DataFrame, asked: Asked) -> Outcome:
    told = frame.select(_spelling(asked.target, frame.schema[asked.target]).alias("text"))["text"]
    found = told.drop_nulls().value_counts(sort=True)
    words = dict(found.iter_rows())
    if not words:
        raise TableError(f"{asked.target}: the target is blank in every row")
    yes, no = _yes_and_no(asked, words)
    value = frame.select(
        pl.when(told.is_in(list(yes))).then(1.0).when(told.is_in(list(no))).then(0.0).otherwise(None).alias("value")
    )["value"]
    usable = value.is_not_null().to_numpy()
    kept = value.fill_null(float("nan")).to_numpy()
    for meaning, words_of in ((1.0, yes), (0.0, no)):
        if not np.any(kept[usable] == meaning):
            raise TableError(
                f"{asked.target}: no row says {' or '.join(sorted(words_of))}; a model needs both outcomes"
            )
    notes = _left_out(asked.target, int((~usable).sum()), frame.height)
    return Outcome(usable, kept, usable, notes, "|".join(sorted(yes)), "|".join(sorted(no)))


def _spelling(name: str, dtype: pl.DataType) -> pl.Expr:
    """1.0 and 1 are one spelling."""
    return cells.text(name, dtype).str.replace(r"^(\d+)\.0$", "${1}")


def _yes_and_no(asked: Asked, words: dict[str, int]) -> tuple[set[str], set[str]]:
    if asked.positive is not None:
        yes = _as_spelt(asked.positive, words, asked.target, "--positive")
        if asked.negative is None:
            return yes, set(words) - yes
        return yes, _as_spelt(asked.negative, words, asked.target, "--negative")
    for high, low in _KNOWN:
        yes = {word for word in words if word.lower() in high}
        no = {word for word in words if word.lower() in low}
        if len(yes) + len(no) == len(words) and yes and no:
            return yes, no
    shown = ", ".join(f"{word} ({count:,})" for word, count in list(words.items())[:10])
    more = f" and {len(words) - 10} more" if len(words) > 10 else ""
    first = next(iter(words))
    raise TableError(
        f"{asked.target}: expected two outcomes such as yes and no; it holds {shown}{more}.\n"
        f'  Say which means yes: --positive "{first}" (all others mean no), or --positive VALUE --negative VALUE'
        " (rows with other values are left out; a comma divides several)"
    )


def _as_spelt(said: str, words: dict[str, int], target: str, option: str) -> set[str]:
    found: set[str] = set()
    for part in [said] if said in words else [part.strip() for part in said.split(",")]:
        alike = {word for word in words if word.lower() == part.lower()}
        if not alike:
            raise TableError(f'{option}: {target} never says "{part}"; it says {", ".join(list(words)[:10])}')
        found |= alike
    return found


def _amounts(frame: pl.DataFrame, asked: Asked) -> Outcome:
    value, form = numbers_of(frame, asked.target, "the target of acv")
    usable = value > 0  # NaN is not
    if usable.sum() < 2:
        raise TableError(f"{asked.target}: fewer than two amounts above 0")
    notes = list(_left_out(asked.target, int(np.isnan(value).sum()), frame.height))
    if none := int((value <= 0).sum()):
        notes.append(
            f"{asked.target}: {none:,} amounts of 0 or less are left out: the model tells how much, not whether"
        )
    return Outcome(usable, np.where(usable, value, np.nan), usable, tuple(notes), form=form)


def numbers_of(frame: pl.DataFrame, name: str, what: str) -> tuple[NDArray[np.float64], str]:
    """(n,) values, NaN where blank, and their form. Raises TableError where the column holds no numbers."""
    dtype = frame.schema[name]
    if dtype.is_numeric():
        form = cells.NUMBER_FORMS[0]
    else:
        kind, _ = kind_of(frame, name)
        form = kind.form if not isinstance(kind, str) and kind.kind == "number" else cells.NUMBER_FORMS[0]
        if not isinstance(kind, str) and kind.kind not in {"number", "flag"}:
            raise TableError(f"{name}: {what} must be numbers; it holds {_example(frame, name)}")
    value = frame.select(cells.number(name, dtype, form).fill_null(float("nan")).cast(pl.Float64).alias("value"))
    return value["value"].to_numpy(), form


def moments_of(
    frame: pl.DataFrame, name: str, what: str, *, day_first: bool = False
) -> tuple[NDArray[np.float64], str]:
    """(n,) days since 1970, NaN where blank, and their form. Raises TableError where the column holds no dates."""
    kind, _ = kind_of(frame, name, day_first=day_first)
    if isinstance(kind, str) or kind.kind != "date":
        raise TableError(
            f"{name}: {what} must be dates (2024-05-31, 2024-05-31 14:05:00); it holds {_example(frame, name)}"
        )
    return days(frame, name, kind.form), kind.form


def days(frame: pl.DataFrame, name: str, form: str) -> NDArray[np.float64]:
    """(n,) days since 1970, NaN where the cell is no date of this form."""
    at = cells.moment(name, frame.schema[name], form).dt.epoch("us").cast(pl.Float64) / (DAY_S * 1e6)
    return frame.select(at.fill_null(float("nan")).alias("at"))["at"].to_numpy()


def _days(frame: pl.DataFrame, asked: Asked) -> Outcome:
    """Of a date of closing with --time as the start, or of a number of days."""
    start = None
    if asked.time is not None:
        start, _ = moments_of(frame, asked.time, "--time", day_first=asked.day_first)
    so_far, form, dated = _spans(frame, asked, start)
    closed = ~np.isnan(so_far)
    if asked.closed is not None:
        said = Asked("propensity", asked.closed, positive=asked.positive, negative=asked.negative)
        closed &= _yes_or_no(frame, said).value == 1
    notes = []
    if start is not None:
        last = np.nanmax(np.concatenate([start, start + so_far]))
        so_far = np.where(np.isnan(so_far) | (dated & ~closed), last - start, so_far)
        if still := int((~closed).sum()):
            until = np.datetime64("1970-01-01") + np.timedelta64(int(last), "D")
            notes.append(f"{still:,} rows are still open: counted as open until {until}, the last date of the file")
    usable = so_far >= 0
    if not (closed & usable).any():
        raise TableError(f"{asked.target}: no row with a known number of days that closed")
    if missing := int((~usable).sum()):
        why = (
            "have no days; with --time they count as open"
            if start is None
            else "end before they begin or have no start"
        )
        notes.append(f"{missing:,} rows {why}: left out")
    days_so_far = np.where(usable, np.maximum(so_far, SHORTEST), np.nan)
    return Outcome(usable, days_so_far, closed & usable, tuple(notes), form=form)


def _spans(
    frame: pl.DataFrame, asked: Asked, start: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], str, bool]:
    """(n,) days, NaN where the target is blank; the target's form; whether it holds dates."""
    kind, _ = kind_of(frame, asked.target, day_first=asked.day_first)
    if isinstance(kind, str):
        raise TableError(f"{asked.target}: expected days, or the date of closing; the column is {kind}")
    if kind.kind == "number":
        return *numbers_of(frame, asked.target, "the target of time-to-close"), False
    if kind.kind != "date":
        raise TableError(
            f"{asked.target}: expected days, or the date of closing; it holds {_example(frame, asked.target)}"
        )
    if start is None:
        raise TableError(f"{asked.target}: holds dates; say with --time which column is the start")
    return days(frame, asked.target, kind.form) - start, kind.form, True


def _left_out(target: str, blank: int, rows: int) -> tuple[str, ...]:
    return (f"{target}: {blank:,} of {rows:,} rows have no outcome: left out",) if blank else ()


def _example(frame: pl.DataFrame, name: str) -> str:
    shown = (
        frame.select(cells.text(name, frame.schema[name]).alias("text"))["text"]
        .drop_nulls()
        .unique(maintain_order=True)
    )
    return ", ".join(f'"{text[:40]}"' for text in shown.head(3)) or "nothing"
