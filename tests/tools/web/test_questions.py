"""The public way to the next question: the round trip of question and answer, and what it must not tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from redis.asyncio import Redis

from graph.rules.countries import country_code
from graph.rules.firmographics import employees_from, industry_of
from graph.rules.profiling import FIELDS, MOST_BLANK
from tests.fixtures.front import ADMIN, client_of, opened
from tests.fixtures.router import Bench, context_of
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.inbox import alerts
from tools.stream.inbox import Inbox
from tools.web.questions import BadQuestions, Questions

LEAD: dict[str, Any] = {
    "email": "maya@brightwater-werke.de", "full_name": "Maya Ortiz", "title": "VP Engineering", "country": "Germany",
    "source": "demo_request", "phone": "+49 30 23125118", "message": "We need tracing across 300 services.",
}  # fmt: skip


class Side:
    """A front door, and a worker of the same store."""

    def __init__(self, client: httpx.AsyncClient, bench: Bench) -> None:
        self.client, self.bench = client, bench

    async def post(self, **form: Any) -> str:
        answer = await self.client.post("/webhooks/lead", json=form)
        assert answer.status_code == 202, answer.text
        await self.bench.worker(context=lambda: context_of(self.bench.ports, self.bench.now)).run(drain=True)
        return str(answer.json()["lead_id"])

    async def question(self, lead_id: str, **query: str) -> Any:
        answer = await self.client.get(f"/webhooks/lead/{lead_id}/next-question", params=query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()["question"]

    async def record(self, lead_id: str) -> Any:
        return (await self.client.get(f"/admin/leads/{lead_id}", headers=ADMIN)).json()


@pytest.fixture
async def side(redis: Redis, front_settings: Settings, executor: Any) -> Any:
    engine = open_engine(front_settings.database)
    async with opened(front_settings) as front, client_of(front) as client, Inbox(redis, deadline_s=30.0) as inbox:
        yield Side(client, Bench(redis, inbox, engine, executor))
    engine.dispose()


async def test_a_question_is_asked_answered_and_gone_and_the_decision_uses_the_answer(side: Side):
    lead_id = await side.post(**LEAD)
    before = await side.record(lead_id)
    assert before["next_question"]["field"] == "employees"
    question = await side.question(lead_id)
    assert question == {
        "field": "employees", "wording": "ask.employees", "text": "How many people work at your company?",
        "input": "choice", "choices": ["1-19", "20-199", "200-999", "1000-9999", "10000+"],
    }  # fmt: skip
    assert await side.post(email=LEAD["email"], employees=question["choices"][2], asked="employees") == lead_id
    after = await side.record(lead_id)
    assert after["revision"] == 2
    assert after["routing_facts"]["employees"] == 200
    assert (before["rule"], after["rule"]) == ("map.DACH", "rules.dach")
    assert (await side.question(lead_id) or {}).get("field") != "employees"


async def test_a_question_left_blank_is_put_again_and_then_no_more(side: Side):
    lead_id = await side.post(**LEAD)
    for n in range(MOST_BLANK):
        assert (await side.question(lead_id))["field"] == "employees"
        await side.post(email=LEAD["email"], asked="employees", event_id=f"blank-{n}")
    assert (await side.question(lead_id) or {}).get("field") != "employees"


async def test_deciding_again_counts_no_blank_twice(side: Side):
    lead_id = await side.post(**LEAD)
    await side.post(email=LEAD["email"], asked="employees", event_id="blank")
    for _ in range(3):
        await side.client.post(f"/admin/retry/{lead_id}", headers=ADMIN)
        await side.bench.worker(context=lambda: context_of(side.bench.ports, side.bench.now)).run(drain=True)
    assert (await side.question(lead_id))["field"] == "employees"


async def test_the_owner_hears_what_was_answered(side: Side):
    from tools.embedded.notifier import EmbeddedNotifier
    from tools.stream.dispatcher import Dispatcher

    lead_id = await side.post(**LEAD)
    await side.post(email=LEAD["email"], employees="<!channel> 20", asked="employees")
    engine = side.bench.engine
    notifier = EmbeddedNotifier(engine, executor=side.bench.executor)
    await Dispatcher(engine, side.bench.executor, {"notifier": notifier}, "d").run(drain=True)
    notes = [note.text for one in alerts(engine) for note in one.notes]
    record = await side.record(lead_id)
    assert record["assignment_number"] == 1, "a small company stays with the desk"
    assert "Answered when asked for employees: <!channel> 20." in notes


async def test_nothing_of_the_person_is_told(side: Side):
    lead_id = await side.post(**LEAD | {"country": "Atlantis secret", "email": "secret@brightwater-werke.de"})
    answer = await side.client.get(f"/webhooks/lead/{lead_id}/next-question")
    assert set(answer.json()) == {"question"}
    assert set(answer.json()["question"]) == {"field", "wording", "text", "input", "choices"}
    for word in ("secret", "maya", "ortiz", "brightwater", "score", "owner", "company.com", "why"):
        assert word not in answer.text.casefold()


async def test_who_refused_consent_is_asked_nothing(side: Side):
    lead_id = await side.post(**LEAD | {"consent": False})
    assert await side.question(lead_id) is None


async def test_a_lead_that_nobody_knows_is_404_whatever_its_name(side: Side):
    for lead_id in ("ld_nobody", "%00", "x" * 5000, "%ff%fe", "'; DROP TABLE leads"):
        assert (await side.client.get(f"/webhooks/lead/{lead_id}/next-question")).status_code == 404, lead_id


async def test_a_language_that_no_text_is_written_in_gets_english(side: Side):
    lead_id = await side.post(**LEAD)
    assert (await side.question(lead_id, lang="pt-BR"))["text"] == "How many people work at your company?"
    bad = await side.client.get(f"/webhooks/lead/{lead_id}/next-question", params={"lang": "<script>"})
    assert bad.status_code == 422


def test_each_choice_is_understood_when_it_comes_back():
    for read, field in ((employees_from, "employees"), (industry_of, "industry"), (country_code, "country")):
        question = Questions().of(field, "en")  # type: ignore[arg-type]
        assert question is not None
        assert question["choices"]
        assert all(read(choice) is not None for choice in question["choices"]), field


def test_every_field_has_its_wording():
    for field in FIELDS:
        question = Questions().of(field, "en")
        assert question is not None
        assert question["wording"] == f"ask.{field}"
        assert question["text"]


def test_a_file_of_ones_own_changes_words_and_choices_and_forbids_a_question(tmp_path: Path):
    path = tmp_path / "questions.json"
    path.write_bytes(
        orjson.dumps(
            {
                "employees": {"text": {"de": "Wie groß?"}, "choices": ["<50", ">50"]},
                "phone": False,
                "title": {"wording": "x"},
            }
        )
    )
    questions = Questions(path)
    german, english = questions.of("employees", "de-AT"), questions.of("employees", "fr")
    assert german is not None
    assert (german["text"], german["choices"], german["wording"]) == ("Wie groß?", ["<50", ">50"], "ask.employees")
    assert english is not None
    assert english["text"] == "How many people work at your company?"
    assert questions.of("phone", "en") is None
    assert questions.of("title", "en")["wording"] == "x"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"shoe": {}}', "shoe"), ('{"phone": {"color": "red"}}', "phone"), ("{", "JSON"),
        ('{"phone": {"input": "dial"}}', "phone"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_what_to_mend(tmp_path: Path, text: str, said: str):
    path = tmp_path / "questions.json"
    path.write_text(text)
    with pytest.raises(BadQuestions, match=said):
        Questions(path)
    with pytest.raises(BadQuestions, match="QUESTIONS_FILE"):
        Questions(tmp_path / "nowhere.json")
