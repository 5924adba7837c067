"""Who had how many turns in a pool, who is owed one, and who can take the next. Reads the file in use and the store."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tools.settings import Settings

if TYPE_CHECKING:
    from tools.store.ledgers import PoolLedger

HELP = "turns, shares and caps of each member, and who is there now"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pool", nargs="?", help="one pool; all of them without it")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.routing_file import RoutingFileError, describe, load
    from tools.routing_file.findings import closest
    from tools.store.engine import open_engine
    from tools.store.ledgers import ledgers
    from tools.store.migrate import migrate

    try:
        table = load(settings.routing_file)
    except RoutingFileError as error:
        print(f"{settings.routing_file} is not valid\n{describe(error.findings)}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{settings.routing_file} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    if arguments.pool is not None and arguments.pool not in table.pools:
        meant = closest(arguments.pool, table.pools)
        hint = f', did you mean "{meant}"?' if meant else ""
        print(f'pool "{arguments.pool}" does not exist{hint}', file=sys.stderr)
        return 2
    engine = open_engine(settings.database)
    try:
        migrate(engine)
        found = ledgers(engine, table, [arguments.pool] if arguments.pool else list(table.pools), datetime.now(UTC))
    finally:
        engine.dispose()
    print("\n\n".join(map(_shown, found)) if found else "the file has no pools")
    return 0


def _shown(ledger: PoolLedger) -> str:
    head = ("member", "share", "turns", "owed", "caps", "now")
    rows = [
        (
            f"{'>' if row.next else ' '} {row.email}",
            f"{row.share:.0%}",
            str(row.turns),
            f"{row.credit:+.2f}",
            ", ".join(row.counts),
            row.now,
        )
        for row in ledger.rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    title = f"{ledger.pool.name}: {ledger.turns} turns, off hours {ledger.pool.off_hours} (> has the next turn)"
    return "\n".join([title, *(f"  {line}".rstrip() for line in lines)])
