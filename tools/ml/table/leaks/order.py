"""Ids and the order of rows that sort the outcomes: numbers that customers got first, or exports of two lists in one file."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tools.ml.table import cells
from tools.ml.table.leaks.evidence import Floats, auc, in_bins, out_of_fold

SORTED, LEANING = 0.85, 0.75


def sorts(frame: pl.DataFrame, name: str, yes: NDArray[np.bool_], folds: NDArray[np.int64]) -> tuple[float, str]:
    """(AUC, how) of the best of an id's own signs: its number, its letters, its length."""
    text = cells.text(name, frame.schema[name])
    signs = frame.select(
        text.str.extract(r"(\d{1,15})\D*$").cast(pl.Float64, strict=False).alias("its number"),
        text.str.extract(r"^([^\d]*)").fill_null("").alias("letters"),
        text.str.len_chars().cast(pl.Float64).alias("its length"),
    )
    letters = signs["letters"].cast(pl.Categorical).to_physical().cast(pl.Int64).to_numpy()
    places = {"the letters that it begins with": np.minimum(letters, 50)}
    for sign in ("its number", "its length"):
        places[sign] = in_bins(signs[sign].fill_null(float("nan")).to_numpy())
    found = {how: auc(out_of_fold(place, yes.astype(float), folds), yes) for how, place in places.items()}
    how = max(found, key=lambda each: found[each])
    return found[how], how


def row_order(yes: NDArray[np.bool_]) -> float:
    """AUC of a row's place in the file, either way round; 0.5 where the order says nothing."""
    place: Floats = np.arange(len(yes), dtype=np.float64)
    value = auc(place, yes)
    return max(value, 1 - value)
