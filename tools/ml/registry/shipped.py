"""The bootstrap model that ships with the product, so that a first start need not train it: a folder as `tools/ml/train.py`
makes it, put there by `tools/ml/shipping.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import structlog

from tools.ml.registry.folders import CARD, ModelError, load, save

log = structlog.get_logger()
FOLDER: Final = Path(__file__).parents[1] / "data" / "bootstrap"


def put(root: Path, folder: Path = FOLDER) -> Path | None:
    """Copies the shipped model under `root` and returns its folder there. None when none ships, or it does not load here
    (other features, an older xgboost): the log says why, and the caller trains one."""
    for card in folder.glob(f"*/{CARD}"):
        try:
            model = load(card.parent)
        except ModelError as error:
            log.warning("shipped_model_not_used", reason=str(error))
        else:
            return save(root, model.card, model.files)
    return None
