"""A page for people: how a lead's score came about, what endangers it, what to do, and what would raise it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from graph.domain.scoring import Contribution
from graph.rules.scoring import OTHER
from graph.rules.wording import said
from tools.insights.insight import Insight
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
            rows=rows_of(found),
            scorer=found.answering.scorer.name,
        )

    return router


def rows_of(found: Insight) -> list[tuple[str, str, str]]:
    """(what, category, points) of each part of the score, in words; together they are the score."""
    intent = found.seen.judgement.intent if found.seen.judgement else None
    parts = [
        ("smaller things" if each.feature == OTHER else _said(each, intent), each.category, f"{each.points:+.2f}")
        for each in found.score.contributions
    ]
    base = ("a lead of whom nothing is known", "", f"{found.score.base_points:.2f}")
    return [base, *parts, ("score", "", f"{found.score.points:.2f}")]


def _said(each: Contribution, intent: str | None) -> str:
    return said(each.feature, intent if each.feature == "judgement" else each.value)
