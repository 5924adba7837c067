"""A matrix that is learnt once, holds no row's own outcome, and is the same for every later file."""

import numpy as np
import polars as pl
import pytest

from tools.ml.card import TableSpec
from tools.ml.table import columns, matrix, naming
from tools.ml.table.kinds import look
from tools.ml.table.reading import TableError, opened

N = 600


def table(seed=1, towns=3):
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "visits": [str(v) for v in random.poisson(3, N)],
            "source": random.choice(["ads", "friend", ""], N),
            "town": [f"town {t}" for t in random.integers(towns, size=N)],
            "seen": [f"2024-03-{1 + d:02}" for d in random.integers(20, size=N)],
            "created": ["2024-04-01"] * N,
        }
    )


def learnt(frame, yes, train=None, time=("created", "y-m-d")):
    looked = look(frame, [name for name in frame.columns if name != "created"])
    train = np.ones(N, dtype=bool) if train is None else train
    one = np.ones(N)
    return columns.learn(frame, looked.kinds, "propensity", (yes, one), train, np.arange(N) % 5, time)


def test_each_kind_becomes_numbers_with_a_name():
    found, rows = learnt(table(), np.zeros(N))
    names = naming.features(found, ("created", "y-m-d"))
    frequent = found[1].levels
    assert names[:5] == ("visits", "source: (blank)", *(f"source: {level}" for level in frequent), "source: (other)")
    assert names[-1] == "seen: days before created"
    assert rows.dtype == np.float32
    assert rows.shape == (N, len(names))
    levels = rows[:, [place for place, name in enumerate(names) if name.startswith("source")]]
    assert set(levels.sum(axis=1)) == {1.0}
    assert [found[place].name for place in naming.owners(found)][-1] == "seen"
    seen = table()["seen"].str.slice(8).cast(pl.Int32).to_numpy()
    assert rows[:, -1].tolist() == (32 - seen).tolist()


def test_what_was_learnt_gives_the_same_matrix_for_any_part_of_the_file():
    frame = table()
    found, rows = learnt(frame, np.arange(N) % 2)
    cut = [matrix.read(frame[i : i + 70], found, ("created", "y-m-d"))[0] for i in range(0, N, 70)]
    assert np.concatenate(cut).tobytes() == rows.tobytes()


def test_dates_without_a_time_become_what_repeats_and_no_order():
    found, rows = learnt(table(), np.zeros(N), time=None)
    assert naming.features(found, None)[-1] == "seen: weekday"
    assert set(rows[:, -1]) <= set(range(1, 8))


def test_very_many_levels_become_a_rate_that_holds_no_rows_own_outcome():
    """Towns that mean nothing: in sample their rates would tell the outcomes; out of fold they tell none."""
    frame, yes = table(towns=60), np.random.default_rng(5).integers(0, 2, N).astype(float)
    found, rows = learnt(frame, yes)
    town = next(column for column in found if column.name == "town")
    assert town.kept == 0
    assert len(town.codes) == len(town.levels) == 60
    place = naming.features(found, ("created", "y-m-d")).index("town")
    fresh = matrix.read(frame, found, ("created", "y-m-d"))[0][:, place]
    assert np.corrcoef(fresh, yes)[0, 1] > 0.2
    assert np.corrcoef(rows[:, place], yes)[0, 1] < 0.1


def test_a_rate_is_learnt_from_training_rows_alone():
    frame, train = table(towns=60), np.arange(N) < 400
    yes = np.random.default_rng(5).integers(0, 2, N).astype(float)
    other = np.where(train, yes, 1 - yes)
    assert learnt(frame, yes, train)[0] == learnt(frame, other, train)[0]


def test_new_levels_are_counted_and_taken_as_rare():
    frame = table()
    found, _ = learnt(frame, np.zeros(N))
    later = frame.with_columns(pl.lit("moon").alias("town"))
    rows, odd = matrix.read(later, found, ("created", "y-m-d"))
    assert odd == {"town": N}
    names = naming.features(found, ("created", "y-m-d"))
    assert rows[:, names.index("town: (other)")].all()


def spec(found):
    return TableSpec(target="y", id="lead", time="created", time_form="y-m-d", columns=found)


def test_a_missing_column_is_named_with_what_it_holds_and_what_was_perhaps_meant(tmp_path):
    found, _ = learnt(table(), np.zeros(N))
    path = tmp_path / "later.csv"
    table().rename({"visits": "visit"}).drop("source").write_csv(path)
    with opened(path) as later, pytest.raises(TableError) as error:
        naming.located(later, spec(found))
    assert '"visits" (number); the file has "visit": rename it if that is the one' in str(error.value)
    assert '"source" (category: ' in str(error.value)
    assert '"lead" (the id)' in str(error.value)


def test_a_column_of_another_kind_is_refused_with_what_it_should_hold():
    found, _ = learnt(table(), np.zeros(N))
    wrong = table().with_columns(pl.lit("many").alias("visits"))
    with pytest.raises(TableError, match=r'column "visits" should hold numbers written as 1234\.5; it holds "many"'):
        matrix.refuse_other_kinds(wrong, found, matrix.read(wrong, found, ("created", "y-m-d"))[1], "later.csv")
