"""A cell is the same number however often it stands in the file, and what means nothing is counted cell by cell."""

import numpy as np
import polars as pl

from tools.ml.card import Column
from tools.ml.table import matrix

COLUMNS = (
    Column(name="amount", kind="number", form="1234.5"),
    Column(name="seen", kind="date", form="y-m-d", parts=("days before",)),
    Column(name="born", kind="date", form="y-m-d", parts=("weekday", "hour", "month")),
    Column(name="mail", kind="flag"),
    Column(name="source", kind="category", levels=("ads", "friend", "fair"), kept=2),
    Column(name="town", kind="category", levels=("Bonn", "Kiel"), codes=(0.5, -1.5), other=0.25),
)
CELLS = {
    "amount": ["1", " 2.5 ", "many", "", None, "inf"],
    "seen": ["2026-01-01", "2026-01-02 12:00", "soon", None, "", "2026-02-30"],
    "born": ["2025-05-06", "2025-05-06T07:08:09Z", "2025-12-31 23:00", "n/a", None, "x"],
    "mail": ["Yes", "no", "perhaps", None, " ", "1"],
    "source": ["ads", " friend", "fair", "moon", None, "NA"],
    "town": ["Bonn", "Kiel ", "Mars", None, "", "Bonn"],
    "now": ["2026-03-01", "2026-03-01 06:00", "", "2026-03-02", None, "2026-03-03"],
}
TIME = ("now", "y-m-d")


def test_a_cell_that_stands_there_often_is_read_as_if_it_stood_alone():
    one = pl.DataFrame(CELLS)
    place = np.random.default_rng(3).integers(0, one.height, 3_000)
    alone = [matrix.read(one[row : row + 1], COLUMNS, TIME) for row in range(one.height)]
    rows, odd = matrix.read(one[place], COLUMNS, TIME)
    assert rows.tobytes() == np.concatenate([alone[row][0] for row in place]).tobytes()
    for column in COLUMNS:
        assert odd.get(column.name, 0) == sum(alone[row][1].get(column.name, 0) for row in place)


def test_filled_cells_that_mean_nothing_are_counted_and_blank_ones_are_not():
    _, odd = matrix.read(pl.DataFrame(CELLS), COLUMNS, TIME)
    assert odd == {"amount": 2, "seen": 2, "born": 1, "mail": 1, "source": 1, "town": 1}
