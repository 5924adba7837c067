"""Look-ups by key, name and phone: what they answer, and that a popular name or a switchboard makes none of them slower."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection, Engine, insert

from graph.domain.person import Who
from graph.rules.people.evidence import CROWDED
from graph.rules.people.traits import keys_of, traits_of
from tests.fixtures.router import NOW
from tools.store.engine import open_engine
from tools.store.people import read_people
from tools.store.people_lookup import LARGEST_BLOCK, leads_of_names, names_of_phones, seen, sharing
from tools.store.tables import leads, person_keys

PHONE, OTHER = "+493023125555", "+493023125556"


def store(connection: Connection, *whos: Who, name_key: str | None = None) -> None:
    held = {"revision": 1, "assignment": 1, "owner": "ann", "path": "owner", "tier": "hot", "score": 0.0, "propensity": 0.0,
            "form": "{}", "created_at": NOW, "decided_at": NOW}  # fmt: skip
    rows = [
        {"lead_id": who.lead_id, "full_name": who.full_name, "name_key": name_key, "email": who.email, "phone": who.phone,
         "domain": who.domain, "parent_domain": who.parent_domain, **held} for who in whos
    ]  # fmt: skip
    keys = [{"key": key, "lead_id": who.lead_id} for who in whos for key in keys_of(traits_of(who))]
    connection.execute(insert(leads), rows)
    if keys:
        connection.execute(insert(person_keys), keys)


def crowd(number: int, name: str = "Maya Ortiz", phone: str | None = PHONE, start: int = 0) -> list[Who]:
    """People of one name behind one phone, each at a company of their own."""
    return [
        Who(f"ld_{start + n}", name, f"m{n}@x{start + n}.de", phone, None, f"x{start + n}.de")
        for n in range(number)
    ]  # fmt: skip


def test_a_key_is_followed_until_too_many_share_it(database: Engine):
    whole, larger = crowd(LARGEST_BLOCK), crowd(LARGEST_BLOCK + 1, phone=OTHER, start=100)
    with database.begin() as connection:
        store(connection, *whole, *larger)
        for key in keys_of(traits_of(Who("ld_new", "Maya Ortiz", None, PHONE))):
            assert {key: sorted(found) for key, found in sharing(connection, [key]).items()} == {
                key: sorted(who.lead_id for who in whole)
            }
        assert sharing(connection, keys_of(traits_of(Who("ld_new", "Maya Ortiz", None, OTHER)))) == {}
        assert sharing(connection, [-(2**63), 2**63 - 1]) == {}
        assert sharing(connection, []) == {}


def test_keys_of_either_sign_are_told_apart(database: Engine):
    rows = [{"key": key, "lead_id": f"ld_{key}"} for key in (-(2**63), 2**63 - 1, -1, 0, 2**53 + 1)]
    with database.begin() as connection:
        connection.execute(insert(person_keys), rows)
        found = sharing(connection, [row["key"] for row in rows if row["key"] != 0])  # type: ignore[misc]
    assert found == {row["key"]: [row["lead_id"]] for row in rows if row["key"] != 0}


def test_leads_that_are_not_stored_are_not_seen(database: Engine):
    (who,) = crowd(1)
    with database.begin() as connection:
        store(connection, who, name_key="maya ortiz")
        found = seen(connection, {who.lead_id, "ld_forgotten"})
    assert found == {who.lead_id: (who, "maya ortiz")}


def test_names_and_phones_are_counted_as_far_as_it_matters(database: Engine):
    with database.begin() as connection:
        for number in range(CROWDED + 2):
            phone = PHONE if number else OTHER
            store(connection, *crowd(2, phone=phone, start=10 * number), name_key=f"name {number}")
        store(connection, *crowd(2, phone=OTHER, start=900), name_key=None)
        store(connection, *crowd(3, phone=None, start=950), name_key="name 0")
        phones = names_of_phones(connection, {PHONE, OTHER, "+1"})
        assert leads_of_names(connection, {"name 0", "name 1", "nobody"}, 4) == {"name 0": 4, "name 1": 2, "nobody": 0}
    assert phones == {PHONE: CROWDED, OTHER: 1, "+1": 0}


def test_a_popular_name_and_a_switchboard_cost_what_a_few_of_them_cost(sqlite_url: str):
    engine, asked = open_engine(sqlite_url), Who("ld_new", "Maya Ortiz", "maya@new.de", PHONE, None, "new.de")
    known = Who("ld_known", "Maya Ortiz", "maya77@gmail.com", OTHER)
    again = Who("ld_again", "Maya Ortiz", "maya@new.de", OTHER, None, "new.de")
    behind = Who("ld_behind", "Bo Berg", "bo@berg.de", PHONE, None, "berg.de")
    asks = [asked, again, Who("ld_bo", "Bo Berg", "bo99@gmail.com", PHONE)]
    steps = []
    with engine.begin() as connection:
        store(connection, known, name_key="maya ortiz")
        store(connection, behind, name_key="berg bo")
        for start in (0, 1_000, 5_000):
            store(connection, *crowd(max(start, 200), start=start), name_key="maya ortiz")
            store(connection, *crowd(max(start, 200), "Ana Weber", None, 20_000 + start), name_key="ana weber")
            found, work = counted(connection, asks)
            assert [person is not None for person in found] == [False, True, True]
            steps.append(work)
    engine.dispose()
    assert steps[0] > 0
    assert max(steps) < 1.1 * steps[0], "with thirty times the leads"


def counted(connection: Connection, asks: list[Who]) -> tuple[list[object], int]:
    """What is answered, and how many steps of its machine SQLite took."""
    driver, steps = connection.connection.driver_connection, 0
    assert isinstance(driver, sqlite3.Connection)

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    driver.set_progress_handler(step, 1)
    try:
        return [*read_people(connection, asks)], steps
    finally:
        driver.set_progress_handler(None, 0)
