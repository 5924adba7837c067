"""What the commands about learning share: the plan that the settings make, and errors as text and exit code."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.learning.retraining import Plan
    from tools.settings import Settings


def plan_of(settings: Settings) -> Plan:
    from tools.learning.retraining import Plan
    from tools.ml.promotion import Rules

    rules = Rules(settings.promote_alpha, settings.promote_least_leads, settings.promote_least_converted)
    return Plan(
        window=window_of(settings),
        rules=rules,
        share=settings.retrain_share,
        promotes=settings.retrain_promote,
        keep=settings.retrain_keep,
    )


def window_of(settings: Settings) -> timedelta:
    return timedelta(days=settings.conversion_window_d)


def whoever() -> str:
    """Who types this, for the log, unless they say it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


def told(run: Callable[[], int]) -> int:
    """The command's exit code; what it could not do is said on standard error, with code 1."""
    from tools.ml.registry import ModelError
    from tools.ml.registry.roles import RolesError
    from tools.ml.router_model import NothingLearned, TooFewOutcomes

    try:
        return run()
    except (ModelError, RolesError, TooFewOutcomes, NothingLearned) as error:
        print(error, file=sys.stderr)
        return 1


def progress(doing: str, share: float) -> None:
    """A line that renews itself, for people who watch."""
    if sys.stderr.isatty():
        print(f"\r{doing:60.60} {share:4.0%}", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)
