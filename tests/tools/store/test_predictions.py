"""Predictions in the store, on both databases: one ACTIVE, expiry by time, verdicts, what is forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from tools.store.predictions import (
    KEPT,
    VALIDITY,
    New,
    accuracy,
    active,
    as_payload,
    keep,
    newest,
    validate,
    validations_since,
)
from tools.store.tables import predictions

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)


def new(lead_id: str = "ld_a", kind: Any = "CONVERSION", value: float | None = 0.7, version: str = "m1") -> New:
    return New(lead_id, 1, kind, value, "model", version, "model", 1.5, as_payload({"at": NOW}))


def test_a_prediction_reads_back_as_it_was_kept(database: Engine):
    (kept,) = keep(database, [new()], NOW)
    assert newest(database, "ld_a", "CONVERSION", NOW) == kept
    assert (kept.status, kept.valid_until) == ("ACTIVE", NOW + VALIDITY)
    assert newest(database, "ld_a", "SCORE", NOW) is None


def test_a_newer_one_of_the_same_type_takes_its_place_and_others_stay(database: Engine):
    keep(database, [new(), new(kind="SCORE"), new("ld_b")], NOW)
    (second,) = keep(database, [new(value=0.2)], NOW + timedelta(hours=1))
    held = active(database, ["ld_a", "ld_b"], NOW + timedelta(hours=2))
    assert held["ld_a"]["CONVERSION"] == second
    assert set(held["ld_a"]) == {"CONVERSION", "SCORE"}
    assert set(held["ld_b"]) == {"CONVERSION"}


def test_it_expires_by_the_clock_of_whoever_looks(database: Engine):
    keep(database, [new()], NOW)
    last, after = NOW + VALIDITY - timedelta(seconds=1), NOW + VALIDITY
    assert newest(database, "ld_a", "CONVERSION", last).status == "ACTIVE"
    assert newest(database, "ld_a", "CONVERSION", after).status == "EXPIRED"
    assert active(database, ["ld_a"], after) == {}


def test_of_many_writers_one_prediction_is_active(database: Engine):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: keep(database, [new(value=n / 20)], NOW + timedelta(seconds=n)), range(12)))
    with database.connect() as connection:
        by_status = dict(
            connection.execute(select(predictions.c.status, func.count()).group_by(predictions.c.status)).all()
        )
    assert by_status == {"ACTIVE": 1, "EXPIRED": 11}


def test_what_nobody_judged_is_forgotten_after_its_time_and_verdicts_are_not(database: Engine):
    (judged,) = keep(database, [new()], NOW)
    validate(database, judged.prediction_id, True, NOW)
    keep(database, [new()], NOW)
    keep(database, [new()], NOW + timedelta(days=1))
    keep(database, [new()], NOW + KEPT + timedelta(days=2))
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(predictions)) == 2
    assert len(validations_since(database)) == 1


def test_an_expired_one_can_be_judged_and_the_last_word_counts(database: Engine):
    (kept,) = keep(database, [new()], NOW)
    late = NOW + 5 * VALIDITY
    assert validate(database, kept.prediction_id, False, late).status == "INVALIDATED"
    found = validate(database, kept.prediction_id, True, late + timedelta(hours=1))
    assert (found.status, found.was_accurate, found.validated_at) == ("VALIDATED", True, late + timedelta(hours=1))
    assert validate(database, "pr_none", True, late) is None


def test_one_without_a_value_stays_unjudged(database: Engine):
    (kept,) = keep(database, [new(kind="TIME_TO_CLOSE", value=None)], NOW)
    assert validate(database, kept.prediction_id, True, NOW).status == "ACTIVE"
    assert validations_since(database) == []


@pytest.mark.parametrize(
    ("value", "accurate", "converted"), [(0.7, True, True), (0.7, False, False), (0.2, True, False), (0.2, False, True)]
)
def test_a_verdict_on_a_conversion_implies_the_outcome(database: Engine, value: float, accurate: bool, converted: bool):
    kept, score = keep(database, [new(value=value), new(kind="SCORE", value=70)], NOW)
    for one in (kept, score):
        validate(database, one.prediction_id, accurate, NOW)
    outcomes = {one.type: one.converted for one in validations_since(database)}
    assert outcomes == {"CONVERSION": converted, "SCORE": None}


def test_verdicts_are_read_on_from_the_last_one(database: Engine):
    kept = keep(database, [new(f"ld_{n}") for n in range(5)], NOW)
    for n, one in enumerate(kept):
        validate(database, one.prediction_id, True, NOW + timedelta(minutes=n))
    first = validations_since(database, limit=2)
    rest = validations_since(database, first[-1].validated_at)
    assert [one.lead_id for one in [*first, *rest]] == [f"ld_{n}" for n in range(5)]


def test_accuracy_counts_by_type_and_model(database: Engine):
    kept = keep(database, [new("a", value=0.9), new("b", value=0.8), new("c", value=0.1), new("d", version="m2")], NOW)
    for one, right in zip(kept, (True, False, True, True), strict=True):
        validate(database, one.prediction_id, right, NOW)
    first, second = accuracy(database)
    assert (first.version, first.validated, first.invalidated) == ("m1", 2, 1)
    assert first.brier == pytest.approx((0.1**2 + 0.8**2 + 0.1**2) / 3, abs=1e-4)
    assert first.base_rate == pytest.approx(1 / 3, abs=1e-4)
    assert (second.version, second.validated) == ("m2", 1)
    assert accuracy(database, NOW + timedelta(seconds=1)) == []
