"""How often what failed is tried again, and what is counted of how effects went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog

from tools.observe import metrics
from tools.stream.outbox import Outcome

log = structlog.get_logger(__name__)

MINUTE, HOUR = 60.0, 3600.0
SCHEDULES: Mapping[str, tuple[float, ...]] = {
    "post_alert": (1, 3, 10, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR),
    "update_alert": (1, 5, 30, 5 * MINUTE, 30 * MINUTE, 2 * HOUR),
    "create_task": (2, 10, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR),
    "ask_judgement": (2, 10, MINUTE, 5 * MINUTE, 30 * MINUTE),  # an opinion that comes later is worth little
    "write_note": (2, 10, MINUTE, 5 * MINUTE),
    "ask_facts": (5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR),  # the first try comes two minutes after the decision
    "nurture_step": (MINUTE, 5 * MINUTE, 30 * MINUTE, *(2 * HOUR,) * 84),  # a mail server may be away for a week
    "accept_missed": (
        1,
        2,
        5,
        10,
        30,
        *(MINUTE,) * 60,
        *(10 * MINUTE,) * 144,
    ),  # the stream's outage is its only failure
    "send_webhook": (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR),
}
DEFAULT_SCHEDULE: tuple[float, ...] = (2, 10, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR, 24 * HOUR)
"""Seconds after each failure, by kind of effect; after the last one it is a dead letter."""


def count(vendor: str, outcomes: Sequence[Outcome]) -> None:
    """A round's outcomes. What can be summed is summed first: each step of a shared counter costs microseconds."""
    now, went = datetime.now(UTC), Counter[tuple[str, str]]()
    for outcome in outcomes:
        effect = outcome.claimed.order.effect
        if outcome.done:
            went[effect.kind, "done"] += 1
            if effect.kind == "post_alert" and effect.at is None:
                metrics.alert_seconds.observe((now - outcome.claimed.accepted_at).total_seconds())
        elif not outcome.untried:
            went[effect.kind, "dead" if outcome.retry_at is None else "retry"] += 1
            _failed(vendor, outcome)
    for (kind, how), number in went.items():
        metrics.effects.labels(vendor, kind, how).inc(number)


def _failed(vendor: str, outcome: Outcome) -> None:
    order, dead = outcome.claimed.order, outcome.retry_at is None
    metrics.vendor_errors.labels(vendor, outcome.error.split(":", 1)[0]).inc()
    if dead:
        metrics.dead_letters.labels("effect").inc()
    log.warning("effect failed", key=order.key, attempt=order.attempt, error=outcome.error, dead=dead)
