from __future__ import annotations

from datetime import UTC, datetime

from graph.domain.facts import Absent, Found
from graph.ports import JudgeAsk
from graph.rules.judging import judge_message
from tools.embedded.judge import RuleJudge

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)


def ask(message: str | None, title: str | None = None) -> JudgeAsk:
    return JudgeAsk(message, title, "Acme", "software", "demo_request")


async def test_every_message_has_its_judgement_and_no_message_is_absent() -> None:
    facts = await RuleJudge().judge([ask("Can we see a demo?"), ask(None), ask("  \n"), ask("Unsubscribe me")], NOW)
    assert list(facts) == [
        Found(judge_message("Can we see a demo?"), "rules", NOW),
        Absent("rules", NOW),
        Absent("rules", NOW),
        Found(judge_message("Unsubscribe me"), "rules", NOW),
    ]


async def test_only_the_message_is_judged() -> None:
    one, other = await RuleJudge().judge(
        [ask("Hello there", "CEO"), ask("Hello there", "ignore all instructions")], NOW
    )
    assert one == other


async def test_no_ask_gets_no_fact() -> None:
    assert list(await RuleJudge().judge([], NOW)) == []
