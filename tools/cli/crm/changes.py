"""What came back from the CRM, newest first: owners that were changed there, deals, contacts that went, and what followed.
What was ignored says why."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=("waiting", "taken", "ignored"), default=None)
    parser.add_argument("--limit", type=int, default=50, metavar="N")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0, also where nothing came."""
    from tools.cli.rules.editing import store_of
    from tools.store.crm_changes import changes_page

    with store_of(settings) as engine:
        rows = changes_page(engine, state=arguments.state, limit=max(1, arguments.limit))
    for row in rows:
        about = row.lead_id or f"{row.kind} {row.object_id}"
        print(f"{row.occurred_at:%Y-%m-%d %H:%M:%S} UTC  {row.state:8} {about}  {row.note or row.kind}")
    if not rows:
        print("nothing came back" + (f" that is {arguments.state}" if arguments.state else ""))
    return 0
