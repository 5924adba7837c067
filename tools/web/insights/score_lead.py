"""POST /score-lead, /api/v1/score-lead and /score-batch: a score for whoever asks, from the fields they send.

The routes only read, ask and answer; scoring runs beside the event loop (tools.insights.quick).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from tools.idempotency import Identifier
from tools.insights.quick import TOGETHER, Answer, Failed, Full, QuickScores
from tools.observe import metrics
from tools.web.answers import EXAMPLE, Refused
from tools.web.insights.score_bodies import MOST_LEADS, Asked, ScoreLead, read_batch, read_json, read_lead
from tools.web.webhook import read_body

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "The body cannot be read."},
    413: {"description": "The body is too large."},
    422: {"description": "A field is wrong: `fields` names each with its fix."},
    503: {"description": "Too many wait for a score; ask again."},
}
_SCHEMA: Final = ScoreLead.model_json_schema(by_alias=False, ref_template="#/components/schemas/{model}")
_SCHEMA["properties"]["activities"]["items"] = _SCHEMA.pop("$defs")["Activity"]  # whole in itself
_EXAMPLE: Final = EXAMPLE | {"activities": [{"type": "page_view", "at": "2026-01-12T09:30:00Z"}]}
BATCH_BYTES: Final = 4 * 1024 * 1024


class ScoreLeads:
    """limit: bytes of a single lead."""

    def __init__(self, scores: QuickScores, identifier: Identifier, clock: Callable[[], datetime], limit: int) -> None:
        self._scores, self._identifier, self._clock, self._limit = scores, identifier, clock, limit

    async def one(self, request: Request) -> Response:
        began = time.perf_counter()
        try:
            raw = await self._body(request, self._limit)
            body = await self._answered(read_lead(read_json(raw), self._clock()), began)
        except Refused as refused:
            return _refused(refused)
        return _json(200, body)

    async def batch(self, request: Request) -> Response:
        """A few at a time, so that single requests find their place between them."""
        began = time.perf_counter()
        try:
            leads = read_batch(await self._body(request, BATCH_BYTES))
        except Refused as refused:
            return _refused(refused)
        now, results = self._clock(), []
        for first in range(0, len(leads), TOGETHER):
            part = leads[first : first + TOGETHER]
            results += await asyncio.gather(*(self._item(lead, now) for lead in part))
        failed = sum("error" in result for result in results)
        took = round(1000 * (time.perf_counter() - began), 3)
        told = {"scored": len(results) - failed, "failed": failed, "latency_ms": took, "results": results}
        return _json(200, told)

    async def _item(self, lead: Any, now: datetime) -> dict[str, Any]:
        """Its score, or what is wrong with it."""
        began = time.perf_counter()
        try:
            return await self._answered(read_lead(lead, now), began)
        except Refused as refused:
            sent = lead.get("lead_id", lead.get("id")) if isinstance(lead, dict) else None
            told: dict[str, Any] = orjson.loads(refused.answer().body)
            told.pop("example", None)
            return {"lead_id": sent if isinstance(sent, str) else None, **told}

    async def _answered(self, asked: Asked, began: float) -> dict[str, Any]:
        found = await self._found(asked)
        body = found.body
        took_s = time.perf_counter() - began
        metrics.scores.labels(found.source).inc()
        metrics.score_seconds.observe(took_s)
        lead_id = asked.lead_id or self._identifier.lead_id(asked.ask.form)
        return {
            "lead_id": lead_id,
            **body,
            "warnings": [*asked.warnings, *body["warnings"]],
            "source": found.source,
            "latency_ms": round(1000 * took_s, 3),
        }

    async def _found(self, asked: Asked) -> Answer:
        try:
            return await self._scores.score(asked.ask)
        except Full:
            raise Refused(503, "busy", "Too many wait for a score; ask again.", retry_after_s=1) from None
        except TimeoutError:
            raise Refused(503, "too_slow", "The score took too long; ask again.", retry_after_s=1) from None
        except Failed as error:
            raise Refused(503, "scoring_failed", f"This lead could not be scored ({error}).") from None

    async def _body(self, request: Request, limit: int) -> bytes:
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw = await read_body(request.receive, headers, limit)
        if not raw.strip():
            raise Refused(400, "empty_body", "The body is empty. Send the lead's fields as JSON.")
        return raw


def _refused(refused: Refused) -> Response:
    answer = refused.answer()
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers, "application/json")


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def score_lead_router(scores: ScoreLeads, dependencies: Sequence[Any]) -> APIRouter:
    """dependencies: who may ask."""
    router = APIRouter(tags=["score"], dependencies=list(dependencies), responses=_RESPONSES)
    for prefix in ("", "/api/v1"):
        router.add_api_route(
            f"{prefix}/score-lead",
            scores.one,
            methods=["POST"],
            summary="Score a lead",
            description="The router's score of the lead with these fields and activities, explained. No language model is "
            "asked, nothing is stored. `source` is `cache`, `model`, or `rules` where no model can answer.",
            openapi_extra=_body_schema(_SCHEMA, _EXAMPLE),
        )
        router.add_api_route(
            f"{prefix}/score-batch",
            scores.batch,
            methods=["POST"],
            summary="Score leads",
            description=f"The same for at most {MOST_LEADS} leads: one result or one error for each, in order.",
            openapi_extra=_body_schema(
                {
                    "type": "object",
                    "required": ["leads"],
                    "properties": {"leads": {"type": "array", "minItems": 1, "maxItems": MOST_LEADS, "items": _SCHEMA}},
                },
                {"leads": [_EXAMPLE]},
            ),
        )
    return router


def _body_schema(schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}
