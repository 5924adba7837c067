"""Tells of accounts that were won, lost or never decided: what leads' companies are compared with.

A CSV file, UTF-8, with a header: account_id; name, domain, industry, country (ISO code), employees, revenue_usd,
technologies (with ;), outcome (won, lost, no_decision; blank: still open, passed over), reason, deal_usd (US dollars),
days_to_close (since the first contact), closed_on (2026-04-30). What is not known is left blank. An account is known by
its domain, else its id; told again it is replaced, unless a later day is known for it from a lead or the CRM.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.csv")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: kept; 1: a line that cannot be used, nothing kept; 2: no such file."""
    from tools.cli.rules.editing import store_of
    from tools.embedded.csv_table import TableError
    from tools.similar.table import past_accounts
    from tools.store.past_accounts import keep

    try:
        told = list(past_accounts(arguments.file))
    except TableError as error:
        print(f"{error}; nothing was kept", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError) as error:
        print(f"{arguments.file}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 2
    with store_of(settings) as engine:
        kept, alone = keep(engine, told, "file", datetime.now(UTC))
    print(f"{kept:,} accounts kept" + (f"; {alone:,} left as they are: a later day is known for them" if alone else ""))
    return 0
