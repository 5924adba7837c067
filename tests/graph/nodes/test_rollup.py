"""Roll-up: the company's chance becomes its family's."""

from __future__ import annotations

import pytest

from graph.domain.account import CompanyProfile, Family
from graph.nodes.rollup import rollup
from graph.nodes.shell import with_read
from tests.fixtures.ports import Answering, Memory, case, context, ports, run

CHILD = CompanyProfile("ann-werke.de", "Ann AG", parent_domain="acme.com", parent_name="Acme Corp")


async def test_the_best_of_the_family_counts():
    memory = Memory(relatives={"acme.com": Family("acme.com", (("labs.com", 0.93), ("old.com", 0.1)))})
    given = context(ports(history=memory, enrichment=Answering(answer=lambda ask: CHILD)))
    (done,) = await run(rollup, case(), given=given)
    assert done.account is not None
    assert (done.account.parent_domain, done.account.parent_name) == ("acme.com", "Acme Corp")
    assert (done.account.p_max, done.account.companies) == (0.93, 3)
    assert done.account.priority_usd == pytest.approx(done.account.p_calibrated * done.account.acv_usd)
    assert done.account.p_calibrated <= 0.93
    assert done.trace[-1].sentence.startswith("Account Acme Corp: best chance 0.93 over 3 companies, 0.")


async def test_a_company_of_its_own_is_its_own_family():
    (done,) = await run(rollup, case())
    assert done.account is not None
    assert done.score is not None
    assert (done.account.parent_domain, done.account.companies) == ("ann-werke.de", 1)
    assert done.account.p_max == done.score.propensity
    assert "over 1 company; x" in done.trace[-1].sentence
    assert done.reads.family == Family("ann-werke.de"), "what was read is recorded, nothing too"


async def test_without_a_company_there_is_no_account():
    memory = Memory()
    (done,) = await run(rollup, case(email="x@gmail.com"), given=context(ports(history=memory)))
    assert done.account is None
    assert done.trace[-1].rule == "no_company"
    assert memory.family_asks == []


async def test_families_are_asked_once_each_and_in_a_fixed_order():
    memory = Memory()
    await run(rollup, case("b"), case("a"), case("c", email="x@b-werke.de"), given=context(ports(history=memory)))
    assert memory.family_asks == [["a-werke.de", "b-werke.de"]]


async def test_a_family_that_a_replay_brings_is_not_asked_for():
    memory = Memory()
    held = with_read(case(), "family", Family("ann-werke.de", (("ann-werke.de", 0.99),)))
    (done,) = await run(rollup, held, given=context(ports(history=memory)))
    assert memory.family_asks == []
    assert done.account is not None
    assert done.account.p_max == 0.99
