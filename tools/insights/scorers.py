"""The model that answers: whichever is current, loaded when it is first needed and again when another is promoted.

Where none can be loaded, or the loaded one fails, the rule-based scorer answers and says so; nothing fails silently.
Blocking (it reads files): call it from a thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from graph.domain.scoring import ModelOutput
from graph.ports import Scorer
from tools.embedded.rule_scorer import RuleScorer
from tools.ml.registry import ModelError, current
from tools.xgb import XgbScorer

log = structlog.get_logger(__name__)
LOOK_EVERY_S: Final = 1.0
AGAIN_S: Final = 10.0
"""A model that could not be loaded is tried again after this long, or as soon as another one is current."""
RULES: Final = RuleScorer()


@dataclass(frozen=True, slots=True)
class Answering:
    """The scorer that answers now. source: `rules` where the model was not asked for or cannot answer; warnings: why."""

    scorer: Scorer
    source: Literal["model", "rules"]
    warnings: tuple[str, ...] = ()

    def score(self, rows: NDArray[np.float32]) -> tuple[Sequence[ModelOutput], Answering]:
        """The outputs, and who gave them: the rules where the model fails on these rows."""
        try:
            return self.scorer.score(rows), self
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a model, the lead still gets a score
            log.warning("model_failed", model=self.scorer.digest, error=type(error).__name__)
            said = f"The model {self.scorer.name} failed ({type(error).__name__}); the rule-based scorer answered."
            return RULES.score(rows), Answering(RULES, "rules", (*self.warnings, said))


class CurrentScorer:
    """Safe to use from several threads. load: makes a scorer of a model's folder; current: names the folder that serves."""

    def __init__(
        self,
        models: Path,
        *,
        load: Callable[[Path], Scorer] = XgbScorer,
        current: Callable[[Path], Path | None] = current,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models, self._load, self._current, self._clock = models, load, current, clock
        self._lock = Lock()
        self._chosen: Path | None = None
        self._held = Answering(RULES, "rules")
        self._look_at = self._retry_at = float("-inf")

    def now(self, *, rules_only: bool = False) -> Answering:
        """Who answers a question that is asked now."""
        if rules_only:
            return Answering(RULES, "rules")
        with self._lock:
            if self._clock() >= self._look_at:
                self._look()
                self._look_at = self._clock() + LOOK_EVERY_S
            return self._held

    def _look(self) -> None:
        try:
            chosen = self._current(self._models)
        except Exception as error:  # noqa: BLE001 - whatever hides which model serves, the lead still gets a score
            self._chosen = None
            self._rules("The current model is not known", "models", error)
            return
        if chosen is None:
            self._chosen = None
            self._held = Answering(RULES, "rules", ("No model was chosen yet; the rule-based scorer answered.",))
            return
        failed = self._held.source == "rules"
        if chosen == self._chosen and not (failed and self._clock() >= self._retry_at):
            return
        self._chosen = chosen
        try:
            self._held = Answering(self._load(chosen), "model")
        except (ModelError, OSError, ValueError) as error:
            self._rules(f"The model {chosen.name} cannot be loaded", chosen.name, error)
            self._retry_at = self._clock() + AGAIN_S

    def _rules(self, said: str, model: str, error: Exception) -> None:
        log.warning("model_not_loaded", model=model, reason=str(error))
        self._held = Answering(RULES, "rules", (f"{said}; the rule-based scorer answered.",))
