"""The target as people spell it; rows without an outcome are counted, and open ones are not dropped."""

import numpy as np
import polars as pl
import pytest

from tools.ml.table.outcomes import Asked, outcome_of
from tools.ml.table.reading import TableError


def frame(**columns):
    return pl.DataFrame({name: pl.Series(values, dtype=pl.String) for name, values in columns.items()})


@pytest.mark.parametrize(
    "words",
    [
        ("yes", "no"),
        ("True", "False"),
        ("1", "0"),
        ("1.0", "0"),
        ("Won", "Lost"),
        ("Y", "N"),
        ("Closed Won", "Closed Lost"),
    ],
)
def test_usual_spellings_are_understood(words):
    outcome = outcome_of(frame(y=[words[0], words[1], words[0], ""]), Asked("propensity", "y"))
    assert outcome.value[:3].tolist() == [1, 0, 1]
    assert outcome.usable.tolist() == [True, True, True, False]
    assert outcome.notes == ("y: 1 of 4 rows have no outcome: left out",)


def test_other_spellings_are_listed_with_what_to_say():
    table = frame(stage=["Won"] * 3 + ["Lost"] * 2 + ["Engaging"])
    with pytest.raises(TableError, match=r'it holds Won \(3\), Lost \(2\), Engaging \(1\).\n.*--positive "Won"'):
        outcome_of(table, Asked("propensity", "stage"))
    assert outcome_of(table, Asked("propensity", "stage", positive="won")).value.tolist() == [1, 1, 1, 0, 0, 0]
    only = outcome_of(table, Asked("propensity", "stage", positive="Won", negative="Lost"))
    assert only.usable.tolist() == [True] * 5 + [False]
    with pytest.raises(TableError, match='--positive: stage never says "Win"; it says Won, Lost, Engaging'):
        outcome_of(table, Asked("propensity", "stage", positive="Win"))


def test_one_outcome_alone_teaches_nothing():
    with pytest.raises(TableError, match="a model needs both outcomes"):
        outcome_of(frame(y=["yes", "yes"]), Asked("propensity", "y", positive="yes", negative=None))


def test_amounts_of_nothing_are_left_out_and_counted():
    outcome = outcome_of(frame(v=["1,200", "0", "", "55,000"]), Asked("acv", "v"))
    assert outcome.value[outcome.usable].tolist() == [1200, 55_000]
    assert len(outcome.notes) == 2


def test_an_open_row_has_been_open_until_the_last_date_of_the_file():
    table = frame(start=["2024-01-01", "2024-01-11", "2024-01-21"], end=["2024-01-31", "", "2024-01-21"])
    outcome = outcome_of(table, Asked("time-to-close", "end", time="start"))
    assert outcome.value.tolist() == [30, 20, 0.5]
    assert outcome.closed.tolist() == [True, False, True]
    assert "1 rows are still open: counted as open until 2024-01-31" in outcome.notes[0]


def test_a_column_may_say_what_is_closed():
    table = frame(days=["10", "20", "30"], stage=["Won", "Open", "Lost"])
    outcome = outcome_of(table, Asked("time-to-close", "days", closed="stage", positive="Won,Lost"))
    assert outcome.closed.tolist() == [True, False, True]
    assert outcome.value.tolist() == [10, 20, 30]


def test_dates_of_closing_need_a_start():
    with pytest.raises(TableError, match="say with --time which column is the start"):
        outcome_of(frame(end=["2024-01-31", "2024-02-01"]), Asked("time-to-close", "end"))


def test_a_text_is_no_amount():
    with pytest.raises(TableError, match='must be numbers; it holds "red"'):
        outcome_of(frame(v=["red", "blue"] * 20), Asked("acv", "v"))


def test_the_rate_of_days_counts_open_time_and_closings_alone():
    table = frame(days=["10", "20", "30"], closed=["yes", "no", "yes"])
    amount, weight = outcome_of(table, Asked("time-to-close", "days", closed="closed")).measure("time-to-close")
    assert np.sum(amount) / np.sum(weight) == 30
