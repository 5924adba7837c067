from __future__ import annotations

from datetime import date

import pytest

from tests.tools.editing.conftest import FULL, Room, written
from tools.editing.leave import Leaves, NoLeave, cover_of, planned, today_of, zone_of
from tools.routing_file import load

TODAY = date(2026, 4, 7)
MONDAY, FRIDAY = date(2026, 4, 13), date(2026, 4, 17)


@pytest.fixture
def leaves(room: Room) -> Leaves:
    room.by_hand(written(FULL))
    return Leaves(room.editor)


def leave_of(room: Room, person: str = "ana") -> list[tuple[str, str, str | None]]:
    return [
        (f"{each.window.from_day}", f"{each.window.until_day}", each.cover)
        for each in load(room.path).people[person].leave
    ]


def test_a_leave_is_an_edit_of_the_person_and_touches_nothing_else(room: Room, leaves: Leaves):
    told = leaves.away("ana@company.com", (MONDAY, FRIDAY), "Ben", TODAY, "Slack")
    assert (told.done, told.changed) == (True, True)
    assert told.sentence.startswith(
        "You are away from Mon 13 April until Fri 17 April, the last day; Ben gets your leads meanwhile."
    )
    assert leave_of(room) == [("2026-04-13", "2026-04-17", "ben@company.com")]
    assert room.text.startswith("// the truth that routes\n")
    assert load(room.path).people["ben"].leave == ()
    assert room.history[0].author == "ana@company.com"


def test_a_leave_takes_the_place_of_those_that_it_overlaps_and_no_other(room: Room, leaves: Leaves):
    first = (date(2026, 6, 1), date(2026, 6, 5))
    leaves.away("ana@company.com", first, None, TODAY, "Slack")
    leaves.away("ana@company.com", (MONDAY, FRIDAY), "ben", TODAY, "Slack")
    leaves.away("ana@company.com", (FRIDAY, date(2026, 4, 20)), "rita", TODAY, "Slack")
    assert sorted(leave_of(room)) == [
        ("2026-04-17", "2026-04-20", "rita@company.com"),
        ("2026-06-01", "2026-06-05", None),
    ]
    table = load(room.path)
    assert [str(each.window.from_day) for each in planned(table.people["ana"], TODAY)] == ["2026-04-17", "2026-06-01"]
    assert len(planned(table.people["ana"], date(2026, 4, 21))) == 1


def test_the_same_leave_again_changes_nothing(room: Room, leaves: Leaves):
    leaves.away("ana@company.com", (MONDAY, FRIDAY), "ben", TODAY, "Slack")
    before = room.text
    again = leaves.away("ana@company.com", (MONDAY, FRIDAY), "ben", TODAY, "Slack")
    assert (again.done, again.changed) == (True, False)
    assert room.text == before


def test_back_ends_a_leave_the_day_before_and_takes_back_one_that_has_not_begun(room: Room, leaves: Leaves):
    leaves.away("ana@company.com", (MONDAY, FRIDAY), "ben", TODAY, "Slack")
    with pytest.raises(NoLeave, match=r"You are not away now\. Planned: Mon 13 April to Fri 17 April"):
        leaves.back("ana@company.com", TODAY, "Slack")
    assert leaves.back("ana@company.com", date(2026, 4, 15), "Slack").done
    assert leave_of(room) == [("2026-04-13", "2026-04-14", "ben@company.com")]
    leaves.away("ana@company.com", (date(2026, 6, 1), date(2026, 6, 5)), None, TODAY, "Slack")
    assert leaves.back("ana@company.com", TODAY, "Slack", date(2026, 6, 1)).done
    assert len(leave_of(room)) == 1
    leaves.away("ana@company.com", (TODAY, TODAY), None, TODAY, "Slack")
    assert leaves.back("ana@company.com", TODAY, "Slack").done
    assert ("2026-04-07", "2026-04-07", None) not in leave_of(room), "one that began today never was"
    with pytest.raises(NoLeave, match=r"No leave of yours begins|You are not away"):
        leaves.back("ben@company.com", TODAY, "Slack", MONDAY)


@pytest.mark.parametrize(
    ("email", "days", "cover", "said"),
    [
        ("ana@company.com", (FRIDAY, MONDAY), None, "is before the first"),
        ("ana@company.com", (date(2026, 4, 1), date(2026, 4, 2)), None, "is over already"),
        ("ana@company.com", (MONDAY, date(2028, 1, 1)), None, "more than a year"),
        ("ana@company.com", (MONDAY, FRIDAY), "ana", "Nobody covers for themselves"),
        ("ana@company.com", (MONDAY, FRIDAY), "bne", "did you mean ben"),
        ("us@company.com", (MONDAY, FRIDAY), "ben", "none of the people of the routing file"),
    ],
)
def test_what_is_no_leave_is_said_and_nothing_is_written(
    room: Room, leaves: Leaves, email: str, days: tuple[date, date], cover: str | None, said: str
):
    before = room.text
    with pytest.raises(NoLeave, match=said):
        leaves.away(email, days, cover, TODAY, "Slack")
    assert room.text == before


def test_a_cover_must_be_there(room: Room, leaves: Leaves):
    leaves.away("ben@company.com", (FRIDAY, FRIDAY), None, TODAY, "Slack")
    with pytest.raises(NoLeave, match="Ben is away from Fri 17 April until Fri 17 April: name somebody else"):
        leaves.away("ana@company.com", (MONDAY, FRIDAY), "ben", TODAY, "Slack")
    assert leave_of(room) == []


def test_the_guards_of_the_file_hold_for_a_leave(room: Room, leaves: Leaves):
    room.by_hand(written(FULL | {"guards": {"approvals": {"people": 1}}}))
    told = leaves.away("ana@company.com", (MONDAY, FRIDAY), "ben", TODAY, "Slack")
    assert (told.done, told.changed) == (False, True)
    assert told.sentence.startswith("It is not live yet. Change ")
    assert leave_of(room) == []


def test_a_file_that_cannot_be_used_is_not_built_on(room: Room, leaves: Leaves):
    room.path.write_text("{", encoding="utf-8")
    told = leaves.away("ana@company.com", (MONDAY, FRIDAY), "ben", TODAY, "Slack")
    assert not told.done
    assert "is not valid" in told.sentence
    assert room.text == "{"


def test_a_cover_is_named_by_id_address_or_first_name(room: Room, leaves: Leaves):
    table = load(room.path)
    assert {cover_of(words, table) for words in ("ben", "@ben", " Ben ", "BEN@company.com")} == {"ben@company.com"}
    assert cover_of("outside@agency.com", table) == "outside@agency.com"


def test_friday_is_a_day_of_the_persons_own_zone(room: Room, leaves: Leaves):
    people = FULL["people"] | {"ben": {"email": "ben@company.com", "hours": "mon-fri 09:00-18:00 Asia/Tokyo"}}
    room.by_hand(written(FULL | {"people": people, "timezone": "America/New_York"}))
    table, late = load(room.path), room.now.replace(hour=23)
    assert str(zone_of("ana@company.com", table)) == "America/New_York"
    assert str(zone_of("ben@company.com", table)) == "Asia/Tokyo"
    assert str(zone_of("ben@company.com", table, "Europe/Berlin")) == "Europe/Berlin"
    assert str(zone_of("ana@company.com", table, "No/Where")) == "America/New_York"
    assert today_of("ben@company.com", table, late).day == 8
    assert today_of("ana@company.com", table, late).day == 7
