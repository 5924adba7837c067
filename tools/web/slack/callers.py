"""Who it is that clicks or asks: a Slack user id becomes an address that the routing file knows. Decides nothing about leads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from graph.domain.table import RoutingTable
from graph.ports import VendorError
from graph.rules.blocks import Message
from graph.rules.may_act import named

if TYPE_CHECKING:
    from tools.slack.people import SlackPeople, SlackUser

log = structlog.get_logger(__name__)
T = TypeVar("T")
NO_ADDRESS = (
    "Slack shows no e-mail address of yours, so the router cannot tell who you are. Have your member id written as `slack` "
    "beside your name in the routing file."
)


class Unknown(Exception):
    """Nobody the router knows; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Where:
    """How to answer somebody privately."""

    user: str
    channel: str | None = None
    response_url: str | None = None


class Callers:
    """people: Slack's own directory; routing: the file in use. Calls of Slack have threads of their own, so that a Slack that
    hangs holds up no act."""

    def __init__(self, people: SlackPeople, routing: Callable[[], RoutingTable], threads: int = 8) -> None:
        self._people, self._routing = people, routing
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="slack-web")

    async def email_of(self, user_id: str) -> str:
        """Their address: the routing file's for a member id that it writes, else Slack's. Raises Unknown."""
        table = self._routing()
        for person in table.people.values():
            if person.slack == user_id and person.active:
                return person.email
        user = await self.user(user_id)
        if user is None:
            raise Unknown("Slack did not say who you are: nothing has changed. Try again in a moment.")
        if user.email is None:
            raise Unknown(NO_ADDRESS)
        return user.email

    async def colleague(self, user_id: str) -> str:
        """The same of somebody whom the routing file names: who is on it may act and ask. Raises Unknown."""
        email = await self.email_of(user_id)
        if email not in named(self._routing()):
            raise Unknown(
                f"{email} is not in the routing file, so leads are none of its business: RevOps adds you there."
            )
        return email

    async def user(self, user_id: str) -> SlackUser | None:
        """None where Slack does not say."""
        try:
            return await self._run(self._people.user, user_id)
        except VendorError as error:
            log.warning("slack_user_unknown", error=error.code)
            return None

    async def tell(self, where: Where, message: Message) -> None:
        """Privately: by the address that came with the click, else in the conversation. What cannot be told is logged."""
        try:
            if where.response_url is not None:
                try:
                    return await self._run(self._people.reply, where.response_url, message)
                except VendorError:
                    if where.channel is None:
                        raise
            if where.channel is not None:
                await self._run(self._people.whisper, where.channel, where.user, message)
        except VendorError as error:
            log.warning("slack_note_lost", error=error.code)

    async def open_form(self, trigger_id: str, view: dict[str, Any]) -> VendorError | None:
        """None once it is open."""
        try:
            await self._run(self._people.open_form, trigger_id, view)
        except VendorError as error:
            return error
        return None

    async def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    def close(self) -> None:
        """Calls under way end by themselves, within the timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)
