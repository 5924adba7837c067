"""What the language model says after the decision: nothing waits for it, it is a note, and it decides again only for
another tier, once, and never against somebody who has accepted the lead."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from graph.domain.scoring import ModelOutput
from graph.ports import Order, VendorError
from tests.fixtures.effects import alert
from tests.fixtures.hostile_texts import HOSTILE
from tests.fixtures.inbox import is_offer
from tests.fixtures.router import Bench, context_of, person
from tests.servers.base import Answer
from tests.servers.openai_server import OPINION, OpenAiServer
from tools.embedded.judge import RuleJudge
from tools.embedded.notifier import EmbeddedNotifier
from tools.embedded.rule_scorer import RuleScorer
from tools.llm import OpenAiJudge, OpenAiWriter
from tools.meanwhile import KnownOpinions, Meanwhile
from tools.opinions import ChatModel, source_of
from tools.routing_file import parse
from tools.store.acts import accept, close
from tools.store.dead import list_dead, reopen_effect
from tools.store.inbox import alerts
from tools.store.read_cache import StoreCache
from tools.store.routing_versions import keep_version
from tools.store.tables import outbox
from tools.stream.again import again, judged, passed
from tools.stream.codec import decode, encode
from tools.stream.dispatcher import SCHEDULES, Dispatcher, DispatcherOptions
from tools.stream.late_answers import LateAnswers
from tools.stream.outbox import EFFECT

DEE, TOM, GENERAL = "dee@company.com", "tom@company.com", "general@company.com"
FILE = {
    "DEFAULT": GENERAL,
    "people": {"dee": {"email": DEE}, "tom": {"email": TOM}},
    "rules": [{"id": "top", "if": {"score": ">=0.75"}, "to": "tom"}, {"id": "rest", "to": "dee"}],
    "nurture": {"if": {"score": "<0.45"}, "sequence": "low_score_nurture"},
}
MODEL = "openai:gpt-4o-mini"
PLAIN = "Does it run on ARM?"
"""The rules read it as a plain question, .45: one point down."""
KEEN, COOL = {**OPINION, "score": 1.0}, {**OPINION, "score": 0.0, "intent": "other"}


class Fixed(RuleScorer):
    """Every lead has the same propensity, so that a test knows what the judgement's band reaches."""

    propensity = 0.6

    def score(self, rows: Any) -> list[ModelOutput]:
        return [replace(output, propensity=self.propensity) for output in super().score(rows)]


class Desk:
    """A router with a live language model: leads are decided, what is due is performed."""

    def __init__(self, bench: Bench, server: OpenAiServer, **chat: Any) -> None:
        self.bench, self.engine, self.server = bench, bench.engine, server
        self.table = parse(json.dumps(FILE))
        keep_version(self.engine, self.table.digest, self.table.text, self.table.files)
        bench.now = datetime.now(UTC)
        self.scorer = Fixed()
        given = {"api_key": "sk-test", "model": "gpt-4o-mini", "base_url": server.base_url, "max_retries": 0}
        self.chat = ChatModel(**(given | {"deadline_s": 5.0} | chat))
        self.cache = StoreCache(self.engine, bench.executor)
        bench.ports = replace(
            bench.ports,
            scorer=self.scorer,
            judge=Meanwhile(KnownOpinions(self.chat, self.cache), RuleJudge()),
            language_model=source_of(self.chat),
        )
        self.late = self.performer()

    def performer(self) -> LateAnswers:
        judge, writer = OpenAiJudge(self.chat, cache=self.cache), OpenAiWriter(self.chat, cache=self.cache)
        return LateAnswers(self.engine, self.bench.executor, self.bench.inbox, judge, writer)

    async def lead(self, message: str | None = PLAIN, name: str = "ann", **form: Any) -> str:
        submission = person(name, message=message, **form)
        await self.bench.post(submission)
        await self.decide()
        return submission.lead_id

    async def decide(self) -> None:
        await self.bench.worker(context=lambda: context_of(self.bench.ports, self.bench.now, self.table)).run(
            drain=True
        )

    async def dispatch(self, *vendors: str, options: DispatcherOptions | None = None) -> None:
        """Everything that is due, until nothing is; of these vendors, or of both."""
        notifier = EmbeddedNotifier(self.engine, executor=self.bench.executor)
        known = {"notifier": notifier, "openai": self.late}
        performers = {vendor: known[vendor] for vendor in vendors or known}
        async with asyncio.timeout(30):
            await Dispatcher(self.engine, self.bench.executor, performers, "d", options).run(drain=True)

    async def settle(self) -> None:
        await self.dispatch()
        await self.decide()
        await self.dispatch()

    def effects(self, **wanted: Any) -> list[Any]:
        found = select(outbox).order_by(outbox.c.id)
        with self.engine.connect() as connection:
            return [row for row in connection.execute(found) if all(getattr(row, k) == v for k, v in wanted.items())]

    def order(self, kind: str = "ask_judgement", attempt: int = 1) -> Order:
        row = self.effects(kind=kind)[-1]
        return Order(row.key, row.lead_id, row.revision, attempt, EFFECT.validate_json(row.payload))

    def make_due(self) -> None:
        with self.engine.execution_options(immediate=True).begin() as connection:
            held = update(outbox).where(outbox.c.state == "pending", outbox.c.vendor == "openai")
            connection.execute(held.values(due_at=datetime.now(UTC)))

    def notes(self, owner: str = DEE) -> list[str]:
        """What the thread says after the offer with which it begins."""
        return [note.text for alert in alerts(self.engine, owner) for note in alert.notes if not is_offer(note.text)]

    def records(self) -> list[dict[str, Any]]:
        return [orjson.loads(row.record) for row in self.bench.rows("decisions", "lead_id", "revision")]

    def opinions(self) -> int:
        """How often the model was asked for a judgement."""
        return sum(b"<lead>" in request.body for request in self.server.requests)


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with OpenAiServer() as running:
        running.says = lambda about: (
            {"note": "They ask a question."} if "lead" not in about and "Who" in about else OPINION
        )
        yield running


def says(server: OpenAiServer, opinion: Any, note: Any = None) -> None:
    """opinion: of every message; note: of every brief."""
    server.says = lambda about: opinion if "message_cut" in about else note or {"note": "They ask a question."}


@pytest.fixture
async def desk(bench: Bench, server: OpenAiServer) -> AsyncIterator[Desk]:
    async with a_desk(bench, server) as running:
        yield running


@asynccontextmanager
async def a_desk(bench: Bench, server: OpenAiServer, **chat: Any) -> AsyncIterator[Desk]:
    desk = Desk(bench, server, **chat)
    try:
        yield desk
    finally:
        await desk.late.aclose()


# Nothing waits


async def test_a_decision_and_its_alert_wait_for_no_model(desk: Desk):
    desk.server.always(Answer(delay_s=30))
    await desk.lead()
    assert desk.server.requests == [], "the decision asks nobody"
    await desk.dispatch("notifier")
    assert [alert.owner for alert in alerts(desk.engine)] == [DEE]
    (record,) = desk.records()
    assert record["facts"]["judgement"]["source"] == "rules"
    assert record["facts"]["language_model"] == MODEL
    assert [row.kind for row in desk.effects(vendor="openai")] == ["ask_judgement", "write_note"]


async def test_without_a_model_nothing_is_asked(desk: Desk):
    desk.bench.ports = replace(desk.bench.ports, language_model="", judge=RuleJudge())
    await desk.lead()
    assert desk.effects(vendor="openai") == []


async def test_a_lead_without_a_message_is_not_judged_by_anybody(desk: Desk):
    await desk.lead(None)
    assert [row.kind for row in desk.effects(vendor="openai")] == ["write_note"]


async def test_a_lead_that_waits_for_review_is_shown_to_no_model(desk: Desk):
    await desk.lead("asdfghjkl qwertyuiop", honeypot="x")
    assert desk.records()[0]["path"] == "manual_review"
    assert desk.effects(vendor="openai") == []


@pytest.mark.parametrize(
    "fault",
    [
        Answer(429, {"error": "slow"}, headers={"Retry-After": "30"}),
        Answer(500, "<h1>oops</h1>"),
        Answer(200, "<html>captive portal</html>"),
    ],
    ids=["429", "500", "nonsense"],
)
async def test_a_model_that_fails_is_asked_again_and_the_alert_is_there(desk: Desk, fault: Answer):
    desk.server.always(fault)
    await desk.lead()
    before = datetime.now(UTC)
    await desk.dispatch()
    assert len(alerts(desk.engine)) == 1
    asked = desk.effects(kind="ask_judgement")[0]
    assert (asked.state, asked.attempts) == ("pending", 1)
    if fault.status == 429:
        assert (asked.due_at - before).total_seconds() >= 29, "as long as the vendor asks for"
    desk.server.always(None)
    desk.make_due()
    await desk.dispatch()
    assert len(desk.notes()) == 2
    assert len(desk.records()) == 1


async def test_a_model_that_stalls_is_given_up_within_its_deadline_and_asked_again(bench: Bench, server: OpenAiServer):
    async with a_desk(bench, server, deadline_s=0.3) as desk:
        server.always(Answer(delay_s=30))
        await desk.lead()
        await desk.dispatch()
        assert len(alerts(desk.engine)) == 1
        asked, waits = desk.effects(vendor="openai")  # a lead's effects of one vendor go in their order
        assert (asked.state, asked.error, asked.attempts) == ("pending", "timeout", 1)
        assert (waits.state, waits.error, waits.attempts) == ("pending", None, 0)


async def test_a_model_that_stays_away_is_a_dead_letter_and_can_be_asked_anew(desk: Desk):
    desk.server.always(Answer(500))
    await desk.lead()
    for _ in range(sum(len(SCHEDULES[kind]) + 1 for kind in ("ask_judgement", "write_note"))):
        desk.make_due()
        desk.late = desk.performer()  # one whose breaker does not rest
        await desk.dispatch()
    dead = list_dead(desk.engine)
    assert {letter.ref.split("/")[1] for letter in dead} == {"ask_judgement", "write_note"}
    assert len(desk.records()) == 1
    desk.server.always(None)
    for letter in dead:
        reopen_effect(desk.engine, letter.id, letter.ref)
    await desk.dispatch()
    assert len(desk.notes()) == 2


@pytest.mark.parametrize("status", [401, 402])
async def test_what_only_a_person_can_mend_is_not_asked_again(desk: Desk, status: int):
    desk.server.always(Answer(status, {"error": "no"}))
    await desk.lead()
    await desk.dispatch()
    assert [row.state for row in desk.effects(vendor="openai")] == ["dead"] * 2
    assert len(alerts(desk.engine)) == 1


# A note


async def test_an_answer_that_leaves_the_tier_is_a_note_in_the_owners_thread(desk: Desk):
    await desk.lead()
    await desk.settle()
    (record,) = desk.records()
    assert record["tier"] == "high"
    (read,) = [note for note in desk.notes() if "has read the message" in note]
    assert read == (
        "openai:gpt-4o-mini has read the message: it reads as demo request, urgency medium, mood positive, 80 in 100 "
        "(asks for a demonstration; names a team of forty), +6 points instead of -1 (at most 10 points). "
        "The tier stays high."
    )


async def test_the_models_note_comes_after_the_templates(desk: Desk):
    says(desk.server, OPINION, {"note": "Ann Werke asks whether it runs on ARM."})
    await desk.lead()
    await desk.settle()
    assert "Note by openai:gpt-4o-mini: Ann Werke asks whether it runs on ARM." in desk.notes()


async def test_a_note_that_says_more_than_its_facts_is_not_shown(desk: Desk):
    says(desk.server, OPINION, {"note": "Globex has 9,000 people and a budget."})
    await desk.lead()
    await desk.settle()
    assert not any("Globex" in note for note in desk.notes())
    assert [row.external_id for row in desk.effects(kind="write_note")] == ["said more than the facts"]


async def test_a_second_delivery_brings_no_second_note_and_pays_nothing(desk: Desk):
    await desk.lead()
    asked, noted = desk.order(), desk.order("write_note")
    for _ in range(3):
        await desk.late.perform(asked)
        await desk.late.perform(noted)
    await desk.dispatch()
    assert len(desk.notes()) == 2
    assert desk.opinions() == 1


async def test_another_process_pays_nothing_for_what_one_has_heard(desk: Desk):
    await desk.lead()
    await desk.late.perform(desk.order())
    other = desk.performer()
    await other.perform(desk.order())
    await other.aclose()
    assert desk.opinions() == 1


async def test_the_same_words_again_are_judged_by_what_the_model_said(desk: Desk):
    await desk.lead()
    await desk.settle()
    await desk.lead(name="ann", phone="+49 30 23125 118")
    record = desk.records()[-1]
    assert record["revision"] == 2
    assert record["facts"]["judgement"]["source"] == MODEL
    assert [row.kind for row in desk.effects(vendor="openai", revision=2)] == ["write_note"]
    assert any(step["sentence"].startswith(f"By {MODEL} the message reads as demo request") for step in record["trace"])


# Another tier


async def test_another_tier_decides_again_exactly_once(desk: Desk):
    desk.scorer.propensity = 0.45
    says(desk.server, KEEN)
    await desk.lead()
    assert desk.records()[0]["tier"] == "medium"
    asked = desk.order()
    for _ in range(3):
        await desk.late.perform(asked)
    await desk.settle()
    await desk.late.perform(asked)
    await desk.settle()
    _first, second = desk.records()
    assert (second["revision"], second["tier"], second["submission"]["cause"]) == (2, "high", "judged")
    assert second["facts"]["judgement"]["source"] == MODEL
    assert second["score"] == 55
    assert desk.effects(vendor="openai", revision=2) == [], "what is decided again asks nobody again"
    assert desk.opinions() == 1


async def test_the_owner_who_keeps_the_lead_reads_why_it_was_decided_again(desk: Desk):
    desk.scorer.propensity = 0.46
    says(desk.server, KEEN)
    await desk.lead()
    await desk.settle()
    (note,) = [note for note in desk.notes() if "instead of medium" in note]
    assert "That makes it 56 of 100, tier high instead of medium. Tier high now, medium before" in note


async def test_a_tier_that_falls_takes_no_alerted_lead_into_a_sequence(desk: Desk):
    desk.scorer.propensity = 0.52
    says(desk.server, COOL)
    await desk.lead()
    await desk.settle()
    assert [(r["tier"], r["path"]) for r in desk.records()] == [("high", "qualify"), ("medium", "qualify")]


async def test_a_lead_comes_out_of_its_sequence_when_the_model_reads_more_in_it(desk: Desk):
    desk.scorer.propensity = 0.40
    says(desk.server, {**OPINION, "score": 0.9})
    await desk.lead()
    await desk.settle()
    assert [(r["tier"], r["path"]) for r in desk.records()] == [("medium", "nurture"), ("medium", "qualify")]
    assert [alert.owner for alert in alerts(desk.engine)] == [DEE]


async def test_a_lead_that_stays_in_its_sequence_has_nobody_to_tell(desk: Desk):
    desk.scorer.propensity = 0.30
    await desk.lead()
    await desk.settle()
    assert [r["path"] for r in desk.records()] == ["nurture"]
    assert [row.external_id for row in desk.effects(kind="ask_judgement")] == ["no_alert"]


async def test_a_lead_on_offer_moves_when_the_file_gives_its_new_tier_to_somebody_else(desk: Desk):
    desk.scorer.propensity = 0.70
    says(desk.server, KEEN)
    await desk.lead()
    await desk.settle()
    assert [(r["tier"], r["owner"]) for r in desk.records()] == [("high", DEE), ("top", TOM)]
    assert any(note.startswith("Moved to tom@") and "has read the message" in note for note in desk.notes(DEE))


async def test_a_lead_that_was_accepted_stays_with_its_owner(desk: Desk):
    desk.scorer.propensity = 0.70
    says(desk.server, KEEN)
    lead_id = await desk.lead()
    await desk.dispatch("notifier")
    assert accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC)).outcome == "done"
    await desk.settle()
    last = desk.records()[-1]
    assert (last["revision"], last["tier"], last["owner"], last["assignment_number"]) == (2, "top", DEE, 1)
    assert desk.bench.rows("assignments", "number")[0].state == "accepted"


async def test_a_lead_that_is_accepted_while_it_is_decided_again_stays_too(desk: Desk):
    desk.scorer.propensity = 0.70
    says(desk.server, KEEN)
    lead_id = await desk.lead()
    await desk.late.perform(desk.order())

    class AcceptsLate(RuleScorer):
        """The owner clicks after the history was read, before the commit."""

        def score(self, rows: Any) -> list[ModelOutput]:
            accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC))
            return [replace(output, propensity=0.70) for output in super().score(rows)]

    desk.bench.ports = replace(desk.bench.ports, scorer=AcceptsLate())
    await desk.decide()
    last = desk.records()[-1]
    assert (last["tier"], last["owner"]) == ("top", DEE)
    assert [row.state for row in desk.bench.rows("assignments", "number")] == ["accepted"]


async def test_an_owner_who_left_the_company_keeps_what_they_accepted(desk: Desk):
    desk.scorer.propensity = 0.70
    says(desk.server, KEEN)
    lead_id = await desk.lead()
    accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC))
    desk.table = parse(json.dumps(FILE | {"people": {"dee": {"email": DEE, "active": False}, "tom": {"email": TOM}}}))
    await desk.settle()
    assert [r["owner"] for r in desk.records()] == [DEE, DEE]


async def test_a_newer_decision_wins(desk: Desk):
    desk.scorer.propensity = 0.45
    says(desk.server, KEEN)
    lead_id = await desk.lead()
    late = judged(again(desk.engine, lead_id, "judged"), 1, "late")
    await desk.lead("Please call me.", name="ann")
    await desk.bench.post(late)
    await desk.decide()
    assert [r["submission"]["cause"] for r in desk.records()] == ["submission", "submission"]
    first = desk.effects(kind="ask_judgement", revision=1)[0]
    receipt = await desk.late.perform(Order(first.key, lead_id, 1, 1, EFFECT.validate_json(first.payload)))
    assert receipt.external_id == "not needed"
    assert desk.opinions() == 0


async def test_a_lead_that_is_closed_is_left_alone(desk: Desk):
    says(desk.server, COOL)
    desk.scorer.propensity = 0.52
    lead_id = await desk.lead()
    accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC))
    close(desk.engine, lead_id, 1, DEE, "won", datetime.now(UTC))
    await desk.bench.post(judged(again(desk.engine, lead_id, "judged"), 1, "late"))
    await desk.settle()
    assert len(desk.records()) == 1
    assert desk.notes() == [] or not any("has read" in note for note in desk.notes())


async def test_a_lead_that_was_passed_on_is_told_to_its_new_owner(desk: Desk):
    lead_id = await desk.lead()
    await desk.bench.post(passed(again(desk.engine, lead_id, "pass"), 1, DEE, "on leave"))
    await desk.decide()
    await desk.settle()
    owner = desk.records()[-1]["owner"]
    assert owner != DEE
    assert any("has read the message" in note for note in desk.notes(owner))
    assert not any("has read the message" in note for note in desk.notes(DEE))
    assert desk.opinions() == 1


async def test_another_effect_is_refused_for_good(desk: Desk):
    with pytest.raises(VendorError) as refused:
        await desk.late.perform(Order("k", "ld_x", 1, 1, alert()))
    assert refused.value.permanent


def test_a_late_judgement_survives_the_stream() -> None:
    submission = judged(replace(person("ann"), cause="judged"), 3, "another tier")
    assert decode(submission.submission_id, encode(submission)).revision == 3


# Hostile texts, with a model that obeys them


@pytest.mark.parametrize("propensity", [0.499, 0.745, 0.449])
async def test_a_model_that_obeys_every_order_moves_neither_tier_nor_owner_nor_way(desk: Desk, propensity: float):
    """Each propensity lies just below a border: of a tier that another owner gets, of a tier, of the sequence."""
    desk.scorer.propensity = propensity
    server = desk.server
    server.says = lambda about: (
        {**KEEN, "reasons": [next(iter(HOSTILE.values()))]} if "message_cut" in about else {"note": "Assign it to tom."}
    )
    posts = [person(f"x{n}", message=text) for n, text in enumerate(HOSTILE.values())]
    neutral = person("neutral", message=None)
    await desk.bench.post(*posts, neutral)
    await desk.decide()
    await desk.settle()
    by_lead: dict[str, list[dict[str, Any]]] = {}
    for record in desk.records():
        by_lead.setdefault(record["lead_id"], []).append(record)
    expected = by_lead[neutral.lead_id][0]
    for post, name in zip(posts, HOSTILE, strict=True):
        (record,) = by_lead[post.lead_id]  # decided once
        assert (record["owner"], record["tier"]) == (expected["owner"], expected["tier"]), name
        assert record["path"] in {expected["path"], "manual_review"}, name
        assert expected["score"] - 10 <= record["score"] <= expected["score"], name
    asked = {json.loads(r.json()["messages"][-1]["content"].split("\n", 1)[1].rsplit("\n", 1)[0]).get("message")
             for r in server.requests if b"<lead>" in r.body}  # fmt: skip
    assert asked == set(), "no model is shown them"
