"""Trains the bootstrap model: enough to score the first lead, on invented leads, and its card says so.

It learns the stated odds themselves (not outcomes drawn from them, which would only add noise to an opinion) and is
measured on drawn outcomes of leads kept aside. One thread and a fixed seed: the same machine gives the same bytes.
"""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from graph.features.vector import FEATURES_DIGEST, NAMES
from tools.ml import evaluate, registry
from tools.ml.card import Calibration, Card, Head, Spread
from tools.ml.generator import Sample, draw
from tools.ml.truth import CODES, PER_UNIT

NAME = "bootstrap-synthetic"
NOTE = (
    "Trained on synthetic leads whose odds are opinions stated in tools/ml/truth.py. Good for an order of leads on the "
    "first day; its probabilities are no experience with real customers. Replace it as soon as outcomes exist."
)
SEED, ROWS, HELD_OUT = 20_260_101, 8_000, 0.25
COMMON = {"nthread": 1, "tree_method": "hist", "max_bin": 64, "verbosity": 0}
PROPENSITY: dict[str, Any] = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.18, "lambda": 1.0, "trees": 140}
CONTRACT: dict[str, Any] = {"objective": "reg:squarederror", "max_depth": 3, "eta": 0.15, "lambda": 1.0, "trees": 60}
TIME: dict[str, Any] = {
    "objective": "survival:aft", "aft_loss_distribution": "normal", "aft_loss_distribution_scale": 0.5, "max_depth": 3,
    "eta": 0.15, "lambda": 1.0, "trees": 60, "base_score": 45.0,
}  # fmt: skip
CONTRACT_SIGNS = {"logEmployees": 1, "logParentEmployees": 1, "logRevenue": 1, "companySizeEstimate": 1}
BAND_EDGES, COVERAGE = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.01), 0.8
MARGINS = np.linspace(-4.5, 3.0, 31)
"""Log-odds at which the error is noted; beyond the ends lies no lead that was drawn."""
SIZE = NAMES.index("logEmployees")


def train_bootstrap(out_dir: Path, *, seed: int = SEED, rows: int = ROWS) -> Path:
    """Draws `rows` leads, trains the three heads on three quarters of them, measures on the rest, and returns the model's
    folder under `out_dir`. About a second on one core."""
    sample = draw(rows, seed)
    signs = {"propensity": _propensity_signs(), "acv": CONTRACT_SIGNS, "time-to-close": {}}
    settings = {
        task: {**COMMON, **own, "seed": seed, "monotone_constraints": _constraints(signs[task])}
        for task, own in (("propensity", PROPENSITY), ("acv", CONTRACT), ("time-to-close", TIME))
    }
    kept = round(rows * (1 - HELD_OUT))
    at_least, at_most = sample.days_bounds()
    targets = {
        "propensity": {"label": sample.probability[:kept]},
        "acv": {"label": np.log(sample.acv_usd[:kept])},
        "time-to-close": {"label_lower_bound": at_least[:kept], "label_upper_bound": at_most[:kept]},
    }
    boosters = {task: _fit(settings[task], sample.rows[:kept], target) for task, target in targets.items()}
    held_out = xgb.DMatrix(sample.rows[kept:], nthread=1)
    # Of every head the output before its link: log-odds, log US dollars, log days.
    outputs = {task: booster.predict(held_out, output_margin=True) for task, booster in boosters.items()}
    card = _card(sample.after(kept), outputs, settings, seed=seed, rows=rows)
    files = {head.file: bytes(boosters[task].save_raw("json")) for task, head in card.heads.items()}
    return registry.save(out_dir, card, files)


def _fit(settings: dict[str, Any], rows: NDArray[np.float32], target: dict[str, NDArray[np.float64]]) -> xgb.Booster:
    matrix = xgb.DMatrix(rows, nthread=1, **target)
    booster_settings = {key: value for key, value in settings.items() if key != "trees"}
    return xgb.train(booster_settings, matrix, num_boost_round=settings["trees"])


def _propensity_signs() -> dict[str, int]:
    """Features whose stated effect has one direction may not be learned the other way round."""
    rising = [name for name, (weights, _) in CODES.items() if list(weights) == sorted(weights)]
    signs = dict.fromkeys((*rising, "logEmployees"), 1)
    return signs | {name: 1 if weight > 0 else -1 for name, (weight, _) in PER_UNIT.items()}


def _constraints(signs: dict[str, int]) -> str:
    return "(" + ",".join(str(signs.get(name, 0)) for name in NAMES) + ")"


def _card(
    sample: Sample,
    outputs: dict[str, NDArray[np.float32]],
    settings: dict[str, dict[str, Any]],
    *,
    seed: int,
    rows: int,
) -> Card:
    """The card, with figures on the leads of `sample`, which were kept aside."""
    chance, log_acv, log_days = (outputs[task].astype(np.float64) for task in ("propensity", "acv", "time-to-close"))
    return Card(
        name=NAME,
        kind="router",
        synthetic=True,
        note=NOTE,
        features=NAMES,
        features_digest=FEATURES_DIGEST,
        seed=seed,
        rows=rows,
        heads={
            "propensity": _propensity_head(sample, 1.0 / (1.0 + np.exp(-chance)), settings["propensity"]),
            "acv": _contract_head(sample, log_acv, settings["acv"]),
            "time-to-close": _time_head(sample, log_days, settings["time-to-close"]),
        },
        training={"range of the propensity": "distance from the stated odds, on held-out synthetic leads"},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        environment={
            "python": platform.python_version(),
            "machine": platform.machine(),
            "xgboost": xgb.__version__,
            "numpy": np.__version__,
        },
    )


def _propensity_head(sample: Sample, predicted: NDArray[np.float64], settings: dict[str, Any]) -> Head:
    figures = {
        "held_out": len(predicted),
        "base_rate": _figure(sample.converted.mean()),
        "auc": _figure(evaluate.auc(predicted, sample.converted)),
        "auc_of_the_stated_odds": _figure(evaluate.auc(sample.probability, sample.converted)),
        "brier": _figure(evaluate.brier(predicted, sample.converted)),
        "ece": _figure(evaluate.ece(predicted, sample.converted)),
    }
    return Head(
        file=registry.PROPENSITY,
        **_parameters(settings),
        signal="stated",
        calibration=_calibration(predicted, sample.probability),
        figures=figures,
    )


def _calibration(predicted: NDArray[np.float64], stated: NDArray[np.float64]) -> Calibration:
    """The trees' own probability, which was taught the stated odds, and about it the distance from them."""
    bands = evaluate.error_bands(predicted, stated, BAND_EDGES, COVERAGE)
    middles = [(low + high) / 2 for low, high in zip((0.0, *BAND_EDGES[:-1]), BAND_EDGES, strict=True)]
    point = 1.0 / (1.0 + np.exp(-MARGINS))
    width = np.interp(point, middles, [half for _, half, _ in bands])
    return Calibration(
        method="sigmoid",
        margins=tuple(map(_figure, MARGINS)),
        low=tuple(map(_figure, np.maximum(0.0, point - width))),
        high=tuple(map(_figure, np.minimum(1.0, point + width))),
        coverage=COVERAGE,
        rows=len(predicted),
    )


def _contract_head(sample: Sample, log_acv: NDArray[np.float64], settings: dict[str, Any]) -> Head:
    residual = np.log(sample.acv_usd) - log_acv
    figures = {
        "held_out": len(residual),
        "r2_of_log": _figure(1 - residual.var() / np.log(sample.acv_usd).var()),
        "median_factor_off": _figure(np.exp(np.median(np.abs(residual)))),
    }
    spread = _spread(residual, ~np.isnan(sample.rows[:, SIZE]))
    return Head(file=registry.ACV, **_parameters(settings), signal="stated", spread=spread, figures=figures)


def _time_head(sample: Sample, log_days: NDArray[np.float64], settings: dict[str, Any]) -> Head:
    """Measured against the stated days themselves, the censored ones too: an invented world knows them."""
    residual = np.log(sample.days) - log_days
    figures = {
        "held_out": len(residual),
        "censored": _figure(np.mean(sample.days > sample.seen_days)),
        "r2_of_log": _figure(1 - residual.var() / np.log(sample.days).var()),
        "median_factor_off": _figure(np.exp(np.median(np.abs(residual)))),
    }
    spread = _spread(residual, ~np.isnan(sample.rows[:, SIZE]))
    return Head(file=registry.TIME, **_parameters(settings), signal="stated", spread=spread, figures=figures)


def _spread(residual: NDArray[np.float64], known: NDArray[np.bool_]) -> Spread:
    """residual: log of actual / predicted; known: whether the company's own size is."""
    groups = {"all": residual, registry.SIZE_KNOWN: residual[known], registry.SIZE_UNKNOWN: residual[~known]}
    return Spread(coverage=COVERAGE, groups={name: _factors(part) for name, part in groups.items()}, rows=len(residual))


def _parameters(settings: dict[str, Any]) -> dict[str, Any]:
    return {"trees": settings["trees"], "parameters": {key: value for key, value in settings.items() if key != "trees"}}


def _factors(residual: NDArray[np.float64]) -> tuple[float, float]:
    """Quantiles of actual / predicted amounts, leaving out as many at either end."""
    outside = (1 - COVERAGE) / 2
    low, high = np.exp(np.quantile(residual, (outside, 1 - outside)))
    return _figure(low), _figure(high)


def _figure(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)
