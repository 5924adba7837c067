"""What changed and what was not understood, from recorded decisions."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from graph.ports import Ports
from tests.fixtures.router import NOW, person, settle, the_table
from tools.drift import Drift, Value, watch
from tools.routing_file import parse
from tools.store.past import Chosen, past_decisions

DAY = timedelta(days=1)


def drift_of(engine: Engine, days: int = 30, table=None) -> Drift:
    now = NOW + timedelta(hours=1)
    last = timedelta(days=days)
    return watch(past_decisions(engine, Chosen(since=now - 2 * last)), table or the_table(), now - last, now)


async def test_values_as_typed_are_counted_with_a_proposal_where_it_is_clear(database: Engine, ports: Ports):
    await settle(
        database,
        ports,
        *(person(f"g{n}", country="Germnay" if n else "GERMNAY") for n in range(3)),
        person("a", country="Atlantis"),
        person("f", industry="Fin Services"),
        person("s", source="partner_referal"),
        person("n", source="spring_campaign"),
        person("p", phone="12"),
    )
    drift = drift_of(database)
    assert drift.leads == 8
    assert drift.values == (
        Value("country", "Germnay", 3, 3, "DE"),
        Value("country", "Atlantis", 1, 1, None),
        Value("industry", "Fin Services", 1, 0, "financial_services"),
        Value("phone", None, 1, 0, None),
        Value("source", "partner_referal", 1, 0, "partner_referral"),
    )
    assert drift.unknown["country"].hits == 4


async def test_what_names_a_person_is_counted_without_its_value(database: Engine, ports: Ports):
    await settle(
        database,
        ports,
        person("a", country="Germany", postal="1067"),
        person("b", full_name="12345"),
        person("c", website="soon"),
    )
    assert {(value.field, value.typed, value.leads) for value in drift_of(database).values} == {
        ("postal", None, 1), ("full_name", None, 1), ("website", None, 1),
    }  # fmt: skip


async def test_what_an_alias_of_today_understands_is_told_no_more(database: Engine, ports: Ports):
    await settle(database, ports, person("g", country="Germnay"), person("s", source="partner_referal"))
    text = the_table().text.replace(
        '"version": 2,',
        '"version": 3, "aliases": {"country": {"Germnay": "DE"}, "source": {"partner referal": "partner_referral"}},',
    )
    assert drift_of(database, table=parse(text)).values == ()


async def test_shares_are_those_of_leads_and_not_of_decisions(database: Engine, ports: Ports):
    ann = person("ann")
    await settle(database, ports, person("old", country="France"), now=NOW - 40 * DAY)
    await settle(database, ports, person("mid", country="France"), person("ann"), now=NOW - 35 * DAY)
    await settle(database, ports, ann, person("bob", country="Canada"), now=NOW - 2 * DAY)
    await settle(database, ports, replace(ann, submission_id="retry:1", cause="retry"), now=NOW)
    drift = drift_of(database)
    assert (drift.leads, drift.leads_before) == (2, 3)
    dach, canada, france = (drift.lines[name] for name in ("rules.dach", "rules.canada-growth", "map.FR"))
    assert (dach.hits, dach.hits_before) == (1, 1)
    assert (canada.hits, canada.hits_before) == (1, 0)
    assert (france.hits, france.hits_before) == (0, 2)
    assert set(drift.lines) >= {"rules.partner", "map.DEFAULT"}
    assert (drift_of(database, days=300).leads_before, drift_of(database, days=300).leads) == (0, 4)


async def test_a_shift_of_many_leads_is_marked(database: Engine, executor: Executor, ports: Ports):
    before = [person(f"b{n}", country="France" if n % 2 else "Germany") for n in range(120)]
    after = [person(f"n{n}", country="Germnay" if n % 2 else "Germany") for n in range(120)]
    await settle(database, ports, *before, now=NOW - 40 * DAY)
    await settle(database, ports, *after)
    drift = drift_of(database)
    assert drift.lines["map.FR"].shifted
    assert drift.lines["map.DEFAULT"].shifted
    assert not drift.lines["rules.dach"].shifted
    assert drift.unknown["country"].shifted
    assert not drift.unknown["industry"].shifted
