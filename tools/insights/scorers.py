"""Who answers: the models in use, as the workers see them; the rule-based scorer where none can, and it says so.

Nothing fails silently. Trains and promotes nothing: workers do. Blocking (it reads files): call it from a thread.
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
from graph.rules.challenge import is_challengers
from tools.embedded.rule_scorer import RuleScorer
from tools.ml.live import AGAIN_EVERY_S, LiveModels
from tools.ml.registry import ModelError, current
from tools.ml.registry.roles import RolesError
from tools.xgb import XgbScorer

log = structlog.get_logger(__name__)
LOOK_EVERY_S: Final = 1.0
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


@dataclass(frozen=True, slots=True)
class Answers:
    """Who answers now: the champion, and for a share (0..1) of the accounts the challenger, drawn as decisions draw them."""

    champion: Answering
    challenger: Answering | None = None
    share: float = 0.0
    salt: str = ""

    def of(self, account: str) -> Answering:
        """account: see `graph.rules.challenge.account_of`."""
        if self.challenger is not None and is_challengers(account, self.salt, self.share):
            return self.challenger
        return self.champion


class CurrentScorer:
    """Safe to use from several threads. models: the folder of all of them; load: makes a scorer of one's folder."""

    def __init__(
        self, models: Path, *, load: Callable[[Path], Scorer] = XgbScorer, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._models, self._load, self._clock = models, load, clock
        self._lock = Lock()
        self._live: LiveModels[Scorer] | None = None
        self._without = Answers(Answering(RULES, "rules"))
        self._look_at = float("-inf")

    def now(self, *, rules_only: bool = False) -> Answers:
        """Who answers a question that is asked now. A model that was chosen and does not load leaves the one before it."""
        if rules_only:
            return Answers(Answering(RULES, "rules"))
        live = self._live or self._opened()
        if live is None:
            return self._without
        serving = live.current()
        challenger = None if serving.challenger is None else Answering(serving.challenger, "model")
        return Answers(Answering(serving.champion, "model"), challenger, serving.share, serving.salt)

    def _opened(self) -> LiveModels[Scorer] | None:
        """None while no model was chosen, or none loads."""
        with self._lock:
            if self._live is None and self._clock() >= self._look_at:
                self._look_at = self._clock() + LOOK_EVERY_S
                try:
                    chosen = current(self._models)
                    if chosen is not None:
                        self._live = LiveModels(self._models, self._clock, self._load, lambda _: chosen)
                        return self._live
                    said = "No model was chosen yet"
                except (ModelError, RolesError, OSError, ValueError) as error:
                    self._look_at = self._clock() + AGAIN_EVERY_S
                    said = "No model can be loaded"
                    log.warning("model_not_loaded", reason=str(error))
                self._without = Answers(Answering(RULES, "rules", (f"{said}; the rule-based scorer answered.",)))
            return self._live
