"""The names a routing file uses for who gets a lead, and the days on which something holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from graph.domain.table import Person, Target
from graph.domain.working import Window
from tools.routing_file.fields import Field
from tools.routing_file.findings import closest

EMAIL: Final = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+")
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_POOL: Final = "pool:"


def email_of(value: Field) -> str:
    text = value.text()
    if text and not EMAIL.fullmatch(text):
        value.fail(f'"{text}" is not an e-mail address')
    return text.lower()


@dataclass(slots=True)
class Team:
    """The names that targets may use, filled while the file is read."""

    zone: ZoneInfo
    people: dict[str, Person] = field(default_factory=dict)
    by_email: dict[str, Person] = field(default_factory=dict)
    pool_names: frozenset[str] = frozenset()

    def owner(self, value: Field) -> Target:
        """One person: an id or an address."""
        text = value.text()
        if text in self.people:
            return Target(self.people[text].email, text)
        if "@" in text:
            email = email_of(value)
            person = self.by_email.get(email)
            return Target(email, None if person is None else person.id)
        if text.startswith(_POOL) or text in self.pool_names:
            value.fail("a pool cannot stand here; name one person or an e-mail address")
        elif text:
            value.fail(f'person "{text}" does not exist', closest(text, self.people))
        return Target("")

    def target(self, value: Field) -> Target:
        """One person or `pool:name`."""
        written = value.node.value
        if not isinstance(written, str) or "@" in written or written.strip() in self.people:
            return self.owner(value)
        text = written.strip()
        if not text.startswith(_POOL):
            names = [*self.people, *(_POOL + name for name in sorted(self.pool_names))]
            if text:
                meant = _POOL + text if text in self.pool_names else closest(text, names)
                value.fail(f'person "{text}" does not exist', meant)
                return Target("")
            return self.owner(value)
        name = text.removeprefix(_POOL).strip()
        if name not in self.pool_names:
            value.fail(f'pool "{name}" does not exist', closest(name, sorted(self.pool_names)))
        return Target(pool=name)

    def window(self, settings: Mapping[str, Field]) -> Window | None:
        """`from` and `until`, both days included, as instants."""
        if "from" not in settings and "until" not in settings:
            return None
        first, last = day_of(settings.get("from")), day_of(settings.get("until"))
        if first is not None and last is not None and first > last:
            settings["until"].fail(f'"until" is before "from" ({first})')
        ends = None if last is None or last == date.max else self._midnight(last + timedelta(days=1))
        return Window(first, last, None if first is None else self._midnight(first), ends)

    def _midnight(self, day: date) -> datetime:
        """The instant at which a day begins in the file's zone, where a clock change may leave midnight out."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def day_of(value: Field | None) -> date | None:
    if value is None:
        return None
    text = value.text()
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    if text:
        value.fail(f'"{text}" is not a day; write it as 2026-03-31')
    return None
