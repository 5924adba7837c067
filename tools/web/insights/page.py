"""A page for people: how a lead's score came about, what endangers it, what to do, and what would raise it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from tools.insights.showing import insight_json
from tools.insights.times import time_to_close
from tools.web.insights.api import Insights
from tools.web.pages import Pages


def insight_page_router(insights: Insights) -> APIRouter:
    router = APIRouter(prefix="/inbox", include_in_schema=False)
    pages = Pages()

    @router.get("/lead/{lead_id}")
    async def lead(lead_id: Annotated[str, Path(pattern=r"^[\w.:-]{1,40}$")]) -> Response:
        """Made anew for every look; stores nothing."""
        found = await insights.run(insights.predictor.insight, lead_id)
        return pages.answer(
            "insight.html",
            lead_id=lead_id,
            told=insight_json(found),
            days=time_to_close(found),
            scorer=found.answering.scorer.name,
        )

    return router
