"""What a button or a form does: who may is asked first, the act is one transaction, the loser gets a private note.

The message itself is never touched here: the act's transaction puts the redrawn one into the outbox.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from fastapi import HTTPException
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from graph.domain.table import RoutingTable
from graph.rules.blocks import FEEDBACK, Message
from graph.rules.may_act import Act, refusal
from graph.rules.message_states import OUTCOMES, TOUCHES
from graph.rules.passing import NoReason, pass_reason
from tools.editing.leave import Leaves, today_of
from tools.store import acts
from tools.store.verdicts import NO_LEAD
from tools.web.bodies import Busy, Few
from tools.web.returning import NOT_STORED, Returning, StreamUnavailable, UnknownLead
from tools.web.slack.answers import joined, note
from tools.web.slack.asking import Asking
from tools.web.slack.callers import Callers, Unknown, Where
from tools.web.slack.forms import PASSING, pass_form, passed_with
from tools.web.slack.payloads import About, Action, Click, Sent, read_about
from tools.web.slack.tasks import Tasks

FORM_FAILED: Final = "Slack did not open the form, and nothing has changed: press Pass again."
UNKNOWN_BUTTON: Final = "This button does nothing any more: look for a newer message about this lead."
COVER_HINT: Final = "To say who covers: /lead away until DAY cover NAME. To take it back: /lead back."
NEXT_OWNER_S: Final = 10.0
_TAPS: Final = {"lead.right.yes": "right", "lead.right.no": "wrong"}
_TOUCH: Final = "lead.touch."


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press about a lead. by: the address for which they act: in a direct message that of the owner whose message it is."""

    action: Action
    click: Click
    lead_id: str
    number: int
    by: str


class Acting:
    """clock: the time now, with its zone; routing: the file in use."""

    def __init__(
        self,
        engine: Engine,
        callers: Callers,
        returning: Returning,
        asking: Asking,
        tasks: Tasks,
        clock: Callable[[], datetime],
        routing: Callable[[], RoutingTable],
        leaves: Leaves,
        few: Few,
    ) -> None:
        self._engine, self._callers, self._returning, self._asking = engine, callers, returning, asking
        self._tasks, self._clock, self._routing = tasks, clock, routing
        self._leaves, self._few = leaves, few

    async def pressed(self, click: Click) -> Message | None:
        """What the person is told privately; None where the message itself will say it."""
        action = click.actions[0]
        if action.action_id == "lead.crm":  # a link: Slack opens it, and tells us
            return None
        about = action.about
        if about is None or about[1] < 1:
            return note(UNKNOWN_BUTTON)
        try:
            by = await self._by(click, about[0])
        except Unknown as error:
            return note(str(error))
        press = Pressed(action, click, *about, by)
        if action.action_id == "lead.why":
            return await self._asking.why(press.lead_id, press.number, by)
        if action.action_id == "lead.why_not":
            return await self._why_not(press)
        return await self._acted(press)

    async def _by(self, click: Click, lead_id: str) -> str:
        """In a direct message only the owner sees it, whatever their Slack account is called."""
        channel = None if click.channel is None else click.channel.id
        if channel is not None and channel.startswith("D"):
            owner = await run_in_threadpool(acts.on_display, self._engine, channel, lead_id)
            if owner is not None:
                return owner
        return await self._callers.colleague(click.user.id)

    async def _why_not(self, press: Pressed) -> Message:
        try:
            other = await self._callers.email_of(press.action.selected_user or "")
        except Unknown:
            return note("Slack does not say who that is.")
        return await self._asking.why_not(press.lead_id, press.number, other)

    async def _acted(self, press: Pressed) -> Message | None:
        held = await run_in_threadpool(acts.look, self._engine, press.lead_id, press.number)
        if held is None:
            return note(NO_LEAD)
        action_id, chosen = press.action.action_id, press.action.chosen
        if action_id == "lead.accept":
            return await self._accept(press, held)
        if action_id == PASSING:
            return await self._open_pass(press, held)
        how = action_id.removeprefix(_TOUCH)
        if action_id.startswith(_TOUCH) and how in TOUCHES:
            return await self._work(press, held, "touch", acts.touch, how)
        if action_id == "lead.close" and chosen in OUTCOMES:
            return await self._work(press, held, "close", acts.close, chosen)
        return await self._judge(press)

    async def _judge(self, press: Pressed) -> Message:
        """An opinion of the overflow menu, or the one tap after the outcome."""
        action_id, chosen = press.action.action_id, press.action.chosen
        code = _TAPS.get(action_id) or (chosen if action_id == "lead.more" and chosen in FEEDBACK else None)
        if code is None:
            return note(UNKNOWN_BUTTON)
        said = await run_in_threadpool(
            acts.feedback, self._engine, press.lead_id, press.number, by=press.by, code=code, now=self._clock()
        )
        return note(said)

    def _refusal(self, act: Act, by: str, held: acts.Held) -> str | None:
        return refusal(act, by, held.owner, self._routing(), held.pool, held.accepted_by)

    async def _accept(self, press: Pressed, held: acts.Held) -> Message | None:
        if held.lost is not None:
            return note(held.lost.sentence)
        if (refused := self._refusal("accept", press.by, held)) is not None:
            return note(refused)
        result = await run_in_threadpool(acts.accept, self._engine, held.lead_id, held.number, press.by, self._clock())
        if result.outcome != "done":
            return note(result.sentence)
        if result.path != "manual_review":
            return None
        return note(joined((result.sentence, await self._returning.approve(held.lead_id, held.number, press.by))))

    async def _work(
        self, press: Pressed, held: acts.Held, act: Act, does: Callable[..., acts.ActResult], code: str
    ) -> Message | None:
        if (refused := self._refusal(act, press.by, held)) is not None:
            return note(refused)
        result = await run_in_threadpool(does, self._engine, held.lead_id, held.number, press.by, code, self._clock())
        return None if result.outcome == "done" else note(result.sentence)

    async def _open_pass(self, press: Pressed, held: acts.Held) -> Message | None:
        if held.lost is not None:
            return note(held.lost.sentence)
        if (refused := self._refusal("pass", press.by, held)) is not None:
            return note(refused)
        channel = None if press.click.channel is None else press.click.channel.id
        about = About(lead_id=held.lead_id, number=held.number, channel=channel, by=press.by)
        title = await self._asking.title(held.lead_id)
        view = pass_form(about, title, self._today(press.by))
        self._tasks.tell(self._open(press.click, view))
        return None

    async def _open(self, click: Click, view: dict[str, object]) -> None:
        if (await self._callers.open_form(click.trigger_id, view)) is not None:
            channel = None if click.channel is None else click.channel.id
            await self._callers.tell(Where(click.user.id, channel, click.response_url), note(FORM_FAILED))

    def _today(self, by: str) -> date:
        return today_of(by, self._routing(), self._clock())

    async def sent(self, sent: Sent) -> dict[str, str]:
        """The form of a pass: what is wrong with each field, nothing once the lead is given back. The person hears of the
        next owner later. Raises HTTPException 400 for a form that is none of ours."""
        if sent.view.callback_id != PASSING:
            raise HTTPException(400, "view.callback_id: is none of this app's forms.")
        about = read_about(sent.view)
        try:
            code, detail, until = passed_with(sent.view)
            reason = pass_reason(code, detail, until, today_of(about.by, self._routing(), self._clock()))
        except NoReason as error:
            return {error.field: str(error)}
        except ValueError:
            return {"until": "This is not a day."}
        held = await run_in_threadpool(acts.look, self._engine, about.lead_id, about.number)
        wrong = NO_LEAD if held is None else held.lost.sentence if held.lost else self._refusal("pass", about.by, held)
        if wrong is not None:
            return {"reason": wrong}
        try:
            submission_id = await self._returning.give_back(about.lead_id, about.number, about.by, reason)
        except UnknownLead:
            return {"reason": NO_LEAD}
        except StreamUnavailable:
            return {"reason": NOT_STORED}
        away = until if code == "cover" and held is not None and held.owner == about.by else None
        self._tasks.tell(self._tell_next(sent, about, submission_id, away))
        return {}

    async def _tell_next(self, sent: Sent, about: About, submission_id: str, away: date | None) -> None:
        """away: the last day for which the owner asked to be covered; a manager who passes a lead on asks for nobody."""
        leave = "" if away is None else await self._leave(about.by, away)
        said = await self._returning.next_owner(submission_id, NEXT_OWNER_S)
        await self._callers.tell(Where(sent.user.id, about.channel), note(joined((said, leave))))

    async def _leave(self, by: str, until: date) -> str:
        """The same leave that `/lead away until DAY` writes."""
        try:
            told = await self._few.run(self._leaves.asked_with_a_pass, by, until, self._today(by), "Slack")
        except Busy:
            told = "No leave was written: the router is busy."
        return joined((told, COVER_HINT))
