"""Who can get a lead: people, pools and named accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast, get_args

from graph.domain.table import Account, Member, Person, Pool, Target
from graph.domain.working import OffHours, Window
from graph.rules.domains import host_of, registrable
from tools.routing_file.fields import Field
from tools.routing_file.findings import closest
from tools.routing_file.team import EMAIL, Team, email_of
from tools.routing_file.working import parse_caps, parse_holidays, parse_hours, parse_leave

_PERSON: Final = ("email", "slack", "manager", "active", "hours", "holidays", "ooo", "max_open")
_POOL: Final = ("members", "if_none", "cap", "off_hours", "holidays", "channel")


def parse_people(value: Field | None, team: Team) -> None:
    """Fills the team; managers and covers may be named before they come."""
    read = []
    for entry in [] if value is None else value.entries():
        settings = entry.settings(_PERSON, needed=("email",))
        email = email_of(settings["email"]) if "email" in settings else ""
        if email and email in team.by_email:
            settings["email"].fail(f'"{email}" is the address of {team.by_email[email].id} already')
        person = Person(
            id=entry.key_name(),
            email=email,
            slack=settings["slack"].text() if "slack" in settings else None,
            manager=None,
            active=settings["active"].flag() if "active" in settings else True,
            line=entry.line,
            hours=parse_hours(settings.get("hours"), team.zone),
            holidays=parse_holidays(settings.get("holidays")),
            max_open=settings["max_open"].whole(0, 1_000_000) if "max_open" in settings else None,
        )
        team.people[person.id] = team.by_email[email] = person
        read.append((person, settings))
    for person, settings in read:
        complete = replace(
            person,
            manager=_manager(settings["manager"], person, team) if "manager" in settings else None,
            leave=parse_leave(settings.get("ooo"), team, person.id),
        )
        team.people[person.id] = team.by_email[person.email] = complete


def _manager(field: Field, person: Person, team: Team) -> str | None:
    named = team.owner(field).email
    if named == person.email and named:
        field.fail("nobody is their own manager")
    return named


def parse_pools(value: Field | None, team: Team) -> dict[str, Pool]:
    entries = [] if value is None else value.entries()
    team.pool_names = frozenset(entry.key for entry in entries)
    pools, heirs = {}, {}
    for entry in entries:
        settings = entry.settings(_POOL, needed=("members",))
        before = len(entry.draft.findings)
        members = _members(settings["members"], team) if "members" in settings else ()
        heir = settings.get("if_none")
        understood = members and len(entry.draft.findings) == before
        if understood and heir is None and not any(member.active and member.weight for member in members):
            entry.fail('nobody in the pool can take a turn, and "if_none" is missing', at_key=True)
        if heir is not None:
            heirs[entry.key] = heir
        pools[entry.key] = Pool(
            name=entry.key_name(),
            members=members,
            if_none=None if heir is None else team.target(heir),
            line=entry.line,
            caps=parse_caps(settings.get("cap")),
            off_hours=_off_hours(settings.get("off_hours")),
            holidays=parse_holidays(settings.get("holidays")),
            channel=settings["channel"].text() if "channel" in settings else None,
        )
    for name, heir in heirs.items():
        _check_heirs(name, heir, pools)
    return pools


def _off_hours(field: Field | None) -> OffHours:
    return "next" if field is None else cast("OffHours", field.choice(get_args(OffHours)))


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
    if EMAIL.fullmatch(entry.key):
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
