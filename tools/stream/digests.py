"""Looks twice a minute whether somebody's digest is due, and has it made; one task of the dispatcher.

Due is the latest of the settings' hours on the reader's own clock, while they work (`graph.rules.digest.part_of`). It may
run in any number of dispatchers: the store makes each digest once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from graph.domain.table import RoutingTable
from graph.rules.calendars import calendars_of
from graph.rules.digest import part_of
from tools.clock import utc_now
from tools.observe.why import why
from tools.routing_file.findings import RoutingFileError
from tools.store.digests import make_digest
from tools.stream.zones import zone_of

log = structlog.get_logger(__name__)
LOOK_S = 30.0


class Live(Protocol):
    def current(self) -> RoutingTable: ...


class Digests:
    """hours: on each reader's clock; none of them, no digests. routing: the file in use: who there is, when they work. It is
    opened at the first look, so that nothing else waits for it."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        routing: Callable[[], Live],
        hours: Sequence[int],
        public_url: str,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine, self._executor, self._routing = engine, executor, routing
        self._hours, self._public_url, self._clock = tuple(hours), public_url, clock
        self._made: dict[str, str] = {}

    async def run(self, *, once: bool = False) -> None:
        """Until cancelled, or one look. A store or a file that is away is asked again at the next one."""
        while self._hours:
            if not once:
                await asyncio.sleep(LOOK_S)  # first of all: a start has enough to do
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, self.once)
            except (SQLAlchemyError, OSError, RoutingFileError) as error:
                log.warning("digests wait", error=why(error))
            if once:
                return

    def once(self) -> int:
        """Makes what is due now; returns how many digests tell of something. Blocking."""
        table, now = self._routing().current(), self._clock()
        calendars, made = calendars_of(table), 0
        for person in table.people.values():
            if not person.active or calendars.away(person.email, now) is not None:
                continue
            zone = zone_of(person.email, table)
            part = part_of(calendars.of(person.email), zone, self._hours, now)
            if part is None or self._made.get(person.email) == part:
                continue
            made += make_digest(
                self._engine,
                person.email,
                part,
                now,
                team=[one.email for one in table.people.values() if one.manager == person.email and one.active],
                zone=zone,
                channel=person.slack,
                public_url=self._public_url,
            )
            self._made[person.email] = part
        return made
