"""The command: `/lead mine`, `why`, `away`, `back`, `board`, `help`. Words in, one private answer out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from graph.domain.table import RoutingTable
from graph.rules.blocks import Message, one_line
from tools.editing.days import Unclear, day_in_words
from tools.editing.leave import Leaves, NoLeave, cover_of, today_of
from tools.web.bodies import Busy, Few
from tools.web.slack import answers
from tools.web.slack.asking import BUSY, Asking
from tools.web.slack.callers import Callers, Unknown
from tools.web.slack.payloads import Command

_COVER: Final = re.compile(r"\s+cover(?:ed by|s)?\s+(.*)$", re.IGNORECASE)
_UNTIL: Final = re.compile(r"(?:^|\s)(?:until|till|through|to)(?:\s|$)", re.IGNORECASE)
_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
_LINKED: Final = re.compile(r"<(?:mailto:)?[^<>|]*\|([^<>|]+)>|<mailto:([^<>|]+)>")
_NAME: Final = re.compile(r"/[A-Za-z0-9_-]{1,32}")


class Commands:
    def __init__(
        self,
        callers: Callers,
        asking: Asking,
        leaves: Leaves,
        few: Few,
        clock: Callable[[], datetime],
        routing: Callable[[], RoutingTable],
    ) -> None:
        self._callers, self._asking, self._leaves, self._few = callers, asking, leaves, few
        self._clock, self._routing = clock, routing
        self._verbs = {
            "mine": self._mine,
            "board": self._board,
            "why": self._why,
            "away": self._away,
            "back": self._back,
        }

    async def answered(self, command: Command) -> Message:
        words = _LINKED.sub(lambda found: found[1] or found[2], " ".join(command.text.split()))
        verb, _, rest = words.partition(" ")
        name = command.command if _NAME.fullmatch(command.command) else "/lead"
        does = self._verbs.get(verb.lower())
        if does is None:
            known = verb.lower() in ("", "help")
            return answers.help_message(name, "" if known else f'"{one_line(verb, 40)}" is nothing this command knows.')
        try:
            return await does(await self._callers.colleague(command.user_id), command.user_id, rest)
        except (Unknown, Unclear, NoLeave) as error:
            return answers.note(str(error))
        except Busy:
            return answers.note(BUSY)

    async def _mine(self, by: str, _user_id: str, _rest: str) -> Message:
        return await self._asking.mine(by)

    async def _board(self, by: str, _user_id: str, rest: str) -> Message:
        return await self._asking.board(by, rest)

    async def _why(self, by: str, _user_id: str, rest: str) -> Message:
        named, _, other = rest.partition(" not ")
        lead_id = self._asking.lead_of(named.strip().lower() if "@" in named else named.strip())
        if lead_id is None:
            return answers.note("Say which lead: why, and the e-mail address of the person or the id of the lead.")
        person = await self._person(other) if other.strip() else None
        return await self._asking.why(lead_id, None, by, person)

    async def _person(self, words: str) -> str:
        """The address of a colleague, mentioned or named. Raises Unknown, NoLeave."""
        if mentioned := _MENTION.search(words):
            return await self._callers.email_of(mentioned[1])
        return cover_of(words, self._routing())

    async def _away(self, by: str, user_id: str, rest: str) -> Message:
        today = await self._today(by, user_id)
        found = _COVER.search(f" {rest}")
        words = f" {rest}"[: found.start()].strip() if found else rest
        days = days_away(words, today)
        cover = await self._person(found[1]) if found else None
        told = await self._few.run(self._leaves.away, by, days, cover, today, "Slack")
        return answers.note(told.sentence)

    async def _back(self, by: str, user_id: str, rest: str) -> Message:
        today = await self._today(by, user_id)
        starts = day_in_words(rest, today) if rest else None
        told = await self._few.run(self._leaves.back, by, today, "Slack", starts)
        return answers.note(told.sentence)

    async def _today(self, by: str, user_id: str) -> date:
        user = await self._callers.user(user_id)
        return today_of(by, self._routing(), self._clock(), None if user is None else user.zone)


def days_away(words: str, today: date) -> tuple[date, date]:
    """First and last day of "until friday", "from monday until 24 dec", "tomorrow" (that day alone). Raises Unclear."""
    split = _UNTIL.split(words, maxsplit=1)
    if len(split) == 1:
        day = day_in_words(_begin(words), today)
        return day, day
    begin = _begin(split[0])
    first = day_in_words(begin, today) if begin else today
    return first, day_in_words(split[1], first)


def _begin(words: str) -> str:
    return re.sub(r"^\s*(?:from|on)\s+", "", words, flags=re.IGNORECASE).strip()
