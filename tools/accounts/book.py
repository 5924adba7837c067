"""Accounts of the book by key, as one version says them: merged, with their families. Reads only; blocking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, Engine

from tools.accounts.known import KnownAccount
from tools.accounts.merging import Account, known_account, merged
from tools.accounts.telling import Telling, telling_of
from tools.store.book import Line, State, every_told, family_of, lines_of, state_of, told_of


@dataclass(frozen=True, slots=True)
class Kin:
    """Accounts and where they stand. heads: the heads of their families, those too that are no accounts; members: the
    first so many keys of each family, by head."""

    accounts: dict[str, Account]
    lines: dict[str, Line]
    members: dict[str, list[str]]

    def head_of(self, key: str) -> str:
        line = self.lines.get(key)
        return key if line is None else line.ultimate


def accounts_of(connection: Connection, state: State, keys: Sequence[str]) -> dict[str, Account]:
    """By key; who is no account is not there."""
    tellings: dict[str, list[Telling]] = defaultdict(list)
    for row in told_of(connection, state.version, keys):
        tellings[row.account].append(telling_of(row))
    return {key: merged(key, told, state.sources) for key, told in tellings.items()}


def kin_of(connection: Connection, state: State, keys: Sequence[str], most: int) -> Kin:
    """The accounts, and what is needed of the families around them. Four questions, however many keys."""
    lines = lines_of(connection, state.version, keys)
    heads = sorted({line.ultimate for line in lines.values()})
    above = [head for head in heads if head not in lines]
    return Kin(
        accounts_of(connection, state, sorted({*keys, *heads})),
        lines | lines_of(connection, state.version, above),
        family_of(connection, state.version, heads, most),
    )


def known_accounts(engine: Engine) -> Iterator[KnownAccount]:
    """Every account of the version that is read, for whoever makes an index of them; a million need no memory."""
    with engine.connect() as connection:
        state = state_of(connection)
        rows = every_told(connection, state.version)
        for key, group in groupby(rows, lambda row: row[0].account):
            told = list(group)
            account = merged(key, (telling_of(row) for row, _ in told), state.sources)
            yield known_account(account, told[0][1])
