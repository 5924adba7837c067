"""Puts the insights' part of the HTTP side together: one current model for all of it, threads and jobs opened and closed
around it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Self

from fastapi import APIRouter
from redis.asyncio import Redis

from tools.idempotency import Identifier
from tools.insights.bulk import BulkJobs
from tools.insights.predicting import Predictor
from tools.insights.quick import QuickScores
from tools.insights.scorers import CurrentScorer
from tools.routing_file import LiveRouting
from tools.score_cache import ScoreCache
from tools.settings import Settings
from tools.web.insights.api import Insights, insights_router
from tools.web.insights.page import insight_page_router
from tools.web.insights.score_lead import ScoreLeads, score_lead_router
from tools.wiring import Store, company_facts


class InsightsSide:
    """redis: a client of its own, which this closes."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        redis: Redis,
        identifier: Identifier,
        routing: LiveRouting,
        clock: Callable[[], datetime],
    ) -> None:
        scorer = CurrentScorer(settings.models_dir)
        predictor = Predictor(store.engine, scorer, clock)
        self._bulk = BulkJobs(predictor)
        self._insights = Insights(predictor, self._bulk)
        self._scores = QuickScores(
            scorer,
            ScoreCache(redis, places=settings.score_cache_places, ttl_s=settings.score_cache_ttl_s),
            enrichment=company_facts(settings, store, free=True),
            aliases=lambda: routing.current().aliases,
        )
        self._score_leads = ScoreLeads(self._scores, identifier, clock, settings.body_limit)
        self._open = settings.score_lead_open
        self._stack = AsyncExitStack()

    def routers(self, required: Any) -> list[APIRouter]:
        """required: the dependency that asks for the admin token."""
        api = APIRouter(dependencies=[required])
        api.include_router(insights_router(self._insights))
        api.include_router(insight_page_router(self._insights))
        return [api, score_lead_router(self._score_leads, [] if self._open else [required])]

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.callback(self._insights.close)
            await stack.enter_async_context(self._scores)
            await stack.enter_async_context(self._bulk)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
