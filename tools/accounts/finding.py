"""Which account a person means by a name, a domain or a key. For people who look something up: a lead's company is found by
the matcher."""

from __future__ import annotations

from sqlalchemy import Connection

from graph.rules.domains import registrable
from tools.accounts.telling import NAME, meant_by
from tools.store.book import State, also_known, bearers, keys_like, lines_of, told_of

SUGGESTED = 10


def find(connection: Connection, state: State, text: str) -> list[str]:
    """The accounts that it may mean: by domain, then by name, then by a further domain or name; one is what is hoped for. A
    parent that is no account itself is found as well."""
    domain, name = meant_by(text.strip())
    at, bare = state.version, NAME + name if name else None
    if domain and told_of(connection, at, [domain]):
        return [domain]
    if name and (found := bearers(connection, at, [name]).get(name)):
        return found
    for word in filter(None, (domain, bare)):
        if found := also_known(connection, at, word):
            return found
    keys = [key for key in (domain, registrable(domain) if domain else None, bare) if key]
    lines = lines_of(connection, at, keys)
    return [key for key in keys if key in lines or told_of(connection, at, [key])][:1]


def near(connection: Connection, state: State, text: str) -> list[str]:
    """Accounts whose key or name holds the text."""
    return keys_like(connection, state.version, find=text.strip(), parent=None, page=(SUGGESTED, 0))
