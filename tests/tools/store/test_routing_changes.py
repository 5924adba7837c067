"""The history of the routing file has one row a version, whoever records it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from tools.store.routing_changes import (
    Approval,
    add_change,
    add_live,
    approvals_text,
    changes_in,
    due_changes,
    find_change,
    go_live,
    live_changes,
    move_change,
)

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
EDIT: dict[str, Any] = {"digest": "d" * 64, "author": "ana@company.com", "reason": "r", "created_at": NOW}


def test_a_change_reads_back_as_it_was_written(database: Engine):
    approvals = (Approval("rita@company.com", NOW),)
    found = add_change(
        database, state="proposed", needed=2, approvals=approvals_text(approvals), figures='{"moved": 3}', **EDIT
    )
    change = find_change(database, found)
    assert change is not None
    assert (change.approvals, change.figures, change.needed, change.position) == (approvals, {"moved": 3}, 2, None)
    assert (change.created_at, change.effective_at, change.state) == (NOW, None, "proposed")
    assert find_change(database, found + 1) is None


def test_of_many_that_find_the_same_edit_on_disk_one_records_it(database: Engine):
    assert add_live(database, None, **EDIT)
    with ThreadPoolExecutor(8) as threads:
        took = list(threads.map(lambda _: add_live(database, 1, **EDIT), range(8)))
    assert sorted(took) == [False] * 7 + [True]
    assert [change.position for change in live_changes(database)] == [2, 1]
    assert [change.position for change in live_changes(database, before=2)] == [1]


def test_of_many_that_apply_one_change_one_does_and_positions_have_no_gap(database: Engine):
    ids = [add_change(database, state="writing", **EDIT) for _ in range(6)]
    with ThreadPoolExecutor(8) as threads:
        took = list(threads.map(lambda n: go_live(database, ids[n % 6], ["writing"], live_at=NOW), range(24)))
    assert took.count(True) == 6
    assert [change.position for change in live_changes(database)] == [6, 5, 4, 3, 2, 1]


def test_a_change_moves_only_out_of_the_states_named(database: Engine):
    found = add_change(database, state="scheduled", effective_at=NOW, **EDIT)
    later = add_change(database, state="scheduled", effective_at=NOW + timedelta(days=1), **EDIT)
    assert (due_changes(database, NOW - timedelta(seconds=1)), due_changes(database, NOW)) == ([], [found])
    assert due_changes(database, NOW + timedelta(days=2)) == [found, later]
    assert not move_change(database, found, ["proposed"], state="cancelled")
    assert move_change(database, found, ["proposed", "scheduled"], state="cancelled")
    assert due_changes(database, NOW) == []
    assert [change.id for change in changes_in(database, ["scheduled", "cancelled"])] == [later, found]
