"""What is written in a cell: blanks, numbers and dates as people and systems write them, as Polars expressions.

A *form* says how a column writes its numbers or dates. It is found once, when a model is trained, and kept on its card:
"1.234" means the same in every file that the model scores.
"""

from __future__ import annotations

import polars as pl

BLANKS = (
    "", "NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NAN", "NULL", "Null", "null", "None", "NONE", "none",
    "NaT", "<NA>", "(blank)", "(null)",
)  # fmt: skip
"""What a cell says that says nothing."""
PLACEHOLDERS = (
    "select",
    "choose",
    "please select",
    "-",
    "--",
    "?",
    "unknown",
    "not specified",
    "not provided",
    "tbd",
    "other",
)
"""Texts that may mean 'not chosen'. They are listed and stay levels of their own: whether `unknown` says something of a
lead is for the data to tell."""

YES = ("yes", "y", "true", "t", "1", "1.0", "on")
NO = ("no", "n", "false", "f", "0", "0.0", "off")

NUMBER_FORMS = ("1234.5", "1,234.5", "1.234,5")
DATE_FORMS = ("y-m-d", "d-m-y", "m-d-y", "d mon y", "mon d, y")
_DECORATION = r"[\s'’$€£¥%]|^[A-Z]{3}\s|\s[A-Z]{3}$"
_GROUPED = {
    "1,234.5": r"^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$",
    "1.234,5": r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$",
}
_DAYS = {
    "y-m-d": ("%Y-%m-%d",),
    "d-m-y": ("%d-%m-%Y", "%d-%m-%y"),
    "m-d-y": ("%m-%d-%Y", "%m-%d-%y"),
    "d mon y": ("%d %b %Y", "%d %B %Y"),
    "mon d, y": ("%b %d %Y", "%B %d %Y"),
}
_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M %p", " %I:%M:%S %p")


def text(name: str, dtype: pl.DataType) -> pl.Expr:
    """The cell's text without blanks around it, null where it says nothing."""
    raw = pl.col(name) if dtype == pl.String else pl.col(name).cast(pl.String)
    stripped = raw.str.strip_chars()
    return pl.when(stripped.is_in(list(BLANKS))).then(None).otherwise(stripped)


def number(name: str, dtype: pl.DataType, form: str) -> pl.Expr:
    """Float64, null where the cell is no number of this form. Not finite is not known."""
    if dtype == pl.String or dtype.is_temporal():
        value = _undecorated(pl.col(name).cast(pl.String), form).cast(pl.Float64, strict=False)
    else:
        value = pl.col(name).cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value).otherwise(None)


def _undecorated(raw: pl.Expr, form: str) -> pl.Expr:
    """The number as `cast` reads it: no currency, no percent sign, no thousands separators, brackets as a minus."""
    bare = raw.str.strip_chars()
    if form == NUMBER_FORMS[0]:
        return bare
    bare = bare.str.replace_all(_DECORATION, "").str.replace(r"^\((.*)\)$", "-${1}")
    bare = pl.when(bare.str.contains(_GROUPED[form])).then(bare).otherwise(None)
    if form == "1,234.5":
        return bare.str.replace_all(",", "", literal=True)
    return bare.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)


def moment(name: str, dtype: pl.DataType, form: str) -> pl.Expr:
    """Datetime in microseconds, UTC where the cell names an offset, null where it is no date of this form."""
    if dtype == pl.Date:
        return pl.col(name).cast(pl.Datetime("us"))
    if isinstance(dtype, pl.Datetime):
        own = pl.col(name)
        if dtype.time_zone is not None:
            own = own.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return own.cast(pl.Datetime("us"))
    raw = pl.col(name).cast(pl.String).str.strip_chars()
    if form.count("-") == 2:
        raw = raw.str.replace(r"(:\d\d)[.,]\d+", "${1}").str.replace_all(r"[/.]", "-")
        raw = raw.str.replace(r"[Tt](\d\d:)", " ${1}").str.replace(r"\s?(Z|UTC)$", "")
    else:
        raw = raw.str.replace_all(",", "").str.replace_all(r"\s+", " ")
    formats = [day + time for day in _DAYS[form] for time in _TIMES]
    tried = [_parsed(raw, each) for each in formats]
    if form == "y-m-d":
        offset = raw.str.replace(r"([+-]\d\d):?(\d\d)$", "${1}${2}")
        zoned = offset.str.to_datetime("%Y-%m-%d %H:%M:%S%z", strict=False, time_unit="us", time_zone="UTC")
        tried.append(zoned.dt.replace_time_zone(None))
    return pl.coalesce(tried)


def _parsed(raw: pl.Expr, form: str) -> pl.Expr:
    if "%H" in form or "%I" in form:
        return raw.str.to_datetime(form, strict=False, time_unit="us")
    return raw.str.to_date(form, strict=False).cast(pl.Datetime("us"))


def flag(name: str, dtype: pl.DataType) -> pl.Expr:
    """1 for yes, 0 for no, null where the cell says neither."""
    if dtype == pl.Boolean:
        return pl.col(name).cast(pl.Float64)
    if dtype.is_numeric():
        own = pl.col(name).cast(pl.Float64)
        return pl.when(own.is_in([0.0, 1.0])).then(own).otherwise(None)
    said = text(name, dtype).str.to_lowercase()
    return pl.when(said.is_in(list(YES))).then(1.0).when(said.is_in(list(NO))).then(0.0).otherwise(None)
