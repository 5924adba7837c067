"""What the list of known accounts says of one account, for its page: facts with who told them, and its companies as a tree.

Reads only. A family is drawn from its first MOST companies; how many there are is said of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Engine

from tools.accounts.book import accounts_of
from tools.accounts.merging import Account
from tools.store.book import Line, family_of, how_many, lines_of, state_of
from tools.web.account_view import Listed, Member, Told

MOST: Final = 2_000
_SHOWN: Final = ("name", "owner", "employees", "revenue_usd", "industry", "country", "city", "phone")


def listed_account(engine: Engine, key: str, page: int, size: int) -> Listed | None:
    """key: of an ultimate parent, which may be a company that is no account itself. page: of its companies, from 1. None
    where the list knows nothing of it; for a daughter it says whose she is and nothing else."""
    with engine.connect() as connection:
        state = state_of(connection)
        at = state.version
        line = lines_of(connection, at, [key]).get(key)
        if line is not None and line.ultimate != key:
            return Listed(head=line.ultimate)
        account = accounts_of(connection, state, [key]).get(key)
        keys = family_of(connection, at, [key], MOST).get(key, [])
        if account is None and not keys:
            return None
        tree = _tree(key, lines_of(connection, at, keys))
        total = len(tree) if len(keys) < MOST else how_many(connection, at, parent=key)
        shown = tree[(page - 1) * size : page * size]
        known = accounts_of(connection, state, [one.key for one, _ in shown])
    members = [Member(one.key, _name(one, known), one.parent, depth) for one, depth in shown]
    return Listed(_facts(account, line), members, total)


def _name(line: Line, known: Mapping[str, Account]) -> str | None:
    account = known.get(line.key)
    return (account.name if account is not None else None) or line.name


def _facts(account: Account | None, line: Line | None) -> Sequence[Told]:
    if account is None:
        return [Told("name", line.name, "parents on the list", None)] if line is not None and line.name else []
    return [
        Told(name, account.fields[name], said.source, said.at)
        for name in _SHOWN
        if name in account.fields and (said := account.said_by.get(name)) is not None
    ]


def _tree(head: str, lines: Mapping[str, Line]) -> list[tuple[Line, int]]:
    """(company, steps below the head), each behind its owner; companies whose owner is not among them come first."""
    below: dict[str, list[str]] = {}
    for key in sorted(lines):
        if key != head:
            parent = lines[key].parent
            below.setdefault(parent if parent is not None and parent in lines else head, []).append(key)
    found: list[tuple[Line, int]] = []
    waiting = [(key, 1) for key in reversed(below.get(head, []))]
    while waiting:
        key, depth = waiting.pop()
        found.append((lines[key], depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(key, []))]
    return found
