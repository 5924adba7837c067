"""A lead that somebody gives back, or lets go on: stored durably in the stream, then waited for as long as the asker can."""

from __future__ import annotations

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from tools.stream.again import UnknownLead, again, passed, send
from tools.stream.inbox import Inbox, StreamUnavailable
from tools.web.waiting import Decisions

NOT_STORED = "The pass could not be stored: nothing has changed, pass it again in a moment."


class Returning:
    """One for an application; its parts are opened and closed by it."""

    def __init__(self, engine: Engine, inbox: Inbox, decisions: Decisions) -> None:
        self._engine, self._inbox, self._decisions = engine, inbox, decisions

    async def give_back(self, lead_id: str, number: int, by: str, reason: str) -> str:
        """The submission that ends this assignment; its id. Taken once however often it is sent. Raises UnknownLead,
        StreamUnavailable."""
        newest = await run_in_threadpool(again, self._engine, lead_id, "pass")
        submission = passed(newest, number, by, reason)
        await send(self._inbox, submission)
        return submission.submission_id

    async def next_owner(self, submission_id: str, wait_s: float) -> str:
        """Who has the lead now, in a sentence."""
        outcome = await self._decisions.wait(submission_id, wait_s)
        if outcome is None:
            return "The pass is noted; the next owner is being found."
        return f"Passed on: {outcome['owner']} has it now."

    async def pass_on(self, lead_id: str, number: int, by: str, reason: str) -> str:
        """Both; answers what the page shows. Raises UnknownLead."""
        try:
            submission_id = await self.give_back(lead_id, number, by, reason)
        except StreamUnavailable:
            return NOT_STORED
        return await self.next_owner(submission_id, 3.0)

    async def approve(self, lead_id: str, number: int, by: str) -> str:  # noqa: ARG002 - the acceptance says who
        """A lead that was held for review goes the ordinary way; answers what the page shows."""
        once = f"approved:{lead_id}:{number}"  # whoever of its holder's team clicked: one approval an assignment
        submission = await run_in_threadpool(again, self._engine, lead_id, "approved", once)
        try:
            await send(self._inbox, submission)
        except StreamUnavailable:
            return f"The stream is away, so it waits: POST /admin/retry/{lead_id} sends it on to the CRM later."
        return "It goes to the CRM now."


__all__ = ["NOT_STORED", "Returning", "StreamUnavailable", "UnknownLead"]
