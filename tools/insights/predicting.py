"""Predicts leads that were decided: four predictions each, stored with the model that made them: the one that the account
is assigned to, as its decisions are.

    CONVERSION     probability, 0..1        SCORE      points of 100, with the whole insight
    TIME_TO_CLOSE  days                     PRIORITY   expected value of the account, US dollars a year

A prediction that holds (same model, same revision, not expired) is given again unless a new one is asked for. Blocking:
call it from a thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import structlog
from sqlalchemy import Engine

from graph.features.vector import vector_of
from graph.rules.rollup import roll_up
from tools.insights.insight import Insight, insight
from tools.insights.scorers import Answering, CurrentScorer
from tools.insights.seen import Seen, seen
from tools.insights.showing import CURRENCY, confidence, contract_value, features, insight_json
from tools.insights.times import time_to_close
from tools.store.predictions import CONVERTS_FROM, TYPES, New, Prediction, Type, active, as_payload, keep, newest

log = structlog.get_logger(__name__)
UNITS: Final[dict[Type, str]] = {
    "CONVERSION": "probability",
    "TIME_TO_CLOSE": "days",
    "SCORE": "points of 100",
    "PRIORITY": f"{CURRENCY} a year",
}


class NoLead(Exception):
    """No decision of this lead is recorded."""


class NoPrediction(Exception):
    """The lead is there, and nothing was predicted for it yet."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a step over several leads gave: predictions to store, and how many leads were kept as they were or failed."""

    new: list[New]
    predicted: int
    kept: int
    failed: int


class Predictor:
    def __init__(self, engine: Engine, scorer: CurrentScorer, clock: Callable[[], datetime]) -> None:
        self.engine, self.scorer, self.clock = engine, scorer, clock

    def predict(self, lead_id: str, *, force: bool = False, rules_only: bool = False) -> dict[str, Any]:
        """Raises NoLead."""
        now, one = self.clock(), self._seen(lead_id)
        answering = self.scorer.now(rules_only=rules_only).of(one.account)
        if not force and (valid := holding(one, active(self.engine, [lead_id], now).get(lead_id), answering)):
            return answer_of(valid, cached=True)
        kept = keep(self.engine, predictions_of(one, answering, now), now)
        return answer_of({each.type: each for each in kept}, cached=False)

    def prediction(self, lead_id: str, kind: Type) -> dict[str, Any]:
        """The newest one of this type, whatever became of it. Raises NoLead, NoPrediction."""
        found = newest(self.engine, lead_id, kind, self.clock())
        if found is None:
            self._seen(lead_id)
            raise NoPrediction
        return prediction_json(found)

    def features(self, lead_id: str) -> dict[str, Any]:
        """What the models see of the lead. Raises NoLead."""
        one = self._seen(lead_id)
        told = {"leadId": one.lead_id, "revision": one.revision, "asOf": one.inp.received_at}
        return told | features(vector_of(one.inp))

    def insight(self, lead_id: str) -> Insight:
        """For people to read; stores nothing. Raises NoLead."""
        one = self._seen(lead_id)
        return insight(one, self.scorer.now().of(one.account), self.clock())

    def many(self, lead_ids: Sequence[str], *, force: bool) -> Made:
        """A step of a bulk prediction; one lead that fails fails alone, and one that is gone counts as failed."""
        now, answers = self.clock(), self.scorer.now()
        found, held = seen(self.engine, lead_ids), active(self.engine, lead_ids, now)
        new: list[New] = []
        predicted = kept = 0
        for lead_id in lead_ids:
            if (one := found.get(lead_id)) is None:
                continue
            answering = answers.of(one.account)
            if not force and holding(one, held.get(lead_id), answering):
                kept += 1
                continue
            try:
                new += predictions_of(one, answering, now)
            except Exception as error:  # noqa: BLE001 - one lead's bug must not end the job
                log.warning("prediction_failed", lead_id=lead_id, error=type(error).__name__)
            else:
                predicted += 1
        return Made(new, predicted, kept, len(lead_ids) - predicted - kept)

    def _seen(self, lead_id: str) -> Seen:
        one = seen(self.engine, [lead_id]).get(lead_id)
        if one is None:
            raise NoLead
        return one


def holding(one: Seen, held: dict[Type, Prediction] | None, answering: Answering) -> dict[Type, Prediction] | None:
    """The valid predictions of the lead as it is now by the scorer that answers now, all four of them; else None."""
    if held is None or len(held) < len(TYPES):
        return None
    same = all(each.version == answering.scorer.digest and each.revision == one.revision for each in held.values())
    return held if same else None


def predictions_of(one: Seen, answering: Answering, now: datetime) -> list[New]:
    """One of each type."""
    began = time.perf_counter()
    found = insight(one, answering, now)
    score, scorer, source = found.score, found.answering.scorer, found.answering.source
    days = time_to_close(found)
    priority, worth = _priority(found)
    payloads: dict[Type, tuple[float | None, dict[str, Any]]] = {
        "CONVERSION": (
            score.probability,
            {
                "claim": "converts" if score.probability >= CONVERTS_FROM else "does not convert",
                "low": score.low,
                "high": score.high,
                "propensity": score.propensity,
                "confidence": confidence(score),
            },
        ),
        "TIME_TO_CLOSE": (days["point"] if days else None, _known(days, "This scorer knows no time to close.")),
        "SCORE": (score.points, {"claim": f"tier {score.tier}"} | insight_json(found) | {"daysToClose": days}),
        "PRIORITY": (priority, _known(worth, "This scorer knows no contract value.")),
    }
    latency_ms = round(1000 * (time.perf_counter() - began), 3)
    return [
        New(
            one.lead_id, one.revision, kind, value, scorer.name, scorer.digest, source, latency_ms, as_payload(payload)
        )
        for kind, (value, payload) in payloads.items()
    ]  # fmt: skip


def _known(payload: dict[str, Any] | None, reason: str) -> dict[str, Any]:
    return {"claim": None, "reason": reason} if payload is None else payload


def _priority(found: Insight) -> tuple[float | None, dict[str, Any] | None]:
    """The account's priority as the router rolls it up, with this lead's propensity by the scorer that answered; without a
    company the lead's own propensity x contract value."""
    score, one = found.score, found.seen
    worth = contract_value(score)
    if worth is None:
        return None, None
    account = roll_up(one.inp.profile, one.inp.lead.domain, score.propensity, one.family, score.acv_usd)
    value = account.priority_usd if account else round(score.propensity * score.acv_usd, 2)
    told = {
        "claim": f"worth about {value:,.0f} {CURRENCY} a year",
        "currency": CURRENCY,
        "probability": round(value / score.acv_usd, 4),
        "bestInFamily": account.p_max if account else score.propensity,
        "contractValue": worth,
        "account": account.parent_domain if account else None,
        "companies": account.companies if account else 0,
    }
    return value, told


def answer_of(held: dict[Type, Prediction], *, cached: bool) -> dict[str, Any]:
    """The insight that stands in the SCORE, with who made it and the four predictions."""
    score = held["SCORE"]
    body: dict[str, Any] = orjson.loads(score.payload)
    body.pop("claim")
    return {
        **body,
        "model": score.model,
        "version": score.version,
        "source": score.source,
        "latencyMs": score.latency_ms,
        "createdAt": score.created_at,
        "validUntil": score.valid_until,
        "cached": cached,
        "predictions": [brief_json(held[kind]) for kind in TYPES],
    }


def brief_json(one: Prediction) -> dict[str, Any]:
    return {
        "id": one.prediction_id,
        "type": one.type,
        "value": one.value,
        "unit": UNITS[one.type],
        "status": one.status,
        "validUntil": one.valid_until,
    }


def prediction_json(one: Prediction) -> dict[str, Any]:
    return {
        **brief_json(one),
        "leadId": one.lead_id,
        "revision": one.revision,
        "model": one.model,
        "version": one.version,
        "source": one.source,
        "latencyMs": one.latency_ms,
        "createdAt": one.created_at,
        "validatedAt": one.validated_at,
        "wasAccurate": one.was_accurate,
        "detail": orjson.loads(one.payload),
    }
