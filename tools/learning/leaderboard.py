"""How well scores came true: by the model that gave them, the month and the tier, over leads whose window is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from tools.ml.evaluate import auc, brier
from tools.ml.history_rows import History, PastLead, converted, matured

TIERS: Final = ("top", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Row:
    """leads of one model and period (a month, or `all`) and tier (or `all`). promised: mean probability shown to people,
    after the judgement; came: share converted; sigmas: how far the two are apart, in standard errors of the promise;
    brier, auc: of the model's own propensity, for whole tiers only."""

    model: str
    period: str
    tier: str
    leads: int
    converted: int
    promised: float
    came: float
    sigmas: float
    brier: float | None = None
    auc: float | None = None


def leaderboard(history: History, now: datetime, window: timedelta) -> list[Row]:
    """Models with the lowest Brier score over all their leads first."""
    ripe = matured(history, now, window)
    by_model: dict[str, list[PastLead]] = {}
    for lead in ripe.leads:
        by_model.setdefault(lead.model, []).append(lead)
    blocks = [list(_of_model(model, leads, window)) for model, leads in by_model.items()]
    return [row for block in sorted(blocks, key=lambda block: (block[0].brier or 0.0, block[0].model)) for row in block]


def _of_model(model: str, leads: list[PastLead], window: timedelta) -> Iterator[Row]:
    yield _row(model, "all", "all", leads, window)
    for tier in TIERS:
        if held := [lead for lead in leads if lead.tier == tier]:
            yield _row(model, "all", tier, held, window)
    months: dict[str, list[PastLead]] = {}
    for lead in leads:
        months.setdefault(f"{lead.received_at:%Y-%m}", []).append(lead)
    for month in sorted(months):
        yield _row(model, month, "all", months[month], window)


def _row(model: str, period: str, tier: str, leads: list[PastLead], window: timedelta) -> Row:
    label = converted(leads, window)
    promised = np.array([lead.probability for lead in leads])
    own = np.array([lead.propensity for lead in leads])
    spread = float(np.sqrt(np.sum(promised * (1 - promised))))
    area = auc(own, label) if tier == "all" else float("nan")
    return Row(
        model=model,
        period=period,
        tier=tier,
        leads=len(leads),
        converted=int(label.sum()),
        promised=float(promised.mean()),
        came=float(label.mean()),
        sigmas=float((label.sum() - promised.sum()) / spread) if spread else 0.0,
        brier=brier(own, label) if tier == "all" else None,
        auc=None if np.isnan(area) else area,
    )
