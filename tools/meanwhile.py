"""The judge that never keeps a decision waiting: what a language model has said of this very content before, else what
the rules say now. It calls nobody; who is to be asked afterwards follows from the fact's source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

import prompts
from graph.domain.facts import Fact, Found, Unavailable
from graph.domain.scoring import Judgement
from graph.ports import Judge, JudgeAsk
from tools.opinions import ChatModel, Opinion, guarded, keys_of, shown, source_of, tries_something
from tools.shape import Shape

_JUDGEMENT: Shape[Judgement] = Shape(Judgement)


class Known(Protocol):
    """Kept answers by key. Raises what its store raises: a decision waits for the store anyway."""

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, str]: ...


class KnownOpinions:
    """Implements Judge from kept answers alone: Unavailable for what nobody has asked the model yet."""

    def __init__(self, chat: ChatModel, known: Known) -> None:
        self._keys, self._known = keys_of(chat, prompts.load("scoring"), Opinion), known
        self.source = source_of(chat)

    async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]:
        """One fact for each ask, in order."""
        keys = [None if (values := shown(ask)) is None else self._keys.of(values) for ask in asks]
        wanted = sorted({key for key in keys if key is not None})
        held = await self._known.get_many(wanted) if wanted else {}
        return [self._fact(ask, held.get(key or ""), now) for ask, key in zip(asks, keys, strict=True)]

    def _fact(self, ask: JudgeAsk, held: str | None, now: datetime) -> Fact[Judgement]:
        if held is not None:
            try:
                return Found(guarded(ask, _JUDGEMENT.validate_json(held)), self.source, now)
            except ValidationError:  # kept by a release with another form
                pass
        return Unavailable(self.source, now, "not asked")


class Meanwhile:
    """Implements Judge: the first judge's opinion where it has one, the other's everywhere else, and of every text that
    tries to do something."""

    def __init__(self, first: Judge, other: Judge) -> None:
        self._first, self._other = first, other

    async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]:
        """One fact for each ask, in order."""
        plain = [i for i, ask in enumerate(asks) if not tries_something(ask)]
        facts = list(await self._other.judge(asks, now))
        for i, fact in zip(plain, await self._first.judge([asks[i] for i in plain], now), strict=True):
            if isinstance(fact, Found):
                facts[i] = fact
        return facts

    async def aclose(self) -> None:
        close = getattr(self._first, "aclose", None)
        if close is not None:
            await close()
