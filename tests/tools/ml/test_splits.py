"""Who trains, who calibrates and who is held out does not depend on the order of a file."""

import subprocess
import sys

import numpy as np
import pytest

from tools.ml import splits

KEYS = [f"lead-{i}" for i in range(5_000)]


def test_a_key_is_on_the_same_side_whatever_the_order_of_the_file():
    parts, backwards = splits.by_hash(KEYS), splits.by_hash(KEYS[::-1])
    assert np.array_equal(parts.held_out, backwards.held_out[::-1])
    assert np.array_equal(splits.folds(KEYS, 5), splits.folds(KEYS[::-1], 5)[::-1])


def test_another_process_splits_alike():
    code = "from tools.ml import splits; print(splits.places(['a', 'é', ''], 'salt').tolist())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == str(splits.places(["a", "é", ""], "salt").tolist())


def test_shares_are_as_asked_and_no_row_is_in_two_parts():
    parts = splits.by_hash(KEYS, (0.5, 0.2, 0.3))
    assert [round(float(each.mean()), 1) for each in (parts.train, parts.calibration, parts.held_out)] == [
        0.5,
        0.2,
        0.3,
    ]
    assert np.all(parts.train.astype(int) + parts.calibration + parts.held_out == 1)
    with pytest.raises(ValueError, match="one of train, calibration and held_out"):
        splits.Parts(parts.train, parts.train, parts.held_out)


def test_rows_of_one_account_share_a_fold():
    fold = splits.folds(["acme", "best", "acme", "best", "acme", "cog"], 3)
    assert fold[0] == fold[2] == fold[4]
    assert fold[1] == fold[3]
    assert len(set(fold.tolist())) == 3


def test_what_is_held_out_came_last_and_rows_of_one_time_stay_together():
    times = np.repeat(np.arange(50.0), 20)
    parts = splits.by_time(np.random.default_rng(0).permutation(times))
    shuffled = np.random.default_rng(0).permutation(times)
    assert shuffled[parts.train].max() < shuffled[parts.calibration].min()
    assert shuffled[parts.calibration].max() < shuffled[parts.held_out].min()


def test_a_row_without_a_time_is_never_measured_with():
    parts = splits.by_time(np.array([np.nan, *range(20)]))
    assert parts.train[0]


def test_times_that_cannot_be_split_say_what_to_do():
    with pytest.raises(ValueError, match="leave the time column out"):
        splits.by_time(np.full(10, np.nan))
    with pytest.raises(ValueError, match="leave the time column out"):
        splits.by_time(np.full(10, 3.0))


def test_blocks_of_time_come_after_all_before_them_and_one_time_makes_none():
    times = np.array([np.nan, 1, 1, 1, 2, 3, 3, 4])
    for before, block in splits.forward(times, (0.3, 0.6)):
        assert np.nanmax(times[before]) < times[block].min()
        assert 0 in before
    assert splits.forward(np.ones(5), (0.5,)) == []
    (only,) = splits.forward(np.array([1.0, 1, 1, 1, 2]), (0.4,))
    assert only[1].tolist() == [4]
