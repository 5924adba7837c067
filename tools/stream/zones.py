"""On whose clock somebody is told a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import cache
from typing import Protocol, TypeAlias

import structlog

from graph.domain.table import RoutingTable
from graph.rules.local_time import named_zone
from tools.routing_file.findings import RoutingFileError

log = structlog.get_logger(__name__)
ZoneOf: TypeAlias = Callable[[str], tzinfo]
"""A person's e-mail address -> their zone."""
Zones: TypeAlias = Callable[[], ZoneOf]
"""The zones of now. Asked before a transaction, never inside of one: the file may be read anew, and that is written down."""


class Live(Protocol):
    def current(self) -> RoutingTable: ...


def zone_of(email: str, table: RoutingTable) -> tzinfo:
    """The zone of their working hours, else the file's; of a stranger to the file, the file's."""
    person = table.people_by_email.get(email)
    return named_zone(person.hours.spans[0].zone if person is not None and person.hours.spans else table.timezone)


def in_utc() -> ZoneOf:
    return lambda _email: UTC


def zones_of(routing: Callable[[], Live]) -> Zones:
    """By the file in use, which is opened when somebody is first asked about. UTC while it cannot be read: no reminder waits
    for that."""
    opened = cache(routing)

    def zones() -> ZoneOf:
        try:
            table = opened().current()
        except (OSError, RoutingFileError) as error:
            log.warning("times are told in UTC", error=type(error).__name__)
            return in_utc()
        return lambda email: zone_of(email, table)

    return zones
