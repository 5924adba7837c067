"""What each column of a file is: a number, a flag, a date, a category, or of no use to a model, with the reason.

The kind is looked for in all cells of the training file and written on the card. A few odd cells do not make a column of
numbers a text: they count as blank, and a note lists them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import polars as pl

from tools.ml.table import cells

KindName: TypeAlias = Literal["number", "flag", "date", "category"]
NEARLY_ALL = 0.95
"""The share of filled cells that must read as a number or date."""
ODD_TEXTS = 20
MOST_LEVELS = 255
_ID_NAME = re.compile(r"(^|[\s_.-])(id|ids|uuid|guid|key|number|no|nr|num|code|index|#)$|Id$|ID$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """levels: of a category, texts with their rows, the frequent first; `kept` of them are frequent enough to be learnt."""

    name: str
    kind: KindName
    form: str = ""
    levels: tuple[tuple[str, int], ...] = ()
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """kinds: of the columns a model can use; excluded: column -> why not; notes: sentences for people."""

    kinds: tuple[Kind, ...]
    excluded: dict[str, str]
    notes: tuple[str, ...] = ()

    def of(self, name: str) -> Kind | None:
        return next((kind for kind in self.kinds if kind.name == name), None)


def look(frame: pl.DataFrame, names: Sequence[str], *, day_first: bool = False) -> Looked:
    """The kinds of these columns. day_first: how to read dates that could be either, such as 03/04/2024."""
    kinds, excluded, notes = [], {}, []
    for name in names:
        found, said = kind_of(frame, name, day_first=day_first)
        notes += said
        if isinstance(found, str):
            excluded[name] = found
        else:
            kinds.append(found)
    return Looked(tuple(kinds), excluded, tuple(notes))


def kind_of(frame: pl.DataFrame, name: str, *, day_first: bool = False) -> tuple[Kind | str, list[str]]:
    """The kind, or why the column is of no use; and notes."""
    dtype = frame.schema[name]
    if dtype.is_nested() or dtype in {pl.Binary, pl.Object, pl.Null}:
        return ("always blank" if dtype == pl.Null else f"{dtype} is no column of cells"), []
    if dtype == pl.Boolean:
        return _not_constant(frame, name, Kind(name, "flag")), []
    if dtype.is_numeric():
        return _numbers(frame, name), []
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return _not_constant(frame, name, Kind(name, "date", "y-m-d")), []
    counted = frame.select(cells.text(name, dtype).alias("text")).drop_nulls().group_by("text").len("rows")
    return _of_texts(frame.height, name, counted.sort(["rows", "text"], descending=[True, False]), day_first=day_first)


def _of_texts(rows: int, name: str, counted: pl.DataFrame, *, day_first: bool) -> tuple[Kind | str, list[str]]:
    """counted: `text` and `rows`, the frequent first."""
    filled = int(counted["rows"].sum())
    if not filled:
        return "always blank", []
    if counted.height == 1 and filled == rows:
        return f'always "{_short(counted["text"][0])}"', []
    said = set(counted["text"].str.to_lowercase().to_list()[:20])
    if counted.height <= 6 and said <= {*cells.YES, *cells.NO} and said & set(cells.YES) and said & set(cells.NO):
        return Kind(name, "flag"), []
    coded = counted["text"].str.contains(r"^0\d+$").any()
    if not coded and (form := _form(counted, filled, cells.NUMBER_FORMS, "number")):
        odd = counted.filter(cells.number("text", counted.schema["text"], form).is_null())
        return _text_numbers(rows, name, counted, form), _odd(name, "number", odd)
    if form := _form(counted, filled, cells.DATE_FORMS, "date"):
        return _date(name, counted, form, day_first=day_first)
    return _category(rows, name, counted, filled)


def _form(counted: pl.DataFrame, filled: int, forms: Sequence[str], kind: str) -> str | None:
    """The form that reads the most cells, the first of equals; None where none reads nearly all."""
    unread = [counted.filter(_value(counted, form, kind).is_null()) for form in forms]
    least = min(unread, key=lambda odd: int(odd["rows"].sum()))
    if least["rows"].sum() > (1 - NEARLY_ALL) * filled or least.height > ODD_TEXTS:
        return None
    return forms[next(place for place, odd in enumerate(unread) if odd is least)]


def _value(counted: pl.DataFrame, form: str, kind: str) -> pl.Expr:
    dtype = counted.schema["text"]
    return cells.number("text", dtype, form) if kind == "number" else cells.moment("text", dtype, form)


def _read(counted: pl.DataFrame, form: str) -> int:
    return int(counted.filter(_value(counted, form, "date").is_not_null())["rows"].sum())


def _date(name: str, counted: pl.DataFrame, form: str, *, day_first: bool) -> tuple[Kind, list[str]]:
    notes = []
    both = {each: _read(counted, each) for each in ("d-m-y", "m-d-y")}
    if form in both and both["d-m-y"] == both["m-d-y"]:
        form = "d-m-y" if day_first else "m-d-y"
        other = "leave --day-first out" if day_first else "say --day-first"
        notes = [f"{name}: read {form[0]}{'ay' if form[0] == 'd' else 'onth'} first; if that is wrong, {other}"]
    odd = counted.filter(cells.moment("text", counted.schema["text"], form).is_null())
    return Kind(name, "date", form), [*notes, *_odd(name, "date", odd)]


def _odd(name: str, kind: str, odd: pl.DataFrame) -> list[str]:
    if odd.is_empty():
        return []
    shown = ", ".join(f'"{_short(text)}"' for text in odd["text"].head(3))
    return [
        f"{name}: {odd['rows'].sum()} cells are no {kind} ({shown}{', ...' if odd.height > 3 else ''}): read as blank"
    ]


def _text_numbers(rows: int, name: str, counted: pl.DataFrame, form: str) -> Kind | str:
    value = counted.select(cells.number("text", counted.schema["text"], form).alias("value"), "rows").drop_nulls()
    if value["value"].n_unique() == 1 and value["rows"].sum() == rows:
        return f"always {counted['text'][0]}"
    whole = (value["value"] % 1 == 0).all()
    if value.height == rows and rows >= 50 and whole and (_ID_NAME.search(name) or _dense(value["value"])):
        return "a number of its own in every row: an id"
    return Kind(name, "number", form)


def _numbers(frame: pl.DataFrame, name: str) -> Kind | str:
    """Of a Parquet column of numbers."""
    own = frame[name].drop_nulls().cast(float)
    own = own.filter(own.is_finite())
    if own.is_empty():
        return "always blank"
    distinct = own.n_unique()
    if distinct == 1 and len(own) == frame.height:
        return f"always {own[0]:g}"
    if set(own.head(1000).unique()) <= {0.0, 1.0} and own.is_in([0.0, 1.0]).all() and distinct == 2:
        return Kind(name, "flag")
    own_each = distinct == frame.height and frame.height >= 50 and (own % 1 == 0).all()
    if own_each and (_ID_NAME.search(name) or _dense(own)):
        return "a number of its own in every row: an id"
    return Kind(name, "number", cells.NUMBER_FORMS[0])


def _dense(values: pl.Series) -> bool:
    """Numbers given out one after the other fill their range; measured values do not."""
    low, high = values.min(), values.max()
    return isinstance(low, float) and isinstance(high, float) and high - low < 2 * len(values)


def _not_constant(frame: pl.DataFrame, name: str, kind: Kind) -> Kind | str:
    own = frame[name]
    if own.null_count() == frame.height:
        return "always blank"
    return f"always {own[0]}" if own.n_unique() == 1 else kind


def _category(rows: int, name: str, counted: pl.DataFrame, filled: int) -> tuple[Kind | str, list[str]]:
    """Levels with enough rows to learn from are kept; a column where they hold less than half is free text."""
    kept = min(int((counted["rows"] >= least_rows(rows)).sum()), MOST_LEVELS)
    covered = int(counted["rows"].head(kept).sum())
    if covered * 2 < filled:
        kind = "an id or free text" if counted.height > filled / 2 else "too many texts for the rows there are"
        return f"{counted.height:,} different texts in {filled:,} filled cells: {kind}", []
    levels = tuple(zip(counted["text"].to_list(), counted["rows"].to_list(), strict=True))
    unchosen = [text for text, _ in levels[:kept] if text.lower() in cells.PLACEHOLDERS]
    notes = [
        f'{name}: "{_short(text)}" ({dict(levels)[text]:,} rows) may mean "not chosen"; kept as a level'
        for text in unchosen
    ]
    return Kind(name, "category", "", levels, kept), notes


def least_rows(rows: int) -> int:
    """Rows that a level needs to be learnt apart: 50 in a large table, 5 in a small one."""
    return max(5, min(50, rows // 200))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
