"""An account as people look at it: what each source says, who is above and below it, and what is not settled. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from tools.accounts.book import accounts_of
from tools.accounts.merging import Account
from tools.store.book import Line, State, below, lines_of

LONGEST_LINE: Final = 50
SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Link:
    """Somebody at the other end of a claim. share: percent, None where it is not said."""

    key: str
    name: str | None
    source: str | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Value:
    """A field, who is believed, and what others say: (source, value)."""

    field: str
    value: Any
    source: str
    at: datetime
    by: str
    others: tuple[tuple[str, Any], ...] = ()


@dataclass(slots=True)
class View:
    """account: None for a parent that is no account itself. above: from the direct parent to the ultimate one. below:
    the first SHOWN of its direct daughters, below_count all of them. owned_by, holds: shares of half or less."""

    key: str
    name: str | None
    account: Account | None
    values: list[Value] = field(default_factory=list)
    state: str = ""
    above: list[Link] = field(default_factory=list)
    below: list[Link] = field(default_factory=list)
    below_count: int = 0
    disputed: list[Link] = field(default_factory=list)
    outranked: list[Link] = field(default_factory=list)
    owned_by: list[Link] = field(default_factory=list)
    holds: list[Link] = field(default_factory=list)
    circle: list[str] = field(default_factory=list)


def view_of(connection: Connection, state: State, key: str) -> View:
    line = lines_of(connection, state.version, [key]).get(key)
    account = accounts_of(connection, state, [key]).get(key)
    view = View(key, account.name if account else line.name if line else None, account)
    if account is not None:
        view.values = _values(account)
    if line is None:
        return view
    links = orjson.loads(line.links) if line.links else {}
    above = _above(connection, state, line)
    view.below_count, daughters = below(connection, state.version, key, SHOWN)
    told = {name: links.get(name, []) for name in ("disputed", "outranked", "minority")}
    others = {
        *above,
        *daughters,
        *(one[0] for said in told.values() for one in said),
        *(k for k, _ in links.get("holds", [])),
    }
    names = _names(connection, state, sorted(others))
    view.state = line.state
    shares = _shares(connection, state, [key, *above, *daughters])
    view.above = [Link(up, names.get(up), *shares.get(child, (None, None))) for child, up in _steps(key, above)]
    view.below = [Link(child, names.get(child), *shares.get(child, (None, None))) for child in daughters]
    for name, into in (("disputed", view.disputed), ("outranked", view.outranked), ("minority", view.owned_by)):
        into += [Link(one, names.get(one), source, share) for one, source, share in told[name]]
    view.holds = [Link(one, names.get(one), None, share) for one, share in links.get("holds", [])]
    view.circle = [one for one, _, _ in links.get("circle", [])]
    return view


def _values(account: Account) -> list[Value]:
    others: dict[str, list[tuple[str, Any]]] = {}
    for name, said in account.others:
        others.setdefault(name, []).append((said.source, said.fields[name]))
    return [
        Value(name, account.fields[name], said.source, said.at, said.by, tuple(others.get(name, ())))
        for name, said in account.said_by.items()
    ]


def _above(connection: Connection, state: State, line: Line) -> list[str]:
    """Step by step; a line that is longer than people read ends with its head."""
    found: list[str] = []
    at: Line | None = line
    while at is not None and at.parent is not None and len(found) < LONGEST_LINE:
        found.append(at.parent)
        at = lines_of(connection, state.version, [at.parent]).get(at.parent)
    if found and found[-1] != line.ultimate:
        found.append(line.ultimate)
    return found


def _steps(key: str, above: list[str]) -> list[tuple[str, str]]:
    return list(zip([key, *above], above, strict=False))


def _shares(connection: Connection, state: State, keys: list[str]) -> dict[str, tuple[str | None, float | None]]:
    """(source, share) of each one's direct parent."""
    lines = lines_of(connection, state.version, keys)
    told = {key: orjson.loads(line.links).get("parent") for key, line in lines.items() if line.links}
    return {key: (said[0], said[1]) for key, said in told.items() if said}


def _names(connection: Connection, state: State, keys: list[str]) -> dict[str, str | None]:
    lines = lines_of(connection, state.version, keys)
    accounts = accounts_of(connection, state, keys)
    return {key: accounts[key].name if key in accounts else lines[key].name if key in lines else None for key in keys}
