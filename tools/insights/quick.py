"""Scores leads that nobody posted: the router's own capture, features, model and blend, without a language model, without
history, and nothing is stored. The champion answers: who was never posted is no account that a challenger has a share of.

Requests that come together are scored together: one batch at a time in one thread, while the next gathers. As many as may
wait are waiting, a further one is refused at once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, Self, TypeVar

import numpy as np
import orjson
import structlog

from graph.domain.account import CompanyProfile
from graph.domain.facts import value_of
from graph.domain.lead import Form, Lead
from graph.features.inputs import feature_input
from graph.features.vector import FEATURES, FEATURES_DIGEST, vector_of
from graph.nodes.enrich import company_ask
from graph.ports import Enrichment
from graph.rules.aliases import Aliases
from graph.rules.identity import capture
from graph.rules.scoring import blend
from tools.insights.scorers import Answering, CurrentScorer
from tools.insights.showing import confidence, explanation, importance
from tools.score_cache import ScoreCache
from tools.stream.ending import ended
from tools.versions import code_digest

log = structlog.get_logger(__name__)
T = TypeVar("T")
TOGETHER: Final = 32
WAITING: Final = 512
DEADLINE_S: Final = 5.0
Activities = tuple[tuple[str, datetime], ...]


class Full(Exception):
    """As many as may wait are waiting."""


class Failed(Exception):
    """This lead could not be scored; the text names the kind of error."""


@dataclass(frozen=True, slots=True)
class Ask:
    form: Form
    activities: Activities
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """body: JSON object without its braces' ends, as `quick_json` makes it; source: cache or model; scorer: rules where the
    model could not answer."""

    body: dict[str, Any]
    source: str


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    done: asyncio.Future[Answer]


class QuickScores:
    """Start and stop with `async with`. enrichment: asked for company facts where it costs nothing, else None; aliases:
    of the routing file in use."""

    def __init__(
        self,
        scorer: CurrentScorer,
        cache: ScoreCache,
        *,
        enrichment: Enrichment | None,
        aliases: Callable[[], Aliases],
        waiting: int = WAITING,
    ) -> None:
        self._scorer, self._cache, self._enrichment, self._aliases = scorer, cache, enrichment, aliases
        self._most = waiting
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="scores")
        self._queue: deque[_Waiting] = deque()
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._work(), name="scores")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await ended(self._task)
        for one in self._queue:
            one.done.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._cache.aclose()

    async def score(self, ask: Ask) -> Answer:
        """Raises Full, Failed, and TimeoutError after DEADLINE_S."""
        if len(self._queue) >= self._most:
            raise Full
        one = _Waiting(ask, asyncio.get_running_loop().create_future())
        self._queue.append(one)
        self._some.set()
        return await asyncio.wait_for(one.done, DEADLINE_S)

    async def _work(self) -> None:
        while True:
            await self._some.wait()
            batch = [self._queue.popleft() for _ in range(min(TOGETHER, len(self._queue)))]
            if not self._queue:
                self._some.clear()
            batch = [one for one in batch if not one.done.done()]  # nobody waits for the others any more
            if batch:
                await self._answer(batch)

    async def _answer(self, batch: list[_Waiting]) -> None:
        """One that fails must not fail its batch: then each is tried by itself."""
        try:
            answers = await self._scored([one.ask for one in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must hear of it
            if len(batch) == 1:
                log.warning("score_failed", error=type(error).__name__)
                _fail(batch[0], error)
                return
            for one in batch:
                await self._answer([one])
            return
        for one, found in zip(batch, answers, strict=True):
            if not one.done.done():
                one.done.set_result(found)

    async def _scored(self, asks: Sequence[Ask]) -> list[Answer]:
        answering, leads, keys = await self._in_thread(self._captured, asks)
        held = await self._cache.get(keys) if answering.source == "model" else [None] * len(keys)
        found = [None if body is None else Answer(orjson.loads(body), "cache") for body in held]
        missing = [place for place, one in enumerate(found) if one is None]
        if missing:
            profiles = await self._profiles([leads[place] for place in missing], asks[0].now)
            rows = [(leads[place], asks[place], profile) for place, profile in zip(missing, profiles, strict=True)]
            bodies, answered = await self._in_thread(_bodies, rows, answering)
            for place, body in zip(missing, bodies, strict=True):
                found[place] = Answer(body, answered.source)
            if answered.source == "model":
                await self._cache.put(
                    {keys[place]: orjson.dumps(body) for place, body in zip(missing, bodies, strict=True)}
                )
        return [one for one in found if one is not None]

    def _captured(self, asks: Sequence[Ask]) -> tuple[Answering, list[Lead], list[str]]:
        answering, aliases = self._scorer.now().champion, self._aliases()
        leads = [capture(ask.form, "", ask.now, aliases) for ask in asks]
        keys = [key_of(lead, ask, answering.scorer.digest) for lead, ask in zip(leads, asks, strict=True)]
        return answering, leads, keys

    async def _profiles(self, leads: Sequence[Lead], now: datetime) -> list[CompanyProfile | None]:
        if self._enrichment is None:
            return [None] * len(leads)
        return [value_of(fact) for fact in await self._enrichment.profiles([company_ask(lead) for lead in leads], now)]

    async def _in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.done.done():
        one.done.set_exception(Failed(type(error).__name__))


def _bodies(
    rows: Sequence[tuple[Lead, Ask, CompanyProfile | None]], answering: Answering
) -> tuple[list[dict[str, Any]], Answering]:
    vectors = [vector_of(feature_input(lead, profile, ask.now, None, ask.activities)) for lead, ask, profile in rows]
    outputs, answered = answering.score(np.array(vectors, dtype=np.float32))
    bodies = []
    for vector, output in zip(vectors, outputs, strict=True):
        score = blend(output, vector, None, features=FEATURES, scorer=answered.scorer.name)
        bodies.append(
            {
                "score": score.points,
                "score_category": score.temperature,
                "tier": score.tier,
                "confidence": confidence(score),
                "feature_importance": importance(score),
                "explanation": explanation(score),
                "model": answered.scorer.name,
                "warnings": list(answered.warnings),
            }
        )
    return bodies, answered


_LEAD_FIELDS: Final = tuple(field.name for field in fields(Lead) if field.name != "lead_id")


def key_of(lead: Lead, ask: Ask, model: str) -> str:
    """32 hexadecimal digits over all that a score depends on: the lead as understood, its activities in order, the hour, the
    model, the features and the code. The same in every process."""
    hour = ask.now.astimezone(UTC).strftime("%Y-%m-%dT%H")
    activities = sorted((kind, at.astimezone(UTC).isoformat()) for kind, at in ask.activities)
    content = [{name: getattr(lead, name) for name in _LEAD_FIELDS}, activities]
    digest = hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16)
    digest.update(f"\0{hour}\0{model}\0{FEATURES_DIGEST}\0{code_digest()}".encode())
    return digest.hexdigest()
