"""Who wrote before under another key: looked up for a decision, linked by its commit, and what follows for owner and brief."""

from __future__ import annotations

import orjson
from sqlalchemy import Engine, event, select

from graph.domain.facts import value_of
from graph.domain.lead import Form, Submission
from graph.domain.person import KnownPerson, Who
from graph.ports import CrmAsk, Ports
from tests.fixtures.router import IDENTIFIER, NOW, settle
from tools.store.commit import Decided
from tools.store.family_leads import count_family_leads
from tools.store.past import past_of
from tools.store.people import read_people
from tools.store.people_edges import say, undo
from tools.store.people_groups import person_of, waiting
from tools.store.people_lookup import LARGEST_BLOCK
from tools.store.tables import person_candidates, person_edges, person_keys, pools

PHONE = "+49 30 23125 555"


def wrote(name: str, email: str | None, number: int = 0, **form: object) -> Submission:
    given = {"country": "Germany", "employees": "400", "title": "VP Engineering", "source": "demo_request"} | form
    typed = Form(full_name=name, email=email, **given)  # type: ignore[arg-type]
    lead_id = IDENTIFIER.lead_id(typed)
    assert lead_id is not None
    return Submission(f"s:{lead_id}:{number}", lead_id, NOW, typed)


WORK = wrote("Maya Ortiz", "maya.ortiz@acme-werke.de", company="Acme Werke", phone=PHONE)
HOME = wrote("Ortiz, Maya", "maya77@gmail.com", phone=PHONE)
NAMESAKE = wrote("Maya Ortiz", "maya.ortiz@other-werke.de", company="Other Werke")


def known(one: Decided) -> KnownPerson | None:
    return value_of(one.case.reads.person)


def said(one: Decided, label: str) -> str:
    """The alert as text, without the marks that keep Slack from making links; empty where nothing of it says `label`."""
    text = orjson.dumps(one.case.alert).decode().replace("\u200b", "")
    return text if label in text else ""


async def test_somebody_who_writes_from_home_is_known_and_linked(ports: Ports, database: Engine):
    (first,) = await settle(database, ports, WORK)
    (second,) = await settle(database, ports, HOME)
    person = known(second)
    assert known(first) is None
    assert person is not None
    assert (person.match.lead_id, person.match.code) == (WORK.lead_id, "phone_name")
    assert person.emails == ("maya.ortiz@acme-werke.de",)
    with database.connect() as connection:
        (edge,) = connection.execute(select(person_edges)).all()
    assert {edge.low, edge.high} == {WORK.lead_id, HOME.lead_id}
    assert (edge.verdict, edge.code, edge.made_by, edge.undone_at) == ("same", "phone_name", "router", None)
    assert f"same person as lead {WORK.lead_id} (phone_name" in second.case.trace[0].sentence


async def test_the_same_pool_gives_the_same_owner_without_a_turn(ports: Ports, database: Engine):
    (first,) = await settle(database, ports, WORK)
    await settle(database, ports, wrote("Ana Weber", "ana@weber-werke.de", company="Weber Werke"))
    with database.connect() as connection:
        before = connection.execute(select(pools)).all()
    (second,) = await settle(database, ports, HOME)
    one, two = first.case.assignment, second.case.assignment
    assert one is not None
    assert two is not None
    assert two.pool == one.pool
    assert two.owner == one.owner
    assert two.turn is not None
    assert two.turn.reused
    assert "The same person wrote from maya.ortiz@acme-werke.de before" in two.why
    with database.connect() as connection:
        assert connection.execute(select(pools)).all() == before, "one person takes one turn"


async def test_the_owner_reads_who_it_is(ports: Ports, database: Engine):
    await settle(database, ports, WORK)
    (second,) = await settle(database, ports, HOME)
    brief = said(second, "Same person")
    assert f"/inbox/crm/{WORK.lead_id}" in brief
    assert "also wrote from maya.ortiz@acme-werke.de; you have that lead too" in brief


async def test_a_doubtful_match_is_shown_and_changes_nothing(ports: Ports, database: Engine):
    await settle(database, ports, WORK)
    doubtful = wrote("Maya Ortiz", "maya77@gmail.com", company="Acme Werke GmbH")
    (second,) = await settle(database, ports, doubtful)
    person = known(second)
    assert person is not None
    assert person.match.code == "typed_name"
    assert second.case.assignment is not None
    assert second.case.assignment.turn is not None
    assert not second.case.assignment.turn.reused
    assert "May be the same person as" in said(second, "Same person")
    with database.connect() as connection:
        assert connection.execute(select(person_edges)).all() == []
    (pair,) = waiting(database)
    assert {pair.one.lead_id, pair.other.lead_id} == {WORK.lead_id, doubtful.lead_id}


async def test_between_two_who_fit_nobody_is_chosen_and_both_pairs_wait(ports: Ports, database: Engine):
    twin = wrote("Maya Ortiz", "m.o@other-werke.de", company="Other Werke", phone=PHONE)
    await settle(database, ports, WORK)
    await settle(database, ports, twin)
    undo(database, WORK.lead_id, twin.lead_id, by="ana", now=NOW)
    say(database, WORK.lead_id, twin.lead_id, "different", by="ana", why="two people", now=NOW)
    (third,) = await settle(database, ports, HOME)
    person = known(third)
    assert person is not None
    assert (person.match.lead_id, person.match.code) == (None, "rivals")
    assert set(person.match.rivals) == {WORK.lead_id, twin.lead_id}
    assert len(waiting(database)) == 2
    assert "which of them, nobody can say" in said(third, "Same person")


async def test_a_namesake_elsewhere_is_nobody(ports: Ports, database: Engine):
    await settle(database, ports, WORK)
    (second,) = await settle(database, ports, NAMESAKE)
    assert known(second) is None
    assert said(second, "Same person") == ""


async def test_people_s_word_goes_before_the_router_s(ports: Ports, database: Engine):
    await settle(database, ports, WORK)
    await settle(database, ports, HOME)
    undo(database, WORK.lead_id, HOME.lead_id, by="ana", now=NOW)
    (again,) = await settle(database, ports, wrote("Ortiz, Maya", "maya77@gmail.com", 1, phone=PHONE))
    person = known(again)
    assert person is not None
    assert person.match.confidence < 0.95
    assert "somebody undid it" in person.match.why
    assert person_of(database, WORK.lead_id).leads[1:] == [], "what was undone is not done again"  # type: ignore[union-attr]
    say(database, WORK.lead_id, HOME.lead_id, "different", by="ana", why="", now=NOW)
    (third,) = await settle(database, ports, wrote("Ortiz, Maya", "maya77@gmail.com", 2, phone=PHONE))
    assert known(third) is None
    assert waiting(database) == []


async def test_leads_that_people_merged_are_one_person_whatever_they_say(ports: Ports, database: Engine):
    await settle(database, ports, WORK, NAMESAKE)
    say(database, WORK.lead_id, NAMESAKE.lead_id, "same", by="ana", why="she moved", now=NOW)
    (again,) = await settle(database, ports, wrote("Maya Ortiz", "maya.ortiz@other-werke.de", 1, company="Other Werke"))
    person = known(again)
    assert person is not None
    assert (person.match.code, person.match.lead_id) == ("merged", WORK.lead_id)


async def test_keys_follow_the_lead(ports: Ports, database: Engine):
    (one,) = await settle(database, ports, NAMESAKE)
    with database.connect() as connection:
        before = set(connection.scalars(select(person_keys.c.key)))
    await settle(database, ports, wrote("Maya Ortiz", "maya.ortiz@other-werke.de", 1, phone=PHONE))
    with database.connect() as connection:
        after = set(connection.scalars(select(person_keys.c.key)))
        lead_ids = set(connection.scalars(select(person_keys.c.lead_id)))
    assert before < after
    assert lead_ids == {one.case.submission.lead_id}


async def test_one_question_or_two_for_a_batch_in_which_nobody_is_known(ports: Ports, database: Engine):
    await settle(database, ports, WORK)
    asked: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *args: asked.append(args[2]))
    asks = [Who(f"ld_{n}", f"Ana Weber{n}", f"ana{n}@x{n}.de", None, None, f"x{n}.de") for n in range(30)]
    with database.connect() as connection:
        assert read_people(connection, asks) == [None] * 30
    assert len([statement for statement in asked if statement.startswith("SELECT")]) <= 2


async def test_a_key_that_many_share_tells_nobody(ports: Ports, database: Engine):
    crowd = [
        wrote("Maya Ortiz", f"m{n}@acme-werke.de", company="Acme Werke", phone=PHONE) for n in range(LARGEST_BLOCK + 1)
    ]
    await settle(database, ports, *crowd)
    with database.connect() as connection:
        asked = Who("ld_new", "Maya Ortiz", None, "+493023125555", "Acme Werke")
        assert read_people(connection, [asked]) == [None]


async def test_a_family_counts_one_person_once(ports: Ports, database: Engine):
    alias = wrote("M. Ortiz", "m.ortiz@acme-werke.de", company="Acme Werke", phone=PHONE)
    colleague = wrote("Ana Weber", "ana.weber@acme-werke.de", company="Acme Werke")
    await settle(database, ports, WORK)
    await settle(database, ports, alias)
    await settle(database, ports, colleague)
    with database.connect() as connection:
        stranger = CrmAsk("new@acme-werke.de", None, "acme-werke.de", None)
        maya = CrmAsk(
            "maya77@gmail.com", None, "acme-werke.de", None, ("maya.ortiz@acme-werke.de", "m.ortiz@acme-werke.de")
        )
        assert [one.number for one in count_family_leads(connection, [stranger, maya], NOW)] == [2, 1]


async def test_what_routing_saw_is_told_from_the_record(ports: Ports, database: Engine):
    (first,) = await settle(database, ports, WORK)
    (second,) = await settle(database, ports, HOME)
    past = past_of(NOW, orjson.loads(second.record))
    assert first.case.assignment is not None
    assert past.prior_turns == {first.case.assignment.pool: first.case.assignment.owner}
    assert past.holder == first.case.assignment.owner


async def test_a_pair_waits_once_with_its_newest_reason(ports: Ports, database: Engine):
    await settle(database, ports, WORK)
    for number in range(2):
        await settle(database, ports, wrote("Maya Ortiz", "maya77@gmail.com", number, company="Acme Werke GmbH"))
    with database.connect() as connection:
        assert len(connection.execute(select(person_candidates)).all()) == 1
