"""What a column is: decided by all its cells, and what was taken for granted is said."""

import polars as pl
import pytest

from tools.ml.table import cells
from tools.ml.table.kinds import kind_of, look
from tools.ml.table.outcomes import days


def kind(values, **more):
    return kind_of(pl.DataFrame({"x": pl.Series(values, dtype=pl.String)}), "x", **more)


def numbers(values):
    found, notes = kind(values)
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    return frame.select(cells.number("x", pl.String, found.form).alias("x"))["x"].to_list(), notes


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["1", "2.5", "-3e2", ""], [1, 2.5, -300, None]),
        (["1,234.50", "12", "2,000,000", "NA"], [1234.5, 12, 2_000_000, None]),
        (["1.234,50", "12", "2.000.000", "null"], [1234.5, 12, 2_000_000, None]),
        (["$1,200", "€ 15", "(300)", "12%"], [1200, 15, -300, 12]),
        (["1 234", "5", "USD 7", "n/a"], [1234, 5, 7, None]),
    ],
)
def test_numbers_are_read_as_people_type_them(written, meant):
    assert numbers(written)[0] == pytest.approx(meant, nan_ok=True)


def test_a_few_odd_cells_do_not_make_numbers_a_text_and_are_listed():
    values, notes = numbers([*map(str, range(100)), "many", "?"])
    assert values[-2:] == [None, None]
    assert notes == ['x: 2 cells are no number ("?", "many"): read as blank']


def test_leading_zeros_are_codes_and_not_numbers():
    found, _ = kind(["01234", "99501", "01234", "10001"] * 10)
    assert found.kind == "category"


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("2024-05-31", "y-m-d"),
        ("2024-05-31 14:05:00", "y-m-d"),
        ("2024-05-31T14:05:00.123Z", "y-m-d"),
        ("2024-05-31T16:05:00+02:00", "y-m-d"),
        ("31.05.2024", "d-m-y"),
        ("05/31/2024 14:05", "m-d-y"),
        ("31 May 2024", "d mon y"),
        ("May 31, 2024", "mon d, y"),
    ],
)
def test_dates_are_read_as_systems_write_them(written, form):
    found, _ = kind([written, "", written.replace("31", "30", 1)])
    assert (found.kind, found.form) == ("date", form)
    frame = pl.DataFrame({"x": [written]})
    assert int(days(frame, "x", form)[0]) == 19_874
    if ":" in written:
        assert days(frame, "x", form)[0] % 1 == pytest.approx(14.0833 / 24, abs=1e-3)


def test_a_date_that_could_be_either_is_asked_about():
    found, notes = kind(["03/04/2024", "05/06/2024"])
    assert (found.form, notes) == ("m-d-y", ["x: read month first; if that is wrong, say --day-first"])
    assert kind(["03/04/2024", "05/06/2024"], day_first=True)[0].form == "d-m-y"
    assert kind(["03/04/2024", "25/06/2024"])[0].form == "d-m-y"


def test_yes_and_no_are_a_flag():
    assert kind(["Yes", "no", ""])[0].kind == "flag"
    assert kind(["1", "0", "1"])[0].kind == "flag"


def test_a_text_that_may_mean_not_chosen_is_listed_and_kept():
    found, notes = kind(["Select"] * 20 + ["red"] * 30 + ["blue"] * 10)
    assert [level for level, _ in found.levels] == ["red", "Select", "blue"]
    assert notes == ['x: "Select" (20 rows) may mean "not chosen"; kept as a level']


def test_columns_of_no_use_are_left_out_with_the_reason():
    n = 200
    frame = pl.DataFrame(
        {
            "constant": ["a"] * n,
            "empty": ["", "NA"] * (n // 2),
            "text": [f"message number {i}" for i in range(n)],
            "lead number": [str(5000 + i) for i in range(n)],
            "fine": [str(i % 7) for i in range(n)],
        }
    )
    looked = look(frame, frame.columns)
    assert looked.excluded == {
        "constant": 'always "a"',
        "empty": "always blank",
        "text": "200 different texts in 200 filled cells: an id or free text",
        "lead number": "a number of its own in every row: an id",
    }
    assert [kind.name for kind in looked.kinds] == ["fine"]


def test_parquet_brings_its_own_kinds():
    frame = pl.DataFrame({"n": [1.5, None, 2], "b": [True, False, None], "l": [[1], [2], [3]]})
    looked = look(frame, frame.columns)
    assert [(kind.name, kind.kind) for kind in looked.kinds] == [("n", "number"), ("b", "flag")]
    assert "no column of cells" in looked.excluded["l"]
