"""The accounts of the book, page by page, in the order of their keys: all, those that hold a text, or a family's."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.settings import Settings

LARGEST_PAGE = 500


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--find", default="", help="part of a name, a domain or a key")
    parser.add_argument("--parent", default=None, metavar="NAME|DOMAIN", help="the family of this ultimate parent")
    parser.add_argument("--limit", type=int, default=50, help=f"rows of a page (default: 50, at most {LARGEST_PAGE})")
    parser.add_argument("--page", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: listed; 1: no such parent; 2: no such page."""
    import orjson

    from tools.accounts.book import kin_of
    from tools.accounts.finding import find
    from tools.cli.accounts.changes import changing
    from tools.planning.showing import plain
    from tools.store.book import how_many, keys_like, state_of

    if not 1 <= arguments.limit <= LARGEST_PAGE or arguments.page < 1:
        print(f"accounts list: --limit is 1 to {LARGEST_PAGE} and --page 1 or more", file=sys.stderr)
        return 2
    with changing(settings) as (engine, outcome), engine.connect() as connection:
        state = state_of(connection)
        parent = None
        if arguments.parent is not None:
            found = find(connection, state, arguments.parent)
            if len(found) != 1:
                meant = f"several accounts: {', '.join(found[:10])}" if found else "no account"
                print(f"--parent {plain(arguments.parent)} means {plain(meant, 400)}", file=sys.stderr)
                return 1
            parent = found[0]
        asked: dict[str, Any] = {"find": arguments.find, "parent": parent}
        page = (arguments.limit, (arguments.page - 1) * arguments.limit)
        keys = keys_like(connection, state.version, page=page, **asked)
        total = how_many(connection, state.version, **asked)
        kin = kin_of(connection, state, keys, 1)
        rows = [_row(key, kin) for key in keys]
    if arguments.json:
        for row in rows:
            print(orjson.dumps(row).decode())
        return outcome.code
    print(_table(rows))
    print(f"{len(rows):,} of {total:,} accounts")
    return outcome.code


def _row(key: str, kin: Any) -> dict[str, Any]:
    account, head = kin.accounts.get(key), kin.head_of(key)
    fields = account.fields if account else {}
    return {
        "key": key,
        "name": account.name if account else None,
        "ultimate_parent": head if head != key else None,
        **{name: fields.get(name) for name in ("owner", "country", "employees")},
        "sources": sorted({one.source for one in account.tellings}) if account else [],
    }


def _table(rows: list[dict[str, Any]]) -> str:
    from tools.planning.showing import plain, table

    shown = [("key", "name", "ultimate parent", "owner", "country", "people", "told by")]
    for row in rows:
        people = "" if row["employees"] is None else f"{row['employees']:,}"
        texts = (row[name] or "" for name in ("key", "name", "ultimate_parent", "owner", "country"))
        shown.append((*map(plain, texts), people, ", ".join(row["sources"])))
    return "\n".join(table(shown, right=(5,)))
