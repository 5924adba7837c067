"""What operators ask of the record."""

from __future__ import annotations

from datetime import timedelta

import orjson
from sqlalchemy import Engine

from graph.ports import Ports
from tests.fixtures.router import NOW, person, settle
from tools.store.queries import effects_of, lead_page, record_json


async def test_a_record_is_given_back_bit_for_bit_the_newest_unless_one_is_named(database: Engine, ports: Ports):
    ann = person("ann", message="naïve 😀 \u2028")
    (one,) = await settle(database, ports, ann)
    (two,) = await settle(database, ports, person("ann", message="again"))
    assert record_json(database, ann.lead_id) == two.record
    assert record_json(database, ann.lead_id, 1) == one.record
    assert record_json(database, ann.lead_id, 3) is None
    assert record_json(database, "ld_nobody") is None
    assert orjson.loads(one.record)["lead"]["message"].startswith("naïve 😀")


async def test_a_page_of_leads_says_nothing_of_the_person(database: Engine, ports: Ports):
    await settle(database, ports, person("ann", phone="+49 30 23125 118", full_name="Ann Other"))
    (row,) = lead_page(database, limit=10)
    assert {"lead_id", "owner", "path", "tier", "score", "decided_at"} <= row.keys()
    assert not {"email", "full_name", "phone", "form"} & row.keys()
    assert "Ann Other" not in repr(row)
    assert "ann@" not in repr(row)


async def test_pages_together_hold_every_lead_once_although_a_batch_shares_its_time(database: Engine, ports: Ports):
    people = [person(f"p{n}") for n in range(12)]
    await settle(database, ports, *people[:9])
    await settle(database, ports, *people[9:], now=NOW + timedelta(seconds=1))
    seen: list[str] = []
    page = lead_page(database, limit=4)
    while page:
        assert len(page) <= 4
        seen += [row["lead_id"] for row in page]
        page = lead_page(database, limit=4, before=page[-1]["decided_at"], after_id=page[-1]["lead_id"])
    assert sorted(seen) == sorted(lead.lead_id for lead in people)
    assert set(seen[:3]) == {lead.lead_id for lead in people[9:]}, "the newest first"


async def test_before_alone_leaves_out_that_moment(database: Engine, ports: Ports):
    await settle(database, ports, person("ann"))
    assert lead_page(database, limit=5, before=NOW) == []
    assert len(lead_page(database, limit=5, before=NOW + timedelta(microseconds=1))) == 1


async def test_a_leads_writes_are_listed_in_order_with_what_came_of_them(database: Engine, ports: Ports):
    ann = person("ann")
    (one,) = await settle(database, ports, ann)
    await settle(database, ports, person("bob"))
    rows = effects_of(database, ann.lead_id)
    assert [row["kind"] for row in rows] == [effect.kind for effect in one.case.effects]
    assert {row["state"] for row in rows} == {"pending"}
    assert effects_of(database, "ld_nobody") == []
