"""Generated tables whose truth is known: honest columns of every shape up to AUC .85 alone, and leaks of every kind."""

import numpy as np
import polars as pl

WORDS = ("plan", "region", "size", "budget", "visits", "last_visit_days", "session_duration", "marital_status", "age")


def honest(seed, rows=None, strongest=0.85):
    """(frame, yes): a strong column, some weaker ones, noise, an id; blanks at random and, in some, telling a little."""
    random = np.random.default_rng(seed)
    n = rows or int(np.exp(random.uniform(np.log(400), np.log(12_000))))
    strong = random.normal(size=n)
    weaker = random.normal(size=(n, 3))
    lift = random.uniform(0.5, 1.0) * _slope(strongest)
    odds = random.uniform(-3, 0.5) + lift * strong + weaker @ random.uniform(0, 0.5, 3)
    yes = random.random(n) < 1 / (1 + np.exp(-odds))
    names = random.permutation(WORDS)
    table = {"lead_id": [f"L-{i:06}" for i in random.permutation(n)], names[0]: _shape(strong, random)}
    table |= {name: _shape(values, random) for name, values in zip(names[1:4], weaker.T, strict=True)}
    table |= {name: _shape(random.normal(size=n), random) for name in names[4:]}
    frame = pl.DataFrame(table)
    for name in names:
        gone = random.random(n) < random.choice([0.0, 0.02, 0.3]) * np.where(yes, random.uniform(0.8, 1.0), 1.0)
        frame = frame.with_columns(pl.when(pl.Series(gone)).then(None).otherwise(pl.col(name)).alias(name))
    return frame.with_columns(pl.Series("converted", np.where(yes, "yes", "no"))), yes


def _slope(auc):
    """Of log-odds in a standard normal column that reaches this AUC alone, about (logistic, base rate near a third)."""
    return {0.85: 1.9, 0.75: 1.1}[auc]


def _shape(values, random):
    """The same order in another dress: numbers, lognormal amounts, counts, levels, text."""
    match random.integers(5):
        case 0:
            return values.round(3)
        case 1:
            return np.exp(values * 1.5).round(2)
        case 2:
            return np.maximum(0, np.floor(3 * values + 4)).astype(int)
        case 3:
            return np.array(["low", "middle", "high", "top"])[np.digitize(values, [-0.7, 0.3, 1.2])]
    return np.where(values > random.uniform(-0.5, 0.5), "Yes", "No")


def alone(values, yes):
    """AUC of a numeric column alone."""
    order = np.argsort(np.argsort(values))
    ones = yes.sum()
    return (order[yes].sum() - ones * (ones - 1) / 2) / (ones * (len(yes) - ones))
