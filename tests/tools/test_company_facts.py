"""Match, list of accounts and sources as they are wired: what a lead is taken for after a real import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.build import build_graph, run_batch
from graph.domain.facts import Found
from graph.domain.lead import Form, Submission
from graph.ports import CompanyAsk
from graph.record import record_of
from graph.state import Case
from tests.fixtures.router import NOW, PUBLIC
from tools.accounts.changing import Change
from tools.accounts.importing import import_file
from tools.cli.warm_up import ready_accounts
from tools.routing_file import parse
from tools.settings import Settings
from tools.store.migrate import migrate
from tools.wiring import Store, build_ports, company_facts, context_for, open_store

ROWS = """name,domain,parent,owner,country,city,employees
Zwetschgenwerk Holding,zwetschgenwerk.com,,ana@company.com,DE,Ulm,31000
Zwetschgenwerk Labor,zwlab.io,zwetschgenwerk.com,ben@company.com,DE,Jena,420
"""
TABLE = """{
  "DEFAULT": "general@company.com",
  "people": {"ana": {"email": "ana@company.com"}, "ben": {"email": "ben@company.com"}}
}"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path)


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> Iterator[Store]:
    held, path = open_store(settings), tmp_path / "sales.csv"
    migrate(held.engine)
    path.write_text(ROWS, encoding="utf-8")
    import_file(held.engine, path, Change("import", "import", path.name, "ana", replace=True), settings.source_order)
    ready_accounts(settings, held.engine)
    yield held
    held.close()


async def decided(settings: Settings, store: Store, **form: Any) -> Any:
    context = context_for(NOW, parse(TABLE), build_ports(settings, store), PUBLIC)
    cases = [Case(Submission("s:1", "ld_1", NOW, Form(**form)))]
    (case,) = await run_batch(build_graph(), cases, context)
    assert case.failure is None, case.failure
    return record_of(case, context)


async def test_a_lead_of_a_listed_daughter_gets_her_owner_family_and_parents_size(settings: Settings, store: Store):
    record = await decided(settings, store, email="x@zwlab.io", company="whatever")
    assert (record["owner"], record["rule"]) == ("ben@company.com", "account_owner")
    assert "list of known accounts (import)" in record["assignment"].why
    assert record["routing_facts"].employees == 31_000
    assert record["account"].parent_domain == "zwetschgenwerk.com"
    profile = record["facts"].profile.value
    assert (profile.match.code, profile.match.key) == ("domain", "zwlab.io")
    assert profile.family == ("zwetschgenwerk.com", "zwlab.io")
    assert {one.field: one.source for one in profile.origins}["owner"] == "import"


async def test_a_lead_under_a_domain_nobody_knows_joins_the_family_that_its_name_and_city_say(
    settings: Settings, store: Store
):
    form = {"email": "x@ganzanders.de", "company": "Zwetschgenwerk Holding GmbH", "country": "DE", "city": "Ulm"}
    record = await decided(settings, store, **form)
    profile = record["facts"].profile.value
    assert (profile.domain, profile.match.code) == ("ganzanders.de", "name_place")
    assert (profile.parent_domain, record["owner"]) == ("zwetschgenwerk.com", "ana@company.com")
    assert profile.family == ("ganzanders.de", "zwetschgenwerk.com", "zwlab.io")
    assert "matched by name and place to " in str(record["alert"])


async def test_the_name_of_an_account_above_free_mail_gives_nothing_of_it(settings: Settings, store: Store):
    form = {"email": "x@gmail.com", "company": "Zwetschgenwerk Holding", "country": "DE", "city": "Ulm"}
    record = await decided(settings, store, **form)
    assert (record["owner"], record["account"]) == ("general@company.com", None)
    fact = record["facts"].profile
    assert not isinstance(fact, Found) or (fact.value.bare and fact.value.match.key is None)


async def test_where_live_sources_answer_the_invented_companies_stay_out_of_the_list(settings: Settings, store: Store):
    assert "bundled" in settings.source_order
    (shipped,) = await company_facts(settings, store, free=True).profiles([_ask("acme.com")], NOW)
    assert isinstance(shipped, Found)
    live = settings.model_copy(update={"enrichment": "live"})
    assert "bundled" not in live.source_order
    ready_accounts(live, store.engine)
    (gone,) = await company_facts(live, store, free=True).profiles([_ask("acme.com")], NOW)
    assert not isinstance(gone, Found)
    (kept,) = await company_facts(live, store, free=True).profiles([_ask("zwlab.io")], NOW)
    assert isinstance(kept, Found)


def _ask(domain: str) -> CompanyAsk:
    return CompanyAsk(domain, None)
