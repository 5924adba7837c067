"""The decision record: everything about one decision, reproducible from itself."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from pydantic import TypeAdapter

from graph.build import run_one
from graph.domain.effects import VENDOR_OF
from graph.domain.facts import Found
from graph.domain.lead import Submission
from graph.domain.routing import RoutingFacts
from graph.nodes.shell import with_read
from graph.record import Undecided, assignment_number, parent_of, record_bytes, record_of, revision_of
from graph.state import Case, Reads
from tests.fixtures.ports import NOW, Memory, case, context, ports, prior
from tests.fixtures.router import the_graph

CONTRACT = (
    "lead_id", "revision", "status", "path", "owner", "rule", "pool", "score", "tier", "lead", "facts", "trace",
    "versions", "effects", "alert",
)  # fmt: skip
LEAD = (
    "email", "full_name", "title", "seniority", "company", "domain", "country", "state", "postal", "phone", "consent",
    "flags",
)  # fmt: skip
MID = {"country": "Germany", "employees": "400", "source": "demo_request"}


async def decided(held: Case | None = None, memory: Memory | None = None) -> Case:
    return await run_one(the_graph(), held or case(**MID), context(ports(history=memory or Memory())))


async def test_it_has_what_the_contract_promises():
    record = orjson.loads(record_bytes(record_of(await decided(), context())))
    assert record.keys() >= set(CONTRACT)
    assert record["lead"].keys() >= set(LEAD)
    assert (record["status"], record["revision"]) == ("decided", 1)
    assert record["versions"].keys() == {"code", "routing", "model", "features", "prompts"}
    assert all(record["versions"].values())
    assert record["decided_at"] == "2026-04-07T14:02:00Z"


async def test_what_to_ask_next_stands_after_the_sequence():
    record = orjson.loads(record_bytes(record_of(await decided(case()), context())))
    names = list(record)
    assert names[names.index("sequence") + 1] == "next_question"
    assert record["next_question"].keys() == {"field", "decides", "why"}


async def test_the_pools_state_before_and_after_is_in_it():
    record = orjson.loads(record_bytes(record_of(await decided(), context())))
    turn = record["assignment"]["turn"]
    assert (turn["before"]["version"], turn["after"]["version"]) == (0, 1)
    assert record["facts"]["pools"]["dach"] == turn["before"]


async def test_each_step_has_a_sentence():
    trace = orjson.loads(record_bytes(record_of(await decided(), context())))["trace"]
    assert [step["node"] for step in trace] == ["capture", "enrich", "score", "rollup", "route", "summarize"]
    assert all(step["rule"] and step["sentence"].endswith(".") for step in trace)


async def test_effects_have_their_keys_and_vendors_and_the_alert_is_written_once():
    held = await decided()
    record = orjson.loads(record_bytes(record_of(held, context())))
    keys = [effect["key"] for effect in record["effects"]]
    assert len(set(keys)) == len(keys) == len(held.effects)
    assert all(key.startswith("ld_ann@1/") for key in keys)
    assert [effect["vendor"] for effect in record["effects"]] == [VENDOR_OF[e["kind"]] for e in record["effects"]]
    assert all("message" not in effect for effect in record["effects"])
    assert record["alert"]["blocks"]


async def test_what_was_read_and_submitted_comes_back_as_it_was():
    held = await decided(case(message="ünï 😀 \u2028", consent=True, **MID))
    record = orjson.loads(record_bytes(record_of(held, context())))
    assert TypeAdapter(Submission).validate_python(record["submission"]) == held.submission
    assert TypeAdapter(Reads).validate_python(record["facts"]) == held.reads


async def test_the_same_decision_is_the_same_bits():
    assert record_bytes(record_of(await decided(), context())) == record_bytes(record_of(await decided(), context()))


@pytest.mark.parametrize("missing", ["assignment", "score", "path", "lead", "routing_facts"])
async def test_a_case_without_its_end_has_no_record(missing: str):
    with pytest.raises(Undecided):
        record_of(replace(await decided(), **{missing: None}), context())


async def test_a_failed_case_has_no_record():
    from graph.nodes.shell import failed

    with pytest.raises(Undecided):
        record_of(failed(await decided(), "route", ValueError("x")), context())


async def test_revisions_and_assignments_count_on():
    fresh = await decided()
    assert (revision_of(fresh), assignment_number(fresh)) == (1, 1)
    kept = {"turns": (("dach", "maren@company.com"),), "revision": 4, "assignment": 2}
    same = await decided(memory=Memory(known={"ld_ann": prior(**kept)}))
    assert (revision_of(same), assignment_number(same)) == (5, 2)
    other = await decided(memory=Memory(known={"ld_ann": prior(revision=4, assignment=2, owner="x@company.com")}))
    assert (revision_of(other), assignment_number(other)) == (5, 3)


async def test_a_pass_is_a_new_assignment_even_to_the_same_owner():
    held = await decided(memory=Memory(known={"ld_ann": prior(turns=(("dach", "maren@company.com"),))}))
    passed = replace(held, submission=replace(held.submission, cause="pass"))
    assert (assignment_number(held), assignment_number(passed)) == (1, 2)


async def test_the_parent_is_enrichments_else_the_companys_own():
    from graph.domain.account import CompanyProfile

    held = await decided()
    assert parent_of(held) == "ann-werke.de"
    profile = Found(CompanyProfile("ann-werke.de", parent_domain="acme.com"), "t", NOW)
    assert parent_of(with_read(held, "profile", profile)) == "acme.com"
    assert parent_of(await decided(case(email="x@gmail.com"))) is None
    assert parent_of(case()) is None


async def test_the_facts_that_routing_saw_are_in_it():
    held = await decided()
    record = orjson.loads(record_bytes(record_of(held, context())))
    assert TypeAdapter(RoutingFacts).validate_python(record["routing_facts"]) == held.routing_facts
    assert (record["routing_facts"]["country"], record["routing_facts"]["employees"]) == ("DE", 400)
