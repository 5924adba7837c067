"""What performers of late answers share: whether the decision asked about still stands, a note in its owner's thread, and
the way back into the stream.

A late answer is about one revision: when the lead has a newer one, or an outcome, nothing happens any more. Performed
twice, after a crash, the same keys are written again and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import Connection, Engine, Row

from graph.domain.effects import UpdateAlert
from graph.domain.lead import Submission
from graph.ports import Order, Receipt, VendorError
from tools.clock import utc_now
from tools.observe import metrics
from tools.store.redraw import redraw, shown, standing
from tools.stream.again import UnknownLead, again, late, send
from tools.stream.inbox import Inbox, StreamUnavailable

T = TypeVar("T")
STALE: Final = Receipt("not needed", repeated=True)
"""The lead has a newer decision, or is closed."""


class Late:
    """clock: for what is written now."""

    def __init__(
        self, engine: Engine, executor: Executor, inbox: Inbox, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.engine, self._writes = engine, engine.execution_options(immediate=True)
        self._executor, self._inbox, self.clock = executor, inbox, clock

    def standing(self, order: Order, number: int) -> Row[Any] | None:
        """The assignment, where the order's revision is the lead's newest and the lead has no outcome yet."""
        with self.engine.connect() as connection:
            return _newest(connection, order, number)

    def noted(self, order: Order, number: int, name: str, note: str) -> str:
        """The note goes into the thread of whoever has the alert, once for each revision and name. Returns what became of
        it: noted, stale, no_alert."""
        with self._writes.begin() as connection:
            state = _newest(connection, order, number)
            if state is None:
                return "stale"
            if shown(connection, state) is None:
                return "no_alert"
            update = UpdateAlert(state.owner, state.number, {}, note)
            redraw(connection, state, name, update, self.clock(), order.revision)
            return "noted"

    async def anew(self, order: Order, cause: Literal["judged", "enriched", "activity"], note: str) -> Receipt:
        """Through the stream, like every decision. The worker drops it where a newer decision was faster. Raises
        VendorError for a stream that is away."""
        try:
            newest: Submission = await self.thread(again, self.engine, order.lead_id, cause)
        except UnknownLead:
            raise VendorError("unknown_lead", "no decision of it is recorded", permanent=True) from None
        submission = late(newest, cause, order.revision, note)
        try:
            accepted = await send(self._inbox, submission)
        except StreamUnavailable as error:
            raise VendorError("stream_unavailable", error.reason) from None
        receipt = Receipt(submission.submission_id, repeated=not accepted.new)
        return self.counted(order, "anew", receipt) if accepted.new else receipt

    def counted(self, order: Order, outcome: str, receipt: Receipt | None = None) -> Receipt:
        metrics.late_answers.labels(order.effect.kind, outcome).inc()
        return receipt or Receipt(outcome)

    async def thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


def _newest(connection: Connection, order: Order, number: int) -> Row[Any] | None:
    state = standing(connection, order.lead_id, number)
    if state is None or state.revision != order.revision or state.state == "closed":
        return None
    return state
