"""POST /slack/interactions and /slack/commands: verified, answered within three seconds whatever happens, then worked on.

The act itself (a transaction of milliseconds) is done before the answer, within DEADLINE_S; what is late goes on and is told
privately. Web API calls always come after the answer. Why: infra/docs/adr/0023-acts-before-the-answer.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from typing import Any, Final, TypeVar

import orjson
import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from redis.asyncio import Redis

from graph.rules.blocks import Message
from tools.observe import metrics
from tools.web.slack import answers
from tools.web.slack.acting import Acting
from tools.web.slack.callers import Callers, Where
from tools.web.slack.commands import Commands
from tools.web.slack.payloads import Click, Command, Sent, read_about, read_command, read_payload
from tools.web.slack.tasks import Tasks
from tools.web.slack.verifying import Verifying

log = structlog.get_logger(__name__)
T = TypeVar("T")
DEADLINE_S: Final = 2.0
OFF: Final = (
    "Buttons and commands of Slack are off: set SLACK_SIGNING_SECRET to the app's Signing Secret, as "
    "infra/docs/slack-actions.md says."
)
FAILED: Final = (
    "That failed on our side, and nothing is known to have changed: look at the lead, and try again in a moment."
)
WAIT: Final = "One moment: the answer follows."
_SCHEMA: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}},
    }
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "The body is not what Slack sends."},
    401: {"description": "The signature is not Slack's, or older than five minutes."},
    404: {"description": "SLACK_SIGNING_SECRET is not set."},
    413: {"description": "The body is too large."},
}


class SlackSide:
    """One for an application."""

    def __init__(
        self,
        verifying: Verifying,
        acting: Acting,
        commands: Commands,
        callers: Callers,
        tasks: Tasks,
        redis: Redis,
        deadline_s: float,
    ) -> None:
        self._verifying, self._acting, self._commands = verifying, acting, commands
        self._callers, self._tasks, self._redis, self._deadline_s = callers, tasks, redis, deadline_s

    async def interaction(self, request: Request) -> Response:
        form = await self._verifying.form(request)
        if form is None:
            return _again("click")
        payload = read_payload(form)
        if isinstance(payload, Click):
            return await self._click(payload)
        return await self._sent(payload) if isinstance(payload, Sent) else Response()

    async def command(self, request: Request) -> Response:
        form = await self._verifying.form(request)
        if form is None:
            return _again("command")
        if "ssl_check" in form:  # Slack looks whether the address answers
            return Response()
        asked: Command = read_command(form)
        where = Where(asked.user_id, asked.channel_id, asked.response_url)
        message = await self._within("command", self._commands.answered(asked), where)
        return _json({"response_type": "ephemeral", **(message or answers.note(WAIT))})

    async def _click(self, click: Click) -> Response:
        where = Where(click.user.id, click.channel.id if click.channel else None, click.response_url)
        message = await self._within("click", self._acting.pressed(click), where)
        if message is not None:
            self._tasks.tell(self._callers.tell(where, message))
        return Response()

    async def _sent(self, sent: Sent) -> Response:
        async def late(errors: dict[str, str] | None) -> None:
            if errors:
                await self._callers.tell(_where(sent), answers.note(answers.joined(errors.values())))

        work = _caught("form", self._acting.sent(sent), {"reason": FAILED})
        errors = await self._tasks.within(work, self._deadline_s, late)
        if errors is None:
            metrics.slack_requests.labels("form", "late").inc()
        return _json({"response_action": "errors", "errors": errors}) if errors else Response()

    async def _within(self, kind: str, work: Coroutine[Any, Any, Message | None], where: Where) -> Message | None:
        """What to tell; None where nothing is to be told, or not yet."""

        async def late(found: tuple[Message | None]) -> None:
            metrics.slack_requests.labels(kind, "late").inc()
            if found[0] is not None:
                await self._callers.tell(where, found[0])

        async def boxed() -> tuple[Message | None]:
            return (await _caught(kind, work, answers.note(FAILED)),)

        found = await self._tasks.within(boxed(), self._deadline_s, late)
        return None if found is None else found[0]

    async def aclose(self) -> None:
        await self._tasks.aclose()
        self._callers.close()
        await self._redis.aclose()


async def _caught(kind: str, work: Awaitable[T], failed: T) -> T:
    """Slack is answered whatever happens; the person hears that it failed. What Slack sent wrongly is its own error."""
    try:
        found = await work
    except HTTPException:
        raise
    except Exception as error:  # noqa: BLE001 - a button that answers 500 shows a warning triangle and says nothing
        metrics.slack_requests.labels(kind, "failed").inc()
        log.warning("slack_act_failed", kind=kind, error=type(error).__name__)
        return failed
    metrics.slack_requests.labels(kind, "ok").inc()
    return found


def slack_router(side: SlackSide | None) -> APIRouter:
    """side: None where no signing secret is set; the routes then say so."""
    router = APIRouter(prefix="/slack", tags=["slack"])

    @router.post("/interactions", responses=_ANSWERS, openapi_extra=_SCHEMA)
    async def interactions(request: Request) -> Response:
        """A button, a menu or a form in Slack. Signed by Slack; answered within three seconds."""
        return await _configured(side).interaction(request)

    @router.post("/commands", responses=_ANSWERS, openapi_extra=_SCHEMA)
    async def commands(request: Request) -> Response:
        """The command `/lead`. Signed by Slack; the answer is private."""
        return await _configured(side).command(request)

    return router


def _configured(side: SlackSide | None) -> SlackSide:
    if side is None:
        raise HTTPException(404, OFF)
    return side


def _where(sent: Sent) -> Where:
    return Where(sent.user.id, read_about(sent.view).channel)


def _again(kind: str) -> Response:
    metrics.slack_requests.labels(kind, "replayed").inc()
    return Response()


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), 200, media_type="application/json")
