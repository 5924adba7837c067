"""The judge of messages that needs no model: rules over words. The twin of the OpenAI judge; never calls out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from graph.domain.facts import Absent, Fact, Found
from graph.domain.scoring import Judgement
from graph.ports import JudgeAsk
from graph.rules.judging import SOURCE, judge_message


class RuleJudge:
    """Implements `Judge`. Only the message counts: title, company and industry are features of the model already."""

    source = SOURCE

    async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]:
        """One fact for each ask, in order; Absent without a message."""
        return [
            Found(judge_message(ask.message), self.source, now)
            if ask.message and ask.message.strip()
            else Absent(self.source, now)
            for ask in asks
        ]
