"""What every node shares: one failing case is set aside, facts are asked for once and in order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph.domain.facts import Absent, Found, Unavailable
from graph.domain.trace import Failure, Step
from graph.domain.values import evolve
from graph.nodes.shell import alive, each, failed, lead_of, read, step, unavailable, with_read
from graph.state import Case, Reads
from tests.fixtures.ports import NOW, case

BROKEN = replace(case("broken"), failure=Failure("capture", "ValueError", "x"))


def test_failed_cases_and_those_of_another_way_are_not_a_nodes_own():
    one, two = replace(case("a"), path="qualify"), replace(case("b"), path="nurture")
    state = {"cases": {0: one, 1: two, 2: BROKEN, 3: case("c")}}
    assert alive(state) == {0: one, 1: two, 3: case("c")}  # type: ignore[arg-type]
    assert alive(state, "nurture") == {1: two}  # type: ignore[arg-type]


def test_a_case_whose_rule_raises_is_marked_and_keeps_what_it_had():
    def rule(held: Case) -> Case:
        if held.submission.lead_id == "ld_b":
            raise KeyError("oops")
        return replace(held, path="qualify")

    done = each("route", {0: case("a"), 1: replace(case("b"), sequence="kept"), 2: BROKEN}, rule)["cases"]
    assert done[0].path == "qualify"
    assert (done[1].failure, done[1].sequence) == (Failure("route", "KeyError", "'oops'"), "kept")
    assert done[2] == BROKEN


def test_a_failures_text_is_bounded():
    assert len(failed(case(), "n", ValueError("x" * 9000)).failure.detail) == 500  # type: ignore[union-attr]


async def test_only_missing_facts_are_asked_for_in_one_call_and_in_order():
    asked: list[list[str]] = []

    async def port(asks):  # type: ignore[no-untyped-def]
        asked.append(list(asks))
        return [Found(ask.upper(), "t", NOW) for ask in asks]

    known = with_read(case("b"), "note", Absent("t", NOW))
    cases = {0: case("a"), 5: known, 7: case("c"), 9: case("d")}
    done = await read(
        cases, "note", lambda c: c.submission.lead_id, port, only=lambda c: c.submission.lead_id != "ld_d"
    )
    assert asked == [["ld_a", "ld_c"]]
    assert done[0].reads.note == Found("LD_A", "t", NOW)
    assert done[7].reads.note == Found("LD_C", "t", NOW)
    assert (done[5], done[9]) == (known, case("d"))


async def test_with_nothing_missing_the_port_is_left_alone():
    async def port(asks):  # type: ignore[no-untyped-def]
        raise AssertionError("asked")

    cases = {0: with_read(case(), "note", Absent("t", NOW))}
    assert await read(cases, "note", lambda c: c, port) == cases
    assert await read({}, "note", lambda c: c, port) == {}


@pytest.mark.parametrize("number", [0, 1, 3])
async def test_a_port_that_answers_another_number_of_facts_is_caught(number: int):
    """Else a fact would be shown at another lead."""

    async def port(asks):  # type: ignore[no-untyped-def]
        return [Absent("t", NOW)] * number

    with pytest.raises(RuntimeError, match=f"the port for note answered {number} facts to 2 questions"):
        await read({0: case("a"), 1: case("b")}, "note", lambda c: c, port)


def test_a_lead_that_was_never_captured_is_a_bug_of_the_graph():
    with pytest.raises(RuntimeError, match="not captured"):
        lead_of(case())


def test_steps_are_added_at_the_end():
    held = replace(case(), trace=(Step("a", "r", "s"),))
    assert step(held, "b", "rule", "why.") == (Step("a", "r", "s"), Step("b", "rule", "why."))


def test_reads_that_did_not_answer_are_named():
    reads = Reads(note=Absent("t", NOW), similar=Unavailable("pinecone", NOW, "down"), language_model="m")
    assert unavailable(evolve(reads, crm=Unavailable("hubspot", NOW, "timeout"))) == ("crm", "similar")
