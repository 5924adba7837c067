"""Dead letters: kept whole whatever they are, listed until they are replayed."""

from __future__ import annotations

from sqlalchemy import Engine

from tools.store.dead import bury_lead, find_dead, list_dead, mark_replayed


def bury(engine: Engine, n: int, **changes: object) -> None:
    given = {"submission_id": f"s:{n}", "lead_id": f"ld_{n}", "payload": b"{}", "reason": f"why {n}", "attempts": n}
    bury_lead(engine, **(given | changes))  # type: ignore[arg-type]


def test_they_are_listed_newest_first_and_by_pages(database: Engine):
    for n in range(5):
        bury(database, n)
    first = list_dead(database, limit=2)
    assert [letter.ref for letter in first] == ["s:4", "s:3"]
    assert [letter.ref for letter in list_dead(database, limit=9, before_id=first[-1].id)] == ["s:2", "s:1", "s:0"]
    assert (first[0].kind, first[0].lead_id, first[0].reason, first[0].attempts) == ("lead", "ld_4", "why 4", 4)
    assert first[0].replayed_at is None


def test_one_that_was_replayed_is_no_longer_listed_nor_found(database: Engine):
    bury(database, 1, payload=b"\x00\xff")
    (letter,) = list_dead(database)
    assert find_dead(database, letter.id) == ("lead", "s:1", "ld_1", b"\x00\xff")
    mark_replayed(database, letter.id)
    assert list_dead(database) == []
    assert find_dead(database, letter.id) is None
    assert find_dead(database, 999) is None


def test_one_that_fails_again_is_listed_again_with_the_newer_reason(database: Engine):
    bury(database, 1)
    mark_replayed(database, list_dead(database)[0].id)
    bury(database, 1, reason="another", attempts=7)
    (letter,) = list_dead(database)
    assert (letter.reason, letter.attempts) == ("another", 7)


def test_whatever_was_given_up_can_be_kept(database: Engine):
    bury(database, 1, lead_id="x\x00" * 500, reason="\x00\ud800 " + "r" * 9000, payload=bytes(range(256)) * 100)
    bury(database, 2, submission_id="s\x00" * 900, lead_id="")
    long, odd = list_dead(database)[::-1]
    assert len(long.reason) <= 2000
    assert odd.lead_id == ""
    assert find_dead(database, long.id)[3] == bytes(range(256)) * 100  # type: ignore[index]
