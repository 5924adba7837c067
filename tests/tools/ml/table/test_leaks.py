"""The leak guard on generated worlds with known truth: leaks are named with evidence, honest tables pass."""

import numpy as np
import polars as pl
import pytest

from tests.tools.ml.table.worlds import alone, honest
from tools.ml.table.kinds import look
from tools.ml.table.leaks.evidence import auc, out_of_fold
from tools.ml.table.leaks.guard import look_for_leaks
from tools.ml.table.leaks.words import speaks_of
from tools.ml.table.outcomes import Asked, outcome_of

ROWS = 3_000


def guarded(frame, task="propensity", target="converted", ids=("lead_id",), time=None, **asked):
    outcome = outcome_of(frame, Asked(task, target, time=time, **asked))
    frame = frame.filter(outcome.usable)
    looked = look(frame, [name for name in frame.columns if name not in (target, time, *ids)])
    return look_for_leaks(frame, looked, task, outcome, ids=ids, time=(time, "y-m-d") if time else None)


def leaks(frame, **more):
    return {
        finding.column: " ".join(finding.evidence) for finding in guarded(frame, **more)[0] if finding.verdict == "leak"
    }


def text(values):
    return pl.Series(values, dtype=pl.String)


@pytest.fixture(scope="module")
def world():
    return honest(3, ROWS)


def test_honest_tables_pass_even_with_names_that_sound_late():
    """Worlds of nine columns, the strongest up to AUC .85 alone; of 100 others tried, none stopped."""
    stopped = [seed for seed in range(300, 310) if leaks(honest(seed)[0])]
    assert stopped == []


def test_an_honest_column_of_auc_85_passes():
    random = np.random.default_rng(8)
    for rows in (600, 6_000):
        strong = random.normal(size=rows)
        yes = random.random(rows) < 1 / (1 + np.exp(-(1.85 * strong - 0.5)))
        assert 0.82 < alone(strong, yes) < 0.88
        frame = pl.DataFrame(
            {
                "lead_id": [f"L{i}" for i in random.permutation(rows)],
                "budget": strong,
                "noise": random.normal(size=rows),
                "converted": np.where(yes, "yes", "no"),
            }
        )
        assert leaks(frame) == {}


def test_the_outcome_in_another_dress_is_named(world):
    frame, yes = world
    random = np.random.default_rng(1)
    wrong = random.random(ROWS) < 0.05
    label = np.where(yes ^ wrong, "customer", "prospect")
    found = leaks(frame.with_columns(text(label).alias("segment")))
    assert set(found) == {"segment"}
    assert "alone it sorts the outcomes with AUC 0.9" in found["segment"]


def test_a_number_that_follows_from_the_outcome_is_named(world):
    frame, yes = world
    revenue = np.where(yes, np.random.default_rng(1).lognormal(3, 1, ROWS), 0).round(2)
    assert set(leaks(frame.with_columns(pl.Series("revenue", revenue)))) == {"revenue"}


def test_a_column_filled_for_one_outcome_only_is_named(world):
    frame, yes = world
    filled = yes & (np.random.default_rng(1).random(ROWS) < 0.4)
    agent = pl.Series([f"agent {i % 5}" if told else None for i, told in enumerate(filled)])
    found = leaks(frame.with_columns(agent.alias("onboarding")))
    assert set(found) == {"onboarding"}
    assert "of the rows with yes and 0.0% of those with no" in found["onboarding"]


def test_blankness_that_doubles_the_odds_is_said_and_does_not_stop(world):
    frame, yes = world
    filled = np.random.default_rng(1).random(ROWS) < np.where(yes, 0.9, 0.45)
    job = pl.Series([f"job {i % 5}" if told else None for i, told in enumerate(filled)])
    findings, _ = guarded(frame.with_columns(job.alias("occupation")))
    (own,) = [finding for finding in findings if finding.column == "occupation"]
    assert own.verdict == "doubtful"
    assert "where it is blank" in own.evidence[0]


@pytest.mark.parametrize("kind", ["number", "letters", "rows"])
def test_ids_and_an_order_that_sort_the_outcomes_are_named(world, kind):
    frame, yes = world
    place = np.argsort(np.argsort(~yes, kind="stable"))
    if kind == "rows":
        _, notes = guarded(frame[np.argsort(~yes, kind="stable").tolist()])
        assert "the order of the rows sorts the outcomes with AUC 1.00" in notes[0]
        return
    ids = [
        f"C-{p:05}" if kind == "number" else f"{'C' if one else 'L'}-{hash(p) % 10**6}"
        for p, one in zip(place, yes, strict=True)
    ]
    found = leaks(frame.with_columns(text(ids).alias("lead_id")))
    assert set(found) == {"lead_id"}
    assert kind in found["lead_id"]


def test_dates_later_than_the_rows_time_are_named(world):
    frame, _ = world
    days = np.random.default_rng(2).integers(0, 300, ROWS)
    created = np.datetime64("2024-01-01") + days.astype("timedelta64[D]")
    frame = frame.with_columns(
        text(created.astype(str)).alias("created"),
        text((created + np.timedelta64(20, "D")).astype(str)).alias("contract date"),
        text((created - np.timedelta64(20, "D")).astype(str)).alias("first seen"),
    )
    found = leaks(frame, time="created")
    assert set(found) == {"contract date"}
    assert "100.0% of its dates are later than the row's time, by 20 days" in found["contract date"]


def test_levels_with_one_outcome_alone_are_said(world):
    frame, yes = world
    land = np.where(~yes & (np.random.default_rng(4).random(ROWS) < 0.2), "Nowhere", "Somewhere")
    findings, _ = guarded(frame.with_columns(text(land).alias("land")))
    (own,) = [finding for finding in findings if finding.column == "land"]
    assert any('"Nowhere"' in said and "only ever no" in said for said in own.evidence)


def test_a_region_that_is_decided_is_named_where_the_column_is_worth_more_than_all_others():
    """As a call that must last before anybody can buy: short ones never convert."""
    random = np.random.default_rng(6)
    n = 30_000
    lasting = random.lognormal(5, 1, n)
    yes = random.random(n) < np.where(lasting < 60, 0.0002, 0.45 * (1 - np.exp(-((lasting - 60) / 500))))
    frame = pl.DataFrame(
        {
            "lead_id": [f"L{i}" for i in random.permutation(n)],
            "talked": lasting.round(),
            "age": random.integers(20, 70, n),
            "converted": np.where(yes, "yes", "no"),
        }
    )
    found = leaks(frame)
    assert set(found) == {"talked"}
    assert "of the rows it decides" in found["talked"]


def test_an_open_row_gives_itself_away_by_what_closing_fills():
    random = np.random.default_rng(2)
    n = 1_000
    start = np.datetime64("2024-01-01") + random.integers(0, 200, n).astype("timedelta64[D]")
    closed = random.random(n) < 0.7
    end = np.where(closed, (start + random.integers(1, 100, n).astype("timedelta64[D]")).astype(str), "")
    frame = pl.DataFrame(
        {
            "lead_id": [f"L{i}" for i in range(n)],
            "created": start.astype(str),
            "closed on": text(end),
            "stage": np.where(closed, np.where(random.random(n) < 0.5, "Won", "Lost"), "Open"),
            "size": random.integers(1, 500, n),
        }
    )
    assert set(leaks(frame, task="time-to-close", target="closed on", time="created")) == {"stage"}


def test_a_copy_of_the_amount_is_named_and_a_list_price_is_not():
    random = np.random.default_rng(2)
    product = random.integers(0, 6, 2_000)
    price = np.array([50, 300, 900, 2_500, 9_000, 26_000])[product] * random.lognormal(0, 0.05, 2_000)
    frame = pl.DataFrame(
        {
            "lead_id": [f"L{i}" for i in range(2_000)],
            "product": [f"product {p}" for p in product],
            "with tax": price * 1.2,
            "amount": price.round(2),
        }
    )
    assert set(leaks(frame, task="acv", target="amount")) == {"with tax"}


def test_names_are_read_by_their_words():
    assert speaks_of("CloseDate") == ("outcome", "close")
    assert speaks_of("last_activity") == ("afterwards", "last")
    assert speaks_of("previous_outcome") is None
    assert speaks_of("enclosed area") is None


def test_a_rate_out_of_fold_knows_nothing_of_noise():
    random = np.random.default_rng(3)
    yes, place = random.random(4_000) < 0.3, random.integers(0, 400, 4_000)
    assert auc(out_of_fold(place, yes.astype(float), random.integers(0, 5, 4_000)), yes) < 0.54
