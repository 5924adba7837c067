"""Past decisions are read back as routing saw them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from graph.ports import Ports
from graph.rules.nurture import sequence_for, unsure_of, way_for
from graph.rules.routing import route
from tests.fixtures.router import NOW, person, settle, the_table
from tools.store.past import Chosen, count_decisions, past_decisions

TABLE = the_table()


async def filled(engine: Engine, ports: Ports) -> None:
    ann = person("ann")
    await settle(engine, ports, ann, person("bob", honeypot="x"), person("cid", country="Germnay"))
    await settle(engine, ports, person("dan"), person("low", source="webinar", title="Student", country="Brazil"))
    given = replace(ann, submission_id="pass:1", cause="pass", excluded=("maren@company.com",), assignment=1)
    await settle(engine, ports, given, now=NOW + timedelta(days=3))
    await settle(engine, ports, person("ann", message="again"), now=NOW + timedelta(days=4))


async def test_routing_a_past_decision_again_from_what_is_read_gives_the_same(database: Engine, ports: Ports):
    await filled(database, ports)
    found = list(past_decisions(database))
    assert [past.cause for past in found].count("pass") == 1
    for past in found:
        again = route(
            past.facts,
            TABLE,
            past.pools,
            past.decided_at,
            prior_turns=past.prior_turns,
            holder=past.holder,
            returned=past.cause == "pass",
            open_leads=past.open,
            excluded=past.excluded,
        )
        assert (again.owner, again.rule, again.line, again.pool) == (past.owner, past.rule, past.line, past.pool)
        sequence = sequence_for(past.facts, TABLE)
        unsure = unsure_of(past.facts, TABLE) is not None
        assert way_for(sequence, past.cause, review=past.review, accepted=past.accepted, unsure=unsure) == past.path
        assert past.sla == (None if past.path == "nurture" else again.sla)
        assert past.routing_digest == TABLE.digest


async def test_what_was_typed_and_not_understood_comes_along(database: Engine, ports: Ports):
    await filled(database, ports)
    (cid,) = [past for past in past_decisions(database) if past.unknown]
    assert cid.unknown == (("country", "Germnay"),)
    assert cid.facts.country is None
    assert cid.company == "Cid Werke"


async def test_a_period_has_its_beginning_and_not_its_end_and_a_limit_takes_the_newest(database: Engine, ports: Ports):
    await filled(database, ports)
    third, fourth = NOW + timedelta(days=3), NOW + timedelta(days=4)
    assert [past.cause for past in past_decisions(database, Chosen(third, fourth))] == ["pass"]
    assert [past.decided_at for past in past_decisions(database, Chosen(third))] == [third, fourth]
    assert [past.revision for past in past_decisions(database, Chosen(limit=2))] == [2, 3]
    assert list(past_decisions(database, Chosen(until=NOW))) == []
    assert (count_decisions(database), count_decisions(database, third)) == (7, 2)
