"""What was decided before, as the graph asks for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
from sqlalchemy import Engine, event, insert, update

from graph.domain.account import Family, Prior
from graph.domain.facts import Absent, Found
from graph.domain.routing import PoolState, Spent
from graph.ports import Ports
from tests.fixtures.router import NOW, person, settle
from tools.store.acts import accept
from tools.store.tables import leads, pools
from tools.stream.again import again, passed

LATER = NOW + timedelta(hours=1)


async def prior_of(ports: Ports, lead_id: str) -> Prior:
    (fact,) = await ports.history.priors([lead_id], LATER)
    assert isinstance(fact, Found)
    assert (fact.source, fact.at) == ("store", LATER)
    return fact.value


async def test_an_unknown_lead_is_absent_and_answers_keep_their_order(ports: Ports, database: Engine):
    ann, bob = person("ann"), person("bob")
    await settle(database, ports, ann, bob)
    facts = await ports.history.priors(["ld_x", bob.lead_id, "ld_y", ann.lead_id, bob.lead_id], LATER)
    assert [fact.kind for fact in facts] == ["absent", "found", "absent", "found", "found"]
    assert facts[0] == Absent("store", LATER)
    assert facts[1] == facts[4]


async def test_the_last_decision_is_told_with_what_was_typed_and_taken(ports: Ports, database: Engine):
    ann = person("ann", message="hello", consent=True, honeypot="bot", fill_time_ms=5)
    (one,) = await settle(database, ports, ann)
    prior = await prior_of(ports, ann.lead_id)
    assert one.case.assignment is not None
    assert (prior.revision, prior.owner, prior.assignment) == (1, one.case.assignment.owner, 1)
    assert (prior.decided_at, prior.submissions, prior.passed_by) == (NOW, 1, ())
    assert prior.turns == (("dach", prior.owner),)
    assert prior.form["message"] == "hello"
    assert prior.form["consent"] is True
    assert "honeypot" not in prior.form, "a sign of one submission says nothing of the next"


async def test_what_happened_since_is_told_too(ports: Ports, database: Engine):
    ann = person("ann")
    (one,) = await settle(database, ports, ann)
    first = one.case.assignment.owner  # type: ignore[union-attr]
    await settle(database, ports, passed(again(database, ann.lead_id, "pass"), 1, first, "leave"), now=LATER)
    prior = await prior_of(ports, ann.lead_id)
    assert (prior.revision, prior.assignment, prior.passed_by, prior.submissions) == (2, 2, (first,), 1)
    assert prior.owner != first
    assert prior.alert_owner == prior.owner


async def test_a_family_holds_the_best_of_each_of_its_companies(ports: Ports, database: Engine):
    batch = await settle(database, ports, person("ann"), person("bob"))
    scores = {one.case.lead.domain: one.case.score.propensity for one in batch}  # type: ignore[union-attr]
    found = await ports.history.families(["ann-werke.de", "bob-werke.de", "nobody-werke.de"], NOW)
    assert found == {d: Family(d, ((d, scores[d]),)) for d in ("ann-werke.de", "bob-werke.de")}


async def test_pools_that_never_gave_a_turn_are_not_told(ports: Ports, database: Engine):
    assert await ports.history.pools(["dach"]) == {}
    await settle(database, ports, person("ann"))
    assert set(await ports.history.pools(["dach", "us-ent"])) == {"dach"}
    assert await ports.history.pools([]) == {}


async def test_a_batch_asks_a_few_questions_about_its_leads_not_a_few_a_lead(ports: Ports, database: Engine):
    await settle(database, ports, *(person(f"p{n}") for n in range(10)))
    asked: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *args: asked.append(args[2]))
    await ports.history.priors([person(f"p{n}").lead_id for n in range(10)], LATER)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) <= 3


async def test_open_leads_are_those_that_somebody_has_now(ports: Ports, database: Engine):
    people = [person(f"p{number}") for number in range(6)]
    batch = await settle(database, ports, *people)
    owners = [one.case.assignment.owner for one in batch]  # type: ignore[union-attr]
    maren, jonas = "maren@company.com", "jonas@company.com"
    assert await ports.history.open_leads([maren, jonas, "x@company.com"]) == {maren: 3, jonas: 3}
    assert await ports.history.open_leads([]) == {}
    first = people[owners.index(maren)]
    assert accept(database, first.lead_id, 1, maren, NOW).outcome == "done"
    assert await ports.history.open_leads([maren]) == {maren: 3}, "an accepted lead is open"
    await settle(database, ports, replace(first, submission_id="s:moves", form=replace(first.form, country="France")))
    assert await ports.history.open_leads([maren]) == {maren: 2}, "it has moved on, though she had accepted it"
    second = people[owners.index(jonas)]
    await settle(database, ports, passed(again(database, second.lead_id, "pass"), 1, jonas, "leave"))
    assert await ports.history.open_leads([maren, jonas]) == {maren: 3, jonas: 2}
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(update(leads).where(leads.c.owner == maren).values(path="nurture"))
    assert await ports.history.open_leads([maren, jonas]) == {jonas: 2}, "mails are nobody's work"


async def test_a_ledger_keeps_what_its_caps_have_counted(ports: Ports, database: Engine):
    spent = {"day": Spent("2026-04-07", {"ana@company.com": 3}), "week": Spent("2026-04-06", {"ana@company.com": 5})}
    state = PoolState("crew", 8, {"ana@company.com": 0}, {"ana@company.com": 8}, spent)
    with database.execution_options(immediate=True).begin() as connection:
        texts = {name: orjson.dumps(getattr(state, name)).decode() for name in ("credits", "turns", "spent")}
        connection.execute(insert(pools).values(pool="crew", version=8, updated_at=NOW, **texts))
    assert await ports.history.pools(["crew", "dach"]) == {"crew": state}
