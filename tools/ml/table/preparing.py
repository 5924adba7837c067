"""What `app.py train` was told, against the file: which columns, which rows have an outcome, in what order they came.

Trains nothing; a name that the file does not have is an error that suggests the one that was meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tools.ml.data import Floats
from tools.ml.table.kinds import Looked, look
from tools.ml.table.outcomes import Asked, Outcome, moments_of, numbers_of, outcome_of
from tools.ml.table.reading import Table, TableError, opened

SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Request:
    """What `app.py train` was told. features: the only ones to use, or none said; exclude, allow: columns that the guard
    need not stop for, gone or kept; rising, falling: columns of numbers of which more may not lower the answer (chance, amount,
    days), or not raise it. Names are those of the file, also in another case."""

    asked: Asked
    data: Path
    out: Path
    id: str | None = None
    features: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    trials: int = 0
    seed: int = SEED
    rising: tuple[str, ...] = ()
    falling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """frame: the rows with an outcome, of the columns that are used; excluded: column -> why it is not; signs: column -> 1
    where its effect rises, -1 where it falls."""

    frame: pl.DataFrame
    asked: Asked
    outcome: Outcome
    id: str | None
    time: tuple[str, str] | None
    order: Floats | None
    looked: Looked
    excluded: dict[str, str]
    notes: tuple[str, ...]
    signs: dict[str, int]


def prepare(request: Request) -> Prepared:
    """Raises TableError."""
    with opened(request.data) as table:
        asked, identity, names, excluded = _named(table, request)
        signs = _signs(table, request)
        extra = [name for name in (identity, asked.time, asked.closed) if name]
        frame = table.frame(list(dict.fromkeys([asked.target, *extra, *names])))
        notes = list(table.notes)
    outcome = outcome_of(frame, asked)
    time, order = _time(frame, asked)
    known = frame.filter(outcome.usable)
    looked = look(known, names, day_first=asked.day_first)
    notes += [*outcome.notes, *looked.notes]
    if time is not None and asked.time in names:
        names.remove(asked.time)
    order = None if order is None else order[outcome.usable]
    _ask_numbers(signs, looked)
    gone = excluded | looked.excluded
    return Prepared(known, asked, outcome, identity, time, order, looked, gone, tuple(notes), signs)


def _named(table: Table, request: Request) -> tuple[Asked, str | None, list[str], dict[str, str]]:
    """Every name as the file has it; the columns to learn from; and those left out on request."""
    told = request.asked
    asked = Asked(
        told.task,
        table.column(told.target, "--target"),
        told.time and table.column(told.time, "--time"),
        told.closed and table.column(told.closed, "--closed"),
        told.positive,
        told.negative,
        told.day_first,
    )
    identity = request.id and table.column(request.id, "--id")
    gone = [table.column(name, "--exclude") for name in request.exclude]
    for name in request.allow:
        table.column(name, "--allow")
    only = [table.column(name, "--features") for name in request.features] or list(table.names)
    taken = {asked.target, asked.closed, identity, asked.time}
    if wrong := [name for name in only if name == asked.target and request.features]:
        raise TableError(f"--features: {wrong[0]} is the target")
    names = [name for name in dict.fromkeys(only) if name not in taken and name not in gone]
    return asked, identity or None, names, dict.fromkeys(gone, "excluded on request")


def _signs(table: Table, request: Request) -> dict[str, int]:
    """Column -> 1 or -1."""
    rising = [table.column(name, "--rising") for name in request.rising]
    falling = [table.column(name, "--falling") for name in request.falling]
    if both := sorted({*rising} & {*falling}):
        raise TableError(f"--rising, --falling: {both[0]} cannot do both; name it once")
    return dict.fromkeys(rising, 1) | dict.fromkeys(falling, -1)


def _ask_numbers(signs: dict[str, int], looked: Looked) -> None:
    """A direction is for numbers that are learnt from: words and dates have none."""
    kinds = {kind.name: kind.kind for kind in looked.kinds}
    for name, sign in signs.items():
        option = "--rising" if sign > 0 else "--falling"
        if name not in kinds:
            raise TableError(
                f"{option}: {name} is not learnt from ({looked.excluded.get(name, 'left out on request')})"
            )
        if kinds[name] not in {"number", "flag"}:
            raise TableError(f"{option}: {name} was read as a {kinds[name]}; only numbers, yes and no have a direction")


def _time(frame: pl.DataFrame, asked: Asked) -> tuple[tuple[str, str] | None, Floats | None]:
    """Name and form of a time of dates, none for a time of numbers; and (n,) the order of all rows."""
    if asked.time is None:
        return None, None
    if frame.schema[asked.time].is_numeric():
        return None, numbers_of(frame, asked.time, "--time")[0]
    try:
        at, form = moments_of(frame, asked.time, "--time", day_first=asked.day_first)
    except TableError as no_dates:
        try:
            return None, numbers_of(frame, asked.time, "--time")[0]
        except TableError:
            raise no_dates from None
    return (asked.time, form), at
