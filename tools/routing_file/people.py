"""Who can get a lead: people, pools, named accounts, and the ways a file names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from graph.domain.table import Account, Member, Person, Pool, Target
from graph.domain.working import Window
from graph.rules.domains import host_of, registrable
from tools.routing_file.fields import Field
from tools.routing_file.findings import closest

_EMAIL: Final = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_POOL: Final = "pool:"


def email_of(value: Field) -> str:
    text = value.text()
    if text and not _EMAIL.fullmatch(text):
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
        first, last = _day(settings.get("from")), _day(settings.get("until"))
        if first is not None and last is not None and first > last:
            settings["until"].fail(f'"until" is before "from" ({first})')
        ends = None if last is None or last == date.max else self._midnight(last + timedelta(days=1))
        return Window(first, last, None if first is None else self._midnight(first), ends)

    def _midnight(self, day: date) -> datetime:
        """The instant at which a day begins in the file's zone, where a clock change may leave midnight out."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def _day(value: Field | None) -> date | None:
    if value is None:
        return None
    text = value.text()
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    if text:
        value.fail(f'"{text}" is not a day; write it as 2026-03-31')
    return None


def parse_people(value: Field | None, team: Team) -> None:
    """Fills the team; managers may be named before they come."""
    read = []
    for entry in [] if value is None else value.entries():
        settings = entry.settings(("email", "slack", "manager", "active"), needed=("email",))
        email = email_of(settings["email"]) if "email" in settings else ""
        if email and email in team.by_email:
            settings["email"].fail(f'"{email}" is the address of {team.by_email[email].id} already')
        active = settings["active"].flag() if "active" in settings else True
        slack = settings["slack"].text() if "slack" in settings else None
        person = Person(entry.key_name(), email, slack, None, active, entry.line)
        team.people[person.id] = team.by_email[email] = person
        read.append((person, settings.get("manager")))
    for person, manager in read:
        if manager is not None:
            named = team.owner(manager).email
            if named == person.email and named:
                manager.fail("nobody is their own manager")
            team.people[person.id] = team.by_email[person.email] = Person(
                person.id, person.email, person.slack, named, person.active, person.line
            )


def parse_pools(value: Field | None, team: Team) -> dict[str, Pool]:
    entries = [] if value is None else value.entries()
    team.pool_names = frozenset(entry.key for entry in entries)
    pools, heirs = {}, {}
    for entry in entries:
        settings = entry.settings(("members", "if_none"), needed=("members",))
        before = len(entry.draft.findings)
        members = _members(settings["members"], team) if "members" in settings else ()
        heir = settings.get("if_none")
        understood = members and len(entry.draft.findings) == before
        if understood and heir is None and not any(member.active and member.weight for member in members):
            entry.fail('nobody in the pool can take a turn, and "if_none" is missing', at_key=True)
        if heir is not None:
            heirs[entry.key] = heir
        pools[entry.key] = Pool(entry.key_name(), members, None if heir is None else team.target(heir), entry.line)
    for name, heir in heirs.items():
        _check_heirs(name, heir, pools)
    return pools


def _check_heirs(name: str, heir: Field, pools: Mapping[str, Pool]) -> None:
    seen, now = [name], pools[name].if_none
    while now is not None and now.pool is not None and now.pool in pools:
        if now.pool == name:
            heir.fail(f"the pools hand over in a circle: {' > '.join((*seen, name))}")
        if now.pool in seen:
            return
        seen.append(now.pool)
        now = pools[now.pool].if_none


def _members(value: Field, team: Team) -> tuple[Member, ...]:
    """`["ana", "ben"]`, `{"ana": 2, "ben": 1}` or `{"ana": {"weight": 2, "until": "2026-06-30"}}`."""
    found: dict[str, Member] = {}
    listed = value.node.items is not None
    for entry in value.items() if listed else value.entries():
        owner = team.owner(entry) if listed else _keyed(entry, team)
        email = owner.email or ""
        if email and email in found:
            entry.fail(f"{email} is in the pool twice", at_key=True)
        weight, window = (1, None) if listed else _weight(entry, team)
        person = team.by_email.get(email)
        found[email] = Member(email, weight, person is None or person.active, owner.person, window)
    if not listed and value.node.members == []:
        value.fail("the pool has no members")
    return tuple(found.values())


def _keyed(entry: Field, team: Team) -> Target:
    """A member named by the key of its weight."""
    if entry.key in team.people:
        return Target(team.people[entry.key].email, entry.key)
    email = entry.key.lower()
    if _EMAIL.fullmatch(entry.key):
        person = team.by_email.get(email)
        return Target(email, None if person is None else person.id)
    entry.fail(f'person "{entry.key}" does not exist', closest(entry.key, team.people), at_key=True)
    return Target("")


def _weight(entry: Field, team: Team) -> tuple[int, Window | None]:
    if entry.node.members is None:
        return entry.whole(0, 1000), None
    settings = entry.settings(("weight", "from", "until"))
    weight = settings["weight"].whole(0, 1000) if "weight" in settings else 1
    return weight, team.window(settings)


def parse_accounts(value: Field | None, team: Team) -> tuple[Account, ...]:
    found: dict[str, Account] = {}
    for entry in [] if value is None else value.entries():
        settings = entry.settings(("owner", "family", "why", "from", "until"), needed=("owner",))
        host = host_of(entry.key)
        company = registrable(host) if host else None
        if host is None or company is None:
            entry.fail(f'"{entry.key}" is not the domain of a company', at_key=True)
            continue
        if host in found:
            entry.fail(f"{host} is named twice, first in line {found[host].line}", at_key=True)
        found[host] = Account(
            domain=host,
            registrable=company,
            owner=team.owner(settings["owner"]) if "owner" in settings else Target(""),
            family=settings["family"].flag() if "family" in settings else False,
            why=settings["why"].text() if "why" in settings else None,
            window=team.window(settings),
            line=entry.line,
        )
    return tuple(found.values())
