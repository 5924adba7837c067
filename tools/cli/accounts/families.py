"""The families of the book: the largest; with --disputed the accounts whose parent is disputed; with --circles those that
own each other, which has no head."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.settings import Settings

LARGEST_PAGE = 500


def add(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--disputed", action="store_true", help="accounts that several may own, and nothing decides")
    which.add_argument("--circles", action="store_true", help="accounts that own each other")
    parser.add_argument("--limit", type=int, default=20, help=f"rows of a page (default: 20, at most {LARGEST_PAGE})")
    parser.add_argument("--page", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: listed; 2: no such page."""
    import orjson

    from tools.accounts.book import kin_of
    from tools.cli.accounts.changes import changing
    from tools.cli.accounts.results import counted
    from tools.store.book import counts, in_state, largest, state_of

    if not 1 <= arguments.limit <= LARGEST_PAGE or arguments.page < 1:
        print(f"accounts families: --limit is 1 to {LARGEST_PAGE} and --page 1 or more", file=sys.stderr)
        return 2
    page = (arguments.limit, (arguments.page - 1) * arguments.limit)
    with changing(settings) as (engine, outcome), engine.connect() as connection:
        state = state_of(connection)
        if arguments.disputed or arguments.circles:
            lines = in_state(connection, state.version, "disputed" if arguments.disputed else "circle", *page)
            rows = [_odd(line) for line in lines]
        else:
            heads = largest(connection, state.version, *page)
            kin = kin_of(connection, state, [head for head, _ in heads], 1)
            rows = [_family(head, size, kin) for head, size in heads]
        all_of = counts(connection, state.version)
    if arguments.json:
        for row in rows:
            print(orjson.dumps(row).decode())
        return outcome.code
    print("\n".join(_shown(row) for row in rows))
    print(
        f"{counted(all_of['families'], 'family')}, {all_of['disputed']:,} disputed (--disputed), "
        f"{all_of['in_circles']:,} in circles (--circles)"
    )
    return outcome.code


def _family(head: str, size: int, kin: Any) -> dict[str, Any]:
    account, line = kin.accounts.get(head), kin.lines.get(head)
    return {
        "head": head,
        "name": account.name if account else line.name if line else None,
        "companies": size,
        "owner": account.fields.get("owner") if account else None,
        "account": account is not None,
    }


def _odd(line: Any) -> dict[str, Any]:
    import orjson

    links = orjson.loads(line.links) if line.links else {}
    what = "disputed" if line.state == "disputed" else "circle"
    names = ("key", "source", "ownership_pct")
    return {"key": line.key, what: [dict(zip(names, one, strict=True)) for one in links.get(what, [])]}


def _shown(row: dict[str, Any]) -> str:
    from tools.planning.showing import plain

    if "head" in row:
        name = f"{plain(row['name'], 60)} ({plain(row['head'], 80)})" if row["name"] else plain(row["head"], 80)
        owner = f"  {row['owner']}" if row["owner"] else ""
        return f"{row['companies']:7,}  {name}{owner}{'' if row['account'] else '  (no account itself)'}"
    if "disputed" in row:
        claims = (f"{plain(one['key'], 80)} (says {one['source']})" for one in row["disputed"])
        return f"{plain(row['key'], 80)}: {' or '.join(claims)}"
    members = [plain(one["key"], 80) for one in row["circle"]]
    return f"{plain(row['key'], 80)}: {' -> '.join([*members, *members[:1]])}"
