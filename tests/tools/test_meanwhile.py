"""A decision's judge: what the model said of this content before, else the rules, and it calls nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

import prompts
from graph.domain.facts import Absent, Found, Unavailable
from graph.domain.scoring import Judgement
from graph.ports import JudgeAsk
from tests.fixtures.hostile_texts import HOSTILE
from tools.embedded.judge import RuleJudge
from tools.meanwhile import KnownOpinions, Meanwhile
from tools.opinions import NEUTRAL, ChatModel, Opinion, keys_of, shown

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
CHAT = ChatModel(api_key="k", model="m")
ASK = JudgeAsk("Does it run on ARM?", "VP", "Acme", None, "website")
BLANK = replace(ASK, message=" ")
SAID = Judgement(0.9, ("asks for a demonstration",), "demo_request", "positive", "high")


class Held:
    def __init__(self, *asks: JudgeAsk, text: str | None = None) -> None:
        said = text or TypeAdapter(Judgement).dump_json(SAID).decode()
        keys = keys_of(CHAT, prompts.load("scoring"), Opinion)
        self.held = {keys.of(values): said for ask in asks if (values := shown(ask)) is not None}
        self.asked: list[list[str]] = []

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(list(keys))
        return {key: self.held[key] for key in keys if key in self.held}


def judge(held: Held, chat: ChatModel = CHAT) -> Meanwhile:
    return Meanwhile(KnownOpinions(chat, held), RuleJudge())


async def test_what_the_model_said_before_is_used_and_the_rest_is_judged_by_rules():
    held, other = Held(ASK), replace(ASK, message="We want a demo.")
    facts = await judge(held).judge([other, ASK, BLANK, ASK], NOW)
    assert [fact.source for fact in facts] == ["rules", "openai:m", "rules", "openai:m"]
    assert facts[1] == facts[3] == Found(SAID, "openai:m", NOW)
    assert facts[2] == Absent("rules", NOW)
    assert len(held.asked) == 1, "one question for the batch"


async def test_another_model_prompt_address_or_content_is_another_opinion():
    for chat in (
        replace(CHAT, model="n"),
        replace(CHAT, base_url="http://127.0.0.1:1/v1"),
        replace(CHAT, temperature=None),
    ):
        assert [f.source for f in await judge(Held(ASK), chat).judge([ASK], NOW)] == ["rules"]
    for changed in ({"message": "Does it run on x86?"}, {"title": "CTO"}, {"company": None}, {"source": None}):
        assert [f.source for f in await judge(Held(ASK)).judge([replace(ASK, **changed)], NOW)] == ["rules"]


async def test_an_address_key_or_deadline_of_ours_is_no_part_of_the_content():
    chat = replace(CHAT, api_key="other", deadline_s=1.0, max_retries=5)
    assert [f.source for f in await judge(Held(ASK), chat).judge([ASK], NOW)] == ["openai:m"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"score": 2}', '"x"'])
async def test_what_cannot_be_read_counts_as_not_known(text: str):
    held = Held(ASK, text=text or " ")
    assert await KnownOpinions(CHAT, held).judge([ASK], NOW) == [Unavailable("openai:m", NOW, "not asked")]


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_a_model_once_said_of_a_hostile_text_is_not_used(name: str):
    hostile = replace(ASK, message=HOSTILE[name])
    (fact,) = await judge(Held(hostile)).judge([hostile], NOW)
    assert fact.source == "rules"
    (kept,) = await KnownOpinions(CHAT, Held(hostile)).judge([hostile], NOW)
    assert isinstance(kept, Found)
    assert kept.value.score == NEUTRAL
