"""`app.py rank accounts`: the ultimate parents by expected contract value, best first."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `app.py --help` reads no settings
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    accounts = what.add_parser("accounts", help="ultimate parents by chance x contract value, best first")
    accounts.add_argument("--limit", type=int, default=20, help="rows of a page (default: 20, at most 500)")
    accounts.add_argument("--page", type=int, default=1)
    accounts.add_argument("--find", default="", help="part of a name or domain")
    accounts.add_argument("--least", type=float, default=0.0, help="priority at least, in the currency of the settings")
    accounts.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    import orjson

    from tools.store.accounts import LARGEST_PAGE, Currency, how_many, ranked
    from tools.store.migrate import migrate
    from tools.wiring import open_store

    if not 1 <= arguments.limit <= LARGEST_PAGE or arguments.page < 1:
        raise SystemExit(f"rank: --limit is 1 to {LARGEST_PAGE} and --page 1 or more")
    currency = Currency(settings.currency, settings.currency_per_usd)
    store = open_store(settings)
    try:
        migrate(store.engine)
        asked = {"find": arguments.find, "least": arguments.least}
        rows = ranked(store.engine, currency, limit=arguments.limit, page=arguments.page, **asked)
        total = how_many(store.engine, currency, **asked)
    finally:
        store.close()
    if arguments.json:
        for row in rows:
            print(orjson.dumps(asdict(row)).decode())
        return 0
    print(_table(rows, currency.code))
    print(f"{len(rows)} of {total} accounts" if rows else "No account yet: one appears with its first lead.")
    return 0


def _table(rows: list[Any], currency: str) -> str:
    titles = f"{'chance':>6} {'best':>6} {'companies':>9} {'leads':>6} {'ACV ' + currency:>14} {'priority':>14}"
    head = f"{'rank':>4}  {'account':40} {titles}"
    lines = [
        f"{row.rank:4}  {(row.name or row.parent_domain)[:40]:40} {row.p_calibrated:6.3f} {row.p_max:6.3f} "
        f"{row.companies:9} {row.leads:6} {row.acv:14,.0f} {row.priority:14,.0f}"
        for row in rows
    ]
    return "\n".join([head, *lines])
