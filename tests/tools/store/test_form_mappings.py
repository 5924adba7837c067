"""What the store keeps of forms: versions that only grow, counts without values, refused payloads for 30 days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tools.store import form_mappings as store

NOW = datetime(2026, 4, 7, 9, tzinfo=UTC)


def save(engine: Engine, source: str | None, base: int | None = None) -> int:
    body = None if source is None else {"fields": {}, "source": source}
    return store.save(engine, "webinar", body, by="ana", note="", now=NOW, base=base)


def in_use(engine: Engine) -> str | None:
    found = store.current(engine, "webinar")
    return None if found is None or found.body is None else str(found.body["source"])


def test_each_save_is_a_version_and_the_newest_is_in_use(database: Engine):
    assert [save(database, "a"), save(database, "b")] == [1, 2]
    assert in_use(database) == "b"
    assert [version.version for version in store.versions(database, "webinar")] == [2, 1]
    assert [version.name for version in store.all_current(database)] == ["webinar"]


def test_a_save_over_what_somebody_else_changed_is_refused(database: Engine):
    save(database, "a", base=0)
    with pytest.raises(store.Stale, match="ana saved version 1"):
        save(database, "b", base=0)
    assert save(database, "b", base=1) == 2


def test_undo_goes_back_step_by_step_and_further_saves_stand_on_what_it_left(database: Engine):
    for source in ("a", "b", "c"):
        save(database, source)
    assert store.undo(database, "webinar", by="bo", now=NOW) == 4
    assert in_use(database) == "b"
    store.undo(database, "webinar", by="bo", now=NOW)
    assert in_use(database) == "a"
    save(database, "d")
    store.undo(database, "webinar", by="bo", now=NOW)
    assert in_use(database) == "a"
    store.undo(database, "webinar", by="bo", now=NOW)
    assert in_use(database) is None
    assert store.undo(database, "webinar", by="bo", now=NOW) is None


def test_counts_add_up_and_a_save_begins_them_anew(database: Engine):
    save(database, "a")
    counted = {("webinar", "taken", ""): 2, ("webinar", "unmapped", "budget"): 2, ("webinar", "missing", "phone"): 1}
    store.count(database, counted, NOW)
    store.count(database, {("webinar", "unmapped", "budget"): 3, ("webinar", "taken", ""): 3}, NOW + timedelta(hours=1))
    taken, seen = store.seen(database, "webinar")
    assert taken == 5
    assert [(one.kind, one.field, one.times) for one in seen] == [("unmapped", "budget", 5), ("missing", "phone", 1)]
    assert (seen[0].first_at, seen[0].last_at) == (NOW, NOW + timedelta(hours=1))
    save(database, "b")
    assert store.seen(database, "webinar") == (5, [])


def test_names_made_up_anew_each_time_do_not_fill_the_table(database: Engine):
    counted = {("webinar", "unmapped", f"n{n}"): 1 for n in range(store.MOST_NAMES + 50)}
    store.count(database, counted | {("webinar", "taken", ""): 1}, NOW)
    taken, seen = store.seen(database, "webinar")
    assert (taken, len(seen)) == (1, store.MOST_NAMES)


def test_a_salt_is_made_once_and_again_only_when_asked(database: Engine):
    assert store.new_salt(database, "webinar", "one", by="ana", now=NOW)
    assert not store.new_salt(database, "webinar", "two", by="ana", now=NOW)
    assert store.salt_of(database, "webinar") == "one"
    assert store.new_salt(database, "webinar", "three", by="ana", now=NOW, again=True)
    assert store.salt_of(database, "webinar") == "three"
    assert store.salt_of(database, "other") is None


def reject(engine: Engine, payload: bytes, at: datetime = NOW) -> None:
    store.reject(engine, "webinar", payload, "application/json", status=422, reason="no way", now=at)


def test_a_refused_payload_is_kept_once_as_it_came_and_for_30_days(database: Engine):
    reject(database, b"\x00\xff")
    reject(database, b"\x00\xff")
    reject(database, b"{}", NOW + timedelta(days=2))
    newest, oldest = store.rejected(database, "webinar")
    assert store.rejected_payload(database, "webinar", oldest.id) == (b"\x00\xff", "application/json")
    assert store.rejected_payload(database, "other", oldest.id) is None
    assert store.waiting(database) == {"webinar": 2}
    assert store.forget_old(database, NOW + timedelta(days=30)) == 0
    assert store.forget_old(database, NOW + timedelta(days=31)) == 1
    assert [one.id for one in store.rejected(database, "webinar")] == [newest.id]
    assert store.forget_rejected(database, "webinar", newest.id)
    assert not store.forget_rejected(database, "webinar", newest.id)


def test_of_a_broken_sender_the_newest_payloads_are_kept(database: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store, "MOST_REJECTED", 3)
    for n in range(6):
        reject(database, b"%d" % n)
    kept = [store.rejected_payload(database, "webinar", one.id) for one in store.rejected(database, "webinar")]
    assert [found[0] for found in kept if found] == [b"5", b"4", b"3"]
