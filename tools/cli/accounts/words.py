"""What people of this place mean by their words: the routing file's aliases, and owners by their names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from graph.rules.aliases import Aliases
    from tools.settings import Settings


def words_of(engine: Engine, settings: Settings) -> tuple[Aliases, dict[str, str]]:
    """(aliases, e-mail address by folded name). A name that two people bear means none. Without a routing file that can be
    read, which is said, the aliases are none."""
    from sqlalchemy import select

    from graph.rules.text import fold
    from tools.routing_file import RoutingFileError, load
    from tools.store.tables import crm_owners

    aliases: Aliases = {}
    named: list[tuple[str, str]] = []
    try:
        table = load(settings.routing_file)
    except (OSError, RoutingFileError):
        print(f"{settings.routing_file} cannot be read: its aliases and people are not used", file=sys.stderr)
    else:
        aliases = table.aliases
        named += [(person.id, person.email) for person in table.people.values()]
    with engine.connect() as connection:
        rows = connection.execute(select(crm_owners.c.name, crm_owners.c.email).where(crm_owners.c.name.is_not(None)))
        named += [(row.name, row.email) for row in rows]
    emails: dict[str, set[str]] = {}
    for name, email in named:
        emails.setdefault(fold(name), set()).add(email)
    return aliases, {name: next(iter(found)) for name, found in emails.items() if len(found) == 1}
