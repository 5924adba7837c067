"""A round of orders in few calls: of every lead its first order, those of one kind together, then its next one.

Orders of a lead keep their order: behind one that failed for now nothing of its lead is tried. What the round has no time
for, or the portal's limit no room, is left untried for the next one. Never talks to HubSpot itself.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import structlog

from graph.ports import Order, Receipt, Untried, VendorError

log = structlog.get_logger(__name__)
Answer: TypeAlias = Receipt | Exception
Perform: TypeAlias = Callable[[Sequence[Order]], Mapping[str, Receipt | VendorError]]
"""Orders of one kind, at most one a lead; an answer by the key of each."""
KINDS: Final = ("upsert_company", "upsert_contact", "assign_owner", "create_task", "log_note")
_SHARE: Final = 0.8
"""Of a round's time after which nothing new is begun."""


def perform_in_waves(orders: Sequence[Order], by_kind: Mapping[str, Perform], seconds: float) -> list[Answer]:
    """One answer for each order, in order."""
    answers: dict[str, Answer] = {}
    waiting: dict[str, deque[Order]] = {}
    for order in orders:
        if order.effect.kind in by_kind:
            waiting.setdefault(order.lead_id, deque()).append(order)
        else:
            answers[order.key] = VendorError(
                "unsupported_effect", f"HubSpot performs no {order.effect.kind}", permanent=True
            )
    ends = time.monotonic() + _SHARE * seconds
    while waiting and time.monotonic() < ends:
        kind = min((queue[0].effect.kind for queue in waiting.values()), key=KINDS.index)
        wave = [queue[0] for queue in waiting.values() if queue[0].effect.kind == kind]
        found = _wave(by_kind[kind], wave)
        for order in wave:
            answer = found[order.key]
            answers[order.key] = answer
            queue = waiting[order.lead_id]
            queue.popleft()
            if not isinstance(answer, Receipt) and not (isinstance(answer, VendorError) and answer.permanent):
                answers |= {later.key: Untried() for later in queue}
                queue.clear()
            if not queue:
                del waiting[order.lead_id]
    answers |= {order.key: Untried() for queue in waiting.values() for order in queue}
    return [answers[order.key] for order in orders]


def _wave(perform: Perform, wave: Sequence[Order]) -> dict[str, Answer]:
    try:
        found: Mapping[str, Answer] = perform(wave)
    except VendorError as error:
        found = {order.key: error for order in wave}
    except Exception as error:
        log.exception("a wave broke", kind=wave[0].effect.kind)
        found = {order.key: error for order in wave}
    return {key: _begun(answer) for key, answer in found.items()}


def _begun(answer: Answer) -> Answer:
    """A call that was never made is no attempt."""
    if isinstance(answer, VendorError) and answer.code == "busy":
        return Untried(answer.retry_after_s)
    return answer
