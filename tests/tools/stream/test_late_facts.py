"""Company facts that come after the decision: asked for again, kept, told, or decided with once, and only by policy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from sqlalchemy import update

from graph.domain.account import CompanyProfile, CrmAccount
from graph.domain.evidence import Origin, Tried
from graph.domain.facts import Absent, Fact, Found, Unavailable
from graph.domain.scoring import ModelOutput
from graph.features.vector import NAMES
from graph.ports import CompanyAsk, CrmAsk, Order, VendorError
from graph.rules.late_policy import LatePolicy
from tests.fixtures.effects import alert
from tests.fixtures.inbox import is_offer
from tests.fixtures.router import ROUTING, Bench, context_of, person
from tests.servers.apollo_server import ApolloServer
from tests.servers.base import Answer
from tools.apollo import ApolloEnrichment
from tools.embedded.notifier import EmbeddedNotifier
from tools.embedded.rule_scorer import RuleScorer
from tools.replaying import Replayer, stored_records
from tools.routing_file import parse
from tools.settings import Settings
from tools.store.acts import accept, close
from tools.store.dead import list_dead, reopen_effect
from tools.store.inbox import alerts
from tools.store.late_facts import of_account, of_lead
from tools.store.routing_versions import keep_version
from tools.store.tables import outbox
from tools.stream.again import again, enriched
from tools.stream.codec import decode, encode
from tools.stream.dispatcher import SCHEDULES, Dispatcher
from tools.stream.late_facts import LateFacts, late_facts
from tools.stream.outbox import EFFECT, depth

DEE, TOM, ANA, GENERAL = "dee@company.com", "tom@company.com", "ana@company.com", "general@company.com"
FILE = {
    "DEFAULT": GENERAL,
    "people": {"dee": {"email": DEE}, "tom": {"email": TOM}, "ana": {"email": ANA}},
    "accounts": {"acme.com": {"owner": "ana", "family": True}},
    "rules": [{"id": "large", "if": {"employees": ">=10000"}, "to": "tom"}, {"id": "rest", "to": "dee"}],
    "nurture": {"if": {"score": "<0.25"}, "sequence": "low_score_nurture"},
}
DOMAIN = "ann-werke.de"
SIZE = NAMES.index("logEmployees")


class BySize(RuleScorer):
    """.4 while the head count is unknown, .6 from 1,000 people, .1 below 50: so that a test knows the tier."""

    def score(self, rows: Any) -> list[ModelOutput]:
        return [replace(o, propensity=_chance(r[SIZE])) for o, r in zip(super().score(rows), rows, strict=True)]


def _chance(size: float) -> float:
    return 0.4 if np.isnan(size) or 1.7 <= size < 3 else 0.6 if size >= 3 else 0.1


class Sources:
    """Enrichment and CRM that answer what the test says; `answer` is a profile, None, or the reason of a failure."""

    def __init__(self) -> None:
        self.profile: CompanyProfile | str | None = "timeout"
        self.crm: CrmAccount | str | None = None
        self.asked: list[CompanyAsk] = []
        self.crm_asked: list[CrmAsk] = []
        self.calls = 0
        self.breaks_for: str | None = None

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> list[Fact[CompanyProfile]]:
        self.asked += asks
        self.calls += 1
        if any(ask.domain == self.breaks_for for ask in asks):
            raise ZeroDivisionError
        return [self._fact(self.profile, "apollo", now) for _ in asks]

    async def accounts(self, asks: Sequence[CrmAsk], now: datetime) -> list[Fact[CrmAccount]]:
        self.crm_asked += asks
        return [self._fact(self.crm, "hubspot", now) for _ in asks]

    @staticmethod
    def _fact(answer: Any, source: str, now: datetime) -> Any:
        if answer is None:
            return Absent(source, now)
        return Unavailable(source, now, answer) if isinstance(answer, str) else Found(answer, source, now)


class Desk:
    """A router whose sources fail and come back: leads are decided, what is due is performed."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.engine, self.sources = bench, bench.engine, Sources()
        self.table = parse(json.dumps(FILE))
        keep_version(self.engine, self.table.digest, self.table.text, self.table.files)
        bench.now = datetime.now(UTC)
        bench.ports = replace(bench.ports, scorer=BySize(), enrichment=self.sources, crm=self.sources)
        self.facts = self.performer()

    def performer(self, policy: LatePolicy | None = None, **changed: Any) -> LateFacts:
        given = () if policy is None else (policy,)
        return LateFacts(self.engine, self.bench.executor, self.bench.inbox, self.context, *given, **changed)

    def context(self) -> Any:
        return context_of(self.bench.ports, self.bench.now, self.table)

    async def lead(self, name: str = "ann", **form: Any) -> str:
        submission = person(name, **({"employees": None, "title": None} | form))
        await self.bench.post(submission)
        await self.decide()
        return submission.lead_id

    async def decide(self) -> None:
        await self.bench.worker(context=self.context).run(drain=True)

    async def dispatch(self) -> None:
        notifier = EmbeddedNotifier(self.engine, executor=self.bench.executor)
        async with asyncio.timeout(30):
            performers = {"notifier": notifier, "facts": self.facts}
            await Dispatcher(self.engine, self.bench.executor, performers, "d").run(drain=True)

    async def later(self) -> None:
        """The time to ask again has come; what follows is decided and told."""
        self.make_due()
        await self.dispatch()
        await self.decide()
        await self.dispatch()

    def make_due(self) -> None:
        with self.engine.execution_options(immediate=True).begin() as connection:
            held = update(outbox).where(outbox.c.state == "pending", outbox.c.vendor == "facts")
            connection.execute(held.values(due_at=datetime.now(UTC)))

    def effects(self) -> list[Any]:
        return [row for row in self.bench.rows("outbox", "id") if row.vendor == "facts"]

    def order(self, attempt: int = 1) -> Order:
        return self.orders(attempt)[0]

    def orders(self, attempt: int = 1) -> list[Order]:
        return [
            Order(row.key, row.lead_id, row.revision, attempt, EFFECT.validate_json(row.payload))
            for row in self.effects()
        ]

    def notes(self, owner: str = DEE) -> list[str]:
        """What the thread says after the offer with which it begins."""
        return [note.text for one in alerts(self.engine, owner) for note in one.notes if not is_offer(note.text)]

    def records(self) -> list[dict[str, Any]]:
        return [orjson.loads(row.record) for row in self.bench.rows("decisions", "lead_id", "revision")]


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


def company(employees: int | None = None, **changed: Any) -> CompanyProfile:
    return CompanyProfile(DOMAIN, name="Ann Werke", employees=employees, **changed)


# Asking


async def test_a_decision_waits_for_no_source_and_asks_for_what_it_lacked(desk: Desk):
    await desk.lead()
    (record,) = desk.records()
    assert (record["owner"], record["tier"], record["path"]) == (DEE, "medium", "qualify")
    (asked,) = [effect for effect in record["effects"] if effect["kind"] == "ask_facts"]
    assert (asked["vendor"], asked["missing"]) == ("facts", ["apollo: timeout"])
    (row,) = desk.effects()
    assert row.due_at - desk.bench.now == timedelta(minutes=2)
    assert depth(desk.engine, desk.bench.now)["facts", "timer"] == 1, "what is not due yet is no backlog"


@pytest.mark.parametrize("outcome", ["pending", "over budget", "timeout", "rate limited", "resting"])
async def test_a_source_among_several_that_did_not_answer_is_asked_again(desk: Desk, outcome: str):
    desk.sources.profile = company(60, tried=(Tried("book", "absent"), Tried("apollo", outcome)))
    await desk.lead()
    assert [effect["missing"] for effect in desk.records()[0]["effects"] if effect["kind"] == "ask_facts"] == [
        [f"apollo: {outcome}"]
    ]


@pytest.mark.parametrize("outcome", ["found", "absent", "cached", "not needed", "switched off"])
async def test_a_source_that_has_answered_or_is_switched_off_is_not_asked_again(desk: Desk, outcome: str):
    desk.sources.profile = company(60, tried=(Tried("apollo", outcome),))
    await desk.lead()
    assert desk.effects() == []


async def test_a_crm_that_did_not_answer_is_asked_again(desk: Desk):
    desk.sources.profile, desk.sources.crm = None, "unreachable"
    await desk.lead()
    assert json.loads(desk.effects()[0].payload)["missing"] == ["hubspot: unreachable"]


async def test_nothing_is_bought_for_a_lead_that_may_be_a_bots(desk: Desk):
    await desk.lead(honeypot="x")
    assert desk.records()[0]["path"] == "manual_review"
    assert desk.effects() == []


async def test_a_source_that_stays_away_is_asked_by_its_schedule_and_ends_as_a_dead_letter(desk: Desk):
    await desk.lead()
    for _ in range(len(SCHEDULES["ask_facts"]) + 1):
        await desk.later()
    (letter,) = list_dead(desk.engine)
    assert (letter.ref.split("/")[1], letter.reason) == ("ask_facts", "facts_missing: apollo: timeout")
    assert len(desk.records()) == 1
    desk.sources.profile = company(4_200)
    reopen_effect(desk.engine, letter.id, letter.ref)
    await desk.later()
    assert [r["tier"] for r in desk.records()] == ["medium", "high"]


async def test_what_only_a_person_can_mend_is_not_asked_again(desk: Desk):
    desk.sources.profile = "unauthorised"
    await desk.lead()
    await desk.later()
    assert [row.state for row in desk.effects()] == ["dead"]


async def test_a_source_out_of_budget_is_asked_again_on_another_day(desk: Desk):
    desk.sources.profile = company(60, tried=(Tried("apollo", "over budget"),))
    await desk.lead()
    at = datetime(2026, 4, 7, 21, 30, tzinfo=UTC)
    with pytest.raises(VendorError) as refused:
        await desk.performer(clock=lambda: at).perform(desk.order())
    assert refused.value.retry_after_s == 2.5 * 3600
    assert not refused.value.permanent


# What follows


async def test_another_tier_decides_again_once_with_exactly_these_facts_and_says_what_changed(desk: Desk):
    await desk.lead()
    asked = desk.order()
    desk.sources.profile = company(4_200)
    for _ in range(3):
        await desk.facts.perform(asked)
    desk.sources.profile = company(12)
    await desk.later()
    await desk.facts.perform(asked)
    await desk.later()
    _first, second = desk.records()
    assert (second["revision"], second["tier"], second["owner"]) == (2, "high", DEE)
    said = (
        "Company facts came late: employees unknown -> 4,200 (apollo); name unknown -> Ann Werke (apollo): "
        "tier medium -> high."
    )
    assert second["submission"]["cause"] == "enriched"
    assert any(note.startswith(f"{said} Tier high now, medium before") for note in desk.notes())
    assert said in [step["sentence"] for step in second["trace"]]
    assert second["facts"]["late"][0] == {"field": "employees", "before": None, "after": "4,200", "source": "apollo"}
    assert second["facts"]["profile"]["value"]["employees"] == 4_200
    assert len(desk.sources.asked) == 2, "asked by the decision, and once more"
    assert [row.revision for row in desk.effects()] == [1], "what is decided again asks nobody again"


async def test_the_account_of_somebody_else_moves_a_lead_on_offer(desk: Desk):
    await desk.lead()
    desk.sources.profile = company(60, parent_domain="acme.com", parent_name="Acme", family=("acme.com", DOMAIN))
    await desk.later()
    assert [(r["owner"], r["assignment_number"]) for r in desk.records()] == [(DEE, 1), (ANA, 2)]
    assert [row.state for row in desk.bench.rows("assignments", "number")] == ["moved", "offered"]
    (told,) = [note for note in desk.notes(DEE) if note.startswith("Moved to")]
    assert "Company facts came late: parent unknown -> acme.com (apollo); employees unknown -> 60 (apollo)" in told
    assert "account ann-werke.de -> acme.com, owner dee@company.com -> ana@company.com." in told
    assert desk.sources.crm_asked[-1].parent_domain == "acme.com", "another parent is another question to the CRM"


async def test_owners_who_are_known_late_count_like_any(desk: Desk):
    desk.sources.profile, desk.sources.crm = company(60), "timeout"
    await desk.lead()
    desk.sources.crm = CrmAccount(company_id="c1", owner=TOM)
    await desk.later()
    assert [r["owner"] for r in desk.records()] == [DEE, TOM]
    assert len(desk.sources.asked) == 2


async def test_facts_that_change_nothing_that_people_see_are_kept_and_not_told(desk: Desk):
    lead_id = await desk.lead()
    desk.sources.profile = company(60, industry="software", technologies=("Kubernetes", "Datadog"))
    before = len(desk.notes())
    await desk.later()
    assert len(desk.records()) == 1
    assert len(desk.notes()) == before
    (held,) = of_lead(desk.engine, lead_id)
    assert (held["follows"], held["account"]) == ("kept", DOMAIN)
    assert held["note"].startswith("Company facts came late: employees unknown -> 60 (apollo)")
    assert held["facts"]["profile"]["value"]["technologies"] == ["Kubernetes", "Datadog"]
    assert of_account(desk.engine, DOMAIN) == [held]


async def test_a_lead_that_was_accepted_is_never_taken_away_and_its_owner_is_told(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC))
    desk.sources.profile = company(60_000)
    await desk.later()
    assert len(desk.records()) == 1
    assert [(row.owner, row.state) for row in desk.bench.rows("assignments", "number")] == [(DEE, "accepted")]
    (told,) = [note for note in desk.notes() if note.startswith("Company facts")]
    assert told.endswith(
        "it would be tier medium -> high, owner dee@company.com -> tom@company.com. It stays where it is."
    )
    await desk.later()
    assert desk.notes().count(told) == 1


async def test_a_lead_that_is_accepted_while_it_is_decided_again_stays_too(desk: Desk):
    lead_id = await desk.lead()
    desk.sources.profile = company(60_000)
    await desk.facts.perform(desk.order())

    class AcceptsLate(BySize):
        """The owner clicks after the history was read, before the commit."""

        def score(self, rows: Any) -> list[ModelOutput]:
            accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC))
            return super().score(rows)

    desk.bench.ports = replace(desk.bench.ports, scorer=AcceptsLate())
    await desk.decide()
    assert [(r["tier"], r["owner"]) for r in desk.records()] == [("medium", DEE), ("high", DEE)]
    assert [row.state for row in desk.bench.rows("assignments", "number")] == ["accepted"]


async def test_a_lead_comes_out_of_its_sequence_when_its_company_is_larger_than_it_seemed(desk: Desk):
    desk.sources.profile = company(12, tried=(Tried("table", "found"), Tried("apollo", "timeout")))
    await desk.lead()
    desk.sources.profile = company(
        4_200, origins=(Origin("employees", "apollo", desk.bench.now),), tried=(Tried("apollo", "found"),)
    )
    await desk.later()
    assert [r["path"] for r in desk.records()] == ["nurture", "qualify"]
    assert "employees 12 -> 4,200 (apollo)" in desk.records()[1]["submission"]["reason"]


async def test_an_alerted_lead_goes_into_no_sequence(desk: Desk):
    await desk.lead()
    desk.sources.profile = company(12)
    await desk.later()
    assert [(r["tier"], r["path"]) for r in desk.records()] == [("medium", "qualify"), ("low", "qualify")]


async def test_what_was_known_is_not_taken_away_by_a_source_that_knows_less(desk: Desk):
    desk.sources.profile = company(4_200, industry="software", tried=(Tried("apollo", "timeout"),))
    await desk.lead()
    desk.sources.profile = company(None, country="DE")
    await desk.later()
    (record,) = desk.records()
    (held,) = of_lead(desk.engine, record["lead_id"])
    assert [change["field"] for change in held["facts"]["changes"]] == ["country"]
    assert held["facts"]["profile"]["value"]["employees"] == 4_200


async def test_facts_that_matter_do_not_wait_for_the_other_sources(desk: Desk):
    await desk.lead()
    desk.sources.profile = company(4_200, tried=(Tried("apollo", "found"), Tried("clearbit", "timeout")))
    await desk.later()
    assert [r["tier"] for r in desk.records()] == ["medium", "high"]


async def test_facts_that_matter_little_wait_for_the_other_sources_and_are_kept_at_last(desk: Desk):
    lead_id = await desk.lead()
    desk.sources.profile = company(60, tried=(Tried("apollo", "found"), Tried("clearbit", "timeout")))
    await desk.later()
    assert of_lead(desk.engine, lead_id) == []
    for _ in range(len(SCHEDULES["ask_facts"])):
        await desk.later()
    assert [held["follows"] for held in of_lead(desk.engine, lead_id)] == ["kept"]
    assert list_dead(desk.engine) == []


@pytest.mark.parametrize(("most", "follows", "told"), [("told", "told", 1), ("kept", "kept", 0)])
async def test_an_operator_may_have_late_facts_only_told_or_only_kept(desk: Desk, most: Any, follows: str, told: int):
    desk.facts = desk.performer(LatePolicy(most=most))
    lead_id = await desk.lead()
    desk.sources.profile = company(4_200)
    await desk.dispatch()
    await desk.later()
    assert len(desk.records()) == 1
    assert [held["follows"] for held in of_lead(desk.engine, lead_id)] == [follows]
    assert len([note for note in desk.notes() if note.startswith("Company facts")]) == told


async def test_a_newer_decision_wins(desk: Desk):
    lead_id = await desk.lead()
    late = enriched(again(desk.engine, lead_id, "enriched"), 1, "late")
    first = desk.order()
    await desk.lead(message="Please call me.")
    await desk.bench.post(late)
    await desk.decide()
    assert [r["submission"]["cause"] for r in desk.records()] == ["submission", "submission"]
    asked = len(desk.sources.asked)
    assert (await desk.facts.perform(first)).external_id == "not needed"
    assert len(desk.sources.asked) == asked


async def test_a_lead_that_is_closed_is_left_alone(desk: Desk):
    lead_id = await desk.lead()
    accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC))
    close(desk.engine, lead_id, 1, DEE, "won", datetime.now(UTC))
    desk.sources.profile = company(60_000)
    await desk.later()
    assert len(desk.records()) == 1
    assert of_lead(desk.engine, lead_id) == []


async def test_a_dispatcher_that_died_between_the_answer_and_the_stream_asks_nobody_again(desk: Desk):
    await desk.lead()
    desk.sources.profile = company(4_200)
    broken = desk.performer()

    async def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    broken._late.anew = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        await broken.perform(desk.order())
    desk.sources.profile = "timeout"
    await desk.later()
    assert [r["tier"] for r in desk.records()] == ["medium", "high"]


async def test_leads_that_come_due_together_are_asked_about_in_one_call(desk: Desk):
    for name in ("ann", "ben", "cem"):
        await desk.lead(name)
    desk.sources.profile, desk.sources.calls = company(4_200), 0
    desk.make_due()
    await desk.dispatch()
    assert (desk.sources.calls, len(desk.sources.asked)) == (1, 6)
    await desk.decide()
    assert sorted(r["revision"] for r in desk.records()) == [1, 1, 1, 2, 2, 2]


async def test_a_lead_that_breaks_its_reading_fails_alone(desk: Desk):
    broken, fine = await desk.lead("ann"), await desk.lead("ben")
    desk.sources.profile = company(4_200)
    desk.sources.breaks_for = DOMAIN
    orders = desk.orders()
    answers = await desk.facts.perform_many([*orders, Order("k", "ld_x", 1, 1, alert())])
    told = {order.lead_id: answer for order, answer in zip(orders, answers, strict=False)}
    assert isinstance(told[broken], RuntimeError)
    assert told[fine].external_id != "", "its neighbour is decided again"  # type: ignore[union-attr]
    assert isinstance(answers[-1], VendorError)


async def test_two_dispatchers_that_ask_at_once_decide_the_lead_once(desk: Desk):
    await desk.lead()
    desk.sources.profile = company(4_200)
    await asyncio.gather(*(desk.performer().perform(desk.order()) for _ in range(4)))
    await desk.decide()
    await desk.later()
    assert [r["revision"] for r in desk.records()] == [1, 2]


async def test_another_effect_is_refused_for_good(desk: Desk):
    with pytest.raises(VendorError) as refused:
        await desk.facts.perform(Order("k", "ld_x", 1, 1, alert()))
    assert refused.value.permanent


def test_late_facts_survive_the_stream() -> None:
    submission = enriched(person("ann"), 3, "another tier")
    read = decode(submission.submission_id, encode(submission))
    assert (read.cause, read.revision, read.reason) == ("enriched", 3, "another tier")


# Whole


async def test_a_real_apollo_that_is_down_first_and_answers_later(bench: Bench, tmp_path: Path):
    """Down: the lead is decided without it. Back: asked again by what the dispatcher itself makes from the settings, decided
    again, told; both decisions replay bit for bit."""
    with ApolloServer() as server:
        settings = Settings(
            _env_file=None, data_dir=tmp_path, routing_file=ROUTING, enrichment="live", apollo_api_key="ap-test",
            apollo_base_url=server.url,
        )  # fmt: skip
        store: Any = type("Store", (), {"engine": bench.engine, "executor": bench.executor})()
        desk, facts = Desk(bench), late_facts(settings, store, bench.inbox)
        given = facts._context()
        apollo = ApolloEnrichment("ap-test", base_url=server.url, deadline_s=1.0)
        bench.ports = replace(bench.ports, scorer=given.ports.scorer, crm=given.ports.crm, enrichment=apollo)
        desk.table, desk.facts = given.table, facts
        server.always(Answer(503))
        await desk.lead(country=None, message="We need tracing.", title="VP Engineering")
        server.always(None)
        server.known[DOMAIN] = {
            "name": "Ann Werke", "estimated_num_employees": 42_000, "annual_revenue": 9_000_000_000,
            "industry": "software", "country": "Germany", "technology_names": ["Kubernetes", "Datadog"],
        }  # fmt: skip
        await desk.later()
        first, second = desk.records()
        assert first["facts"]["profile"]["kind"] == "unavailable"
        assert second["facts"]["profile"]["value"]["employees"] == 42_000
        assert "employees unknown -> 42,000 (apollo)" in second["submission"]["reason"]
        assert (first["owner"], first["tier"]) != (second["owner"], second["tier"])
        replayer = Replayer(settings, bench.engine, bench.ports)
        assert await replayer.run(stored_records(bench.engine)) == (2, [])
        await facts.aclose()
        await apollo.aclose()
