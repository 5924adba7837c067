"""What a card's columns are called, in the matrix and in a file: names of features, and which columns a file must have."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.ml.card import Column, TableSpec
from tools.ml.table.reading import Table, TableError, suggestion

BLANK, OTHER = "(blank)", "(other)"
AGE = "days before"


def features(columns: Sequence[Column], time: tuple[str, str] | None) -> tuple[str, ...]:
    """Names of the matrix's columns, in order."""
    return tuple(name for column in columns for name in features_of(column, time))


def features_of(column: Column, time: tuple[str, str] | None) -> tuple[str, ...]:
    if column.kept:
        return tuple(f"{column.name}: {level}" for level in (BLANK, *column.levels[: column.kept], OTHER))
    if column.kind != "date":
        return (column.name,)
    return tuple(
        f"{column.name}: {part} {time[0]}" if part == AGE and time else f"{column.name}: {part}"
        for part in column.parts
    )


def owners(columns: Sequence[Column]) -> NDArray[np.int64]:
    """(k,) for each column of the matrix, the place of the file's column that it came from."""
    counts = [column.kept + 2 if column.kept else len(column.parts) or 1 for column in columns]
    return np.repeat(np.arange(len(columns)), counts)


def time_of(spec: TableSpec) -> tuple[str, str] | None:
    """Name and form of the time column, where it holds dates."""
    return None if spec.time is None or not spec.time_form else (spec.time, spec.time_form)


def needed(spec: TableSpec) -> tuple[str, ...]:
    """Columns that a file to be scored must have, each once: the id, what ages are measured from, the features."""
    time = time_of(spec)
    dated = [time[0]] if time and any(AGE in column.parts for column in spec.columns) else []
    names = [*([spec.id] if spec.id else []), *dated, *(column.name for column in spec.columns)]
    return tuple(dict.fromkeys(names))


def located(table: Table, spec: TableSpec) -> dict[str, str]:
    """The card's name of each needed column -> the file's. Raises TableError that names every missing column, what it
    holds and, where one is near, which was perhaps meant."""
    kinds = {column.name: column for column in spec.columns}
    found: dict[str, str] = {}
    missing: list[str] = []
    wanted = needed(spec)
    for name in wanted:
        try:
            found[name] = table.column(name, "the model")
        except TableError:
            what = expected(kinds[name]) if name in kinds else "the id" if name == spec.id else "dates"
            free = [own for own in table.names if own not in wanted]
            near = re.match(r'; did you mean "(.*)"\?$', suggestion(name, free))
            meant = f'; the file has "{near[1]}": rename it if that is the one' if near else ""
            missing.append(f'  "{name}" ({what}){meant}')
    if missing:
        count = (
            "1 column that the model was trained on is"
            if len(missing) == 1
            else f"{len(missing)} columns that the model was trained on are"
        )
        raise TableError(
            "\n".join(
                [
                    f"{table.path}: {count} missing:",
                    *missing,
                    "Add what is missing (cells may be blank), or train without it (--exclude).",
                ]
            )
        )
    return found


def expected(column: Column) -> str:
    if column.kind == "category":
        return "category: " + ", ".join(column.levels[:4]) + (", ..." if len(column.levels) > 4 else "")
    return {"number": "number", "flag": "yes or no", "date": "date"}[column.kind]
