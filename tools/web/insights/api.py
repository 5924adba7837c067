"""The Lead insights API under /api/lead-scoring: predictions of one lead, of many, rankings, verdicts and what came of them.

Answers from the store and the current model; decides nothing, asks no vendor and no language model. What takes more than
a moment runs in threads of its own, so that the webhook of the same process is not kept waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import AwareDatetime

from tools.insights.bulk import BulkJobs
from tools.insights.importances import feature_importance
from tools.insights.predicting import NoLead, NoPrediction, Predictor, prediction_json
from tools.store.prediction_jobs import TooMany, end_job, job_of, newest_jobs
from tools.store.predictions import Accuracy, accuracy, validate
from tools.store.ranking import Span, ranked
from tools.web.admin import storable_time
from tools.web.bodies import Busy, Few, SmallRoute, answer
from tools.web.insights.bodies import (
    Bulk,
    ConfigId,
    Cursor,
    Id,
    Kind,
    LeadId,
    Limit,
    MinScore,
    Predict,
    TierName,
    Validate,
    checked,
    job_json,
    page_json,
    place_of,
    span_of,
)

PREFIX: Final = "/api/lead-scoring"
TOP: Final = 10
NOBODY: Final = "No decision of this lead is recorded: leadId is the `lead_id` that the webhook answered."
_NONE: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "The body cannot be read."},
    404: {"description": "No such lead, prediction, job or configuration."},
    413: {"description": "The body is too large."},
    422: {"description": "A field is wrong: `fields` names each."},
    503: {"description": "Too many questions at once; ask again."},
}


class Insights:
    """What the routes share. few: threads for questions; bulk: the jobs in the background."""

    def __init__(self, predictor: Predictor, bulk: BulkJobs) -> None:
        self.predictor, self.bulk, self.engine = predictor, bulk, predictor.engine
        self._few = Few(threads=2, waiting=64)

    def close(self) -> None:
        self._few.close()

    def now(self) -> datetime:
        return self.predictor.clock()

    async def run(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """503 while too many ask, 404 for what is not there."""
        try:
            return await self._few.run(lambda: function(*arguments, **named))
        except Busy:
            raise HTTPException(503, "Too many questions at once; ask again.", {"Retry-After": "1"}) from None
        except NoLead:
            raise HTTPException(404, NOBODY) from None
        except NoPrediction:
            raise HTTPException(404, "Nothing was predicted for this lead yet: POST .../ml/predict first.") from None


def insights_router(insights: Insights) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["lead insights"], route_class=SmallRoute, responses=_NONE)
    _lead_routes(router, insights)
    _verdict_routes(router, insights)
    _bulk_routes(router, insights)
    _ranking_routes(router, insights)
    _model_routes(router, insights)
    return router


def _lead_routes(router: APIRouter, insights: Insights) -> None:
    predictor = insights.predictor

    @router.post("/leads/{leadId}/ml/predict")
    async def predict(leadId: LeadId, body: Predict | None = None) -> Response:  # noqa: N803
        """Conversion, time to close, score and priority of a lead, explained: with risks, recommendations and what would
        raise the score. A prediction that still holds is given again (`cached`) unless `forceRefresh`."""
        asked = body or Predict(forceRefresh=False, ruleBasedOnly=False)
        found = await insights.run(predictor.predict, leadId, force=asked.forceRefresh, rules_only=asked.ruleBasedOnly)
        return answer(200, found)

    @router.get("/leads/{leadId}/ml/prediction")
    async def prediction(leadId: LeadId, kind: Kind = "SCORE") -> Response:  # noqa: N803
        """The newest stored prediction of one type, with its status: ACTIVE, EXPIRED, VALIDATED or INVALIDATED."""
        return answer(200, await insights.run(predictor.prediction, leadId, kind))

    @router.get("/leads/{leadId}/ml/features")
    async def features(leadId: LeadId) -> Response:  # noqa: N803
        """What the models see of the lead, by name; null is unknown."""
        return answer(200, await insights.run(predictor.features, leadId))


def _verdict_routes(router: APIRouter, insights: Insights) -> None:
    @router.post(
        "/predictions/{predictionId}/validate",
        responses={409: {"description": "The prediction has no value to judge."}},
    )
    async def judge(predictionId: Id, body: Validate) -> Response:  # noqa: N803
        """A person's verdict on a prediction; the last one counts. It feeds accuracy and retraining."""
        found = await insights.run(validate, insights.engine, predictionId, body.wasAccurate, insights.now())
        if found is None:
            raise HTTPException(404, "There is no prediction of this id.")
        if found.value is None:
            raise HTTPException(409, "This prediction says that the value is not known: there is nothing to judge.")
        return answer(200, prediction_json(found))


def _bulk_routes(router: APIRouter, insights: Insights) -> None:
    path = "/{configId}/ml/bulk-predict"

    @router.post(path, status_code=202)
    async def start(configId: ConfigId, body: Bulk | None = None) -> Response:  # noqa: N803
        """Predict the leads with the highest scores in the background. `status` is where to ask how far it is; the job
        goes on after a restart."""
        checked(configId)
        asked = body or Bulk(limit=100, minScore=0, forceRefresh=False)
        try:
            job = await insights.run(
                insights.bulk.start, limit=asked.limit, least=asked.minScore, force=asked.forceRefresh
            )
        except TooMany:
            raise HTTPException(
                503, "Enough bulk predictions are under way; wait for one.", {"Retry-After": "10"}
            ) from None
        insights.bulk.wake()
        return answer(202, job_json(job))

    @router.get(path)
    async def jobs(configId: ConfigId, limit: Limit = 20) -> Response:  # noqa: N803
        """The newest bulk predictions."""
        checked(configId)
        found = await insights.run(newest_jobs, insights.engine, limit)
        return answer(200, {"jobs": [job_json(job) for job in found]})

    @router.get(path + "/{job}")
    async def progress(configId: ConfigId, job: Id) -> Response:  # noqa: N803
        """How far it is: waiting, running, done, cancelled or failed."""
        checked(configId)
        found = await insights.run(job_of, insights.engine, job)
        return _job_answer(found)

    @router.delete(path + "/{job}")
    async def cancel(configId: ConfigId, job: Id) -> Response:  # noqa: N803
        """Stop it; what was predicted stays. One that has ended stays as it is."""
        checked(configId)
        found = await insights.run(end_job, insights.engine, job, "cancelled", insights.now())
        return _job_answer(found)


def _job_answer(found: Any) -> Response:
    if found is None:
        raise HTTPException(404, "There is no bulk prediction of this id.")
    return answer(200, job_json(found))


def _ranking_routes(router: APIRouter, insights: Insights) -> None:
    async def page(limit: int, span: Span, cursor: str = "") -> Response:
        after = place_of(cursor)
        rows = await insights.run(ranked, insights.engine, insights.now(), limit=limit + 1, span=span, after=after)
        return answer(200, page_json(rows, limit))

    @router.get("/{configId}/ml/ranked-leads")
    async def ranked_leads(
        configId: ConfigId,  # noqa: N803
        limit: Limit = 50,
        minScore: MinScore = 0,  # noqa: N803
        cursor: Cursor = "",
    ) -> Response:
        """Leads by score: the valid prediction's, else the decision's. Page on with `cursor` = `next`."""
        checked(configId)
        return await page(limit, Span(least=minScore), cursor)

    async def top(n: Limit = TOP) -> Response:
        """The leads with the highest scores."""
        rows = await insights.run(ranked, insights.engine, insights.now(), limit=n, span=Span())
        return answer(200, page_json(rows, n, first_rank=1))

    async def by_tier(tier: TierName, limit: Limit = 50, cursor: Cursor = "") -> Response:
        """Leads of one tier or category, the highest score first."""
        return await page(limit, span_of(tier), cursor)

    _either(router, "top-leads", top)
    _either(router, "leads-by-tier", by_tier)


def _model_routes(router: APIRouter, insights: Insights) -> None:
    async def how_accurate(since: Annotated[AwareDatetime | None, Query()] = None) -> Response:
        """What people said of the predictions, by type and model. `since`: of the verdict."""
        found = await insights.run(accuracy, insights.engine, storable_time(since))
        return answer(200, accuracy_json(found))

    async def importances() -> Response:
        """Which features move scores: mean absolute points over the newest leads, by the current model."""
        return answer(200, await insights.run(feature_importance, insights.engine, insights.predictor.scorer))

    _either(router, "accuracy", how_accurate)
    _either(router, "feature-importance", importances)


def _either(router: APIRouter, name: str, function: Callable[..., Any]) -> None:
    """The route with and without a configuration in its path: both are in use."""

    async def exists(configId: ConfigId) -> None:  # noqa: N803
        checked(configId)

    router.get(f"/ml/{name}")(function)
    router.get(f"/{{configId}}/ml/{name}", dependencies=[Depends(exists)])(function)


def accuracy_json(found: list[Accuracy]) -> dict[str, Any]:
    validated, invalidated = sum(one.validated for one in found), sum(one.invalidated for one in found)
    return {
        **_counts(validated, invalidated),
        "byModel": [
            {
                "type": one.type,
                "model": one.model,
                "version": one.version,
                **_counts(one.validated, one.invalidated),
                "brier": one.brier,
                "baseRate": one.base_rate,
            }
            for one in found
        ],
    }


def _counts(validated: int, invalidated: int) -> dict[str, Any]:
    """accuracy: null before the first verdict."""
    total = validated + invalidated
    share = round(validated / total, 4) if total else None
    return {"total": total, "validated": validated, "invalidated": invalidated, "accuracy": share}
