"""The time machine: recorded decisions again, bit for bit under their own versions, or under another routing file."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the command imports what it needs, when it runs
    from sqlalchemy import Engine

    from graph.domain.table import RoutingTable
    from tools.settings import Settings
    from tools.store.past import Chosen

SHOWN: Final = 20
SHARE: Final = 1_000  # decisions for which another process is worth its start
MOST_SHARES: Final = 8


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lead", metavar="ID", help="only the decisions of this lead")
    parser.add_argument("--last", metavar="30d", help="only those of so many days (d), hours (h) or weeks (w)")
    parser.add_argument("--from", dest="since", metavar="TIME", help="only those from then on")
    parser.add_argument("--to", dest="until", metavar="TIME", help="only those before")
    parser.add_argument("--limit", type=int, default=None, metavar="N", help="only the newest N of them")
    parser.add_argument(
        "--under", metavar="FILE|VERSION", help="another routing file, or an old version: what would differ"
    )


class _Wrong(Exception):
    """Nothing was tried, and why."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: nothing differs; 1: something does; 2: it could not be tried."""
    from tools.store.migrate import migrate
    from tools.store.past import count_decisions
    from tools.wiring import open_store

    try:
        chosen, store = _chosen(arguments), open_store(settings)
        try:
            migrate(store.engine)
            if arguments.under is not None:
                return _under(_table(arguments.under, store.engine), chosen, store.engine)
            held = count_decisions(store.engine, chosen.since)
        finally:
            store.close()  # before any process is forked: a connection belongs to one
        return _again(settings, chosen, held)
    except _Wrong as error:
        print(error, file=sys.stderr)
        return 2


def _chosen(arguments: argparse.Namespace) -> Chosen:
    from tools.planning.period import last, moment
    from tools.store.past import Chosen

    if arguments.last is not None and (arguments.since is not None or arguments.until is not None):
        raise _Wrong("--last goes up to now: leave out --from and --to")
    try:
        since = None if arguments.since is None else moment(arguments.since)
        until = None if arguments.until is None else moment(arguments.until)
        if arguments.last is not None:
            since = datetime.now(UTC) - last(arguments.last)
    except (ValueError, OverflowError) as error:
        raise _Wrong(str(error)) from None
    return Chosen(since, until, arguments.lead, arguments.limit)


def _again(settings: Settings, chosen: Chosen, held: int) -> int:
    """held: decisions in the store; a large replay is shared by the processors."""
    import multiprocessing
    import os
    from concurrent.futures import ProcessPoolExecutor
    from functools import partial

    from tools.cli.tuning import quiet_collector
    from tools.replaying import NotReplayable, replay_share

    started = time.perf_counter()
    expected = 1 if chosen.lead_id else held if chosen.limit is None else min(held, chosen.limit)
    shares = max(1, min(os.cpu_count() or 1, MOST_SHARES, expected // SHARE))
    mine = partial(replay_share, settings, chosen, shares=shares)
    try:
        if shares == 1:
            found = [mine(0)]
        else:
            with ProcessPoolExecutor(shares, multiprocessing.get_context("fork"), quiet_collector) as pool:
                found = list(pool.map(mine, range(shares)))
    except NotReplayable as error:
        raise _Wrong(f"cannot replay: {error}") from None
    if chosen.lead_id and not any(each[0] for each in found):
        when = "" if chosen.since is None and chosen.until is None else " in that time"
        raise _Wrong(f"{chosen.lead_id} has no decision here{when}")
    count, differences = sum(each[0] for each in found), [d for each in found for d in each[1]]
    for d in differences[:SHOWN]:
        by = " (decided by another release)" if d.other_code else ""
        print(f"{d.lead_id}@{d.revision}{by}: {d.path}: recorded {d.recorded}, replayed {d.replayed}")
    print(f"replayed {count} decisions in {time.perf_counter() - started:.1f} s: {len(differences)} differences")
    return 1 if differences else 0


def _table(named: str, engine: Engine) -> RoutingTable:
    """A file, else a version that was live."""
    from tools.cli.rules.reading import Unusable, usable
    from tools.editing.results import Refused
    from tools.editing.versions import find_version
    from tools.routing_file import parse
    from tools.store.routing_versions import version_texts

    try:
        if Path(named).exists():
            return usable(Path(named))
        found = find_version(engine, named)
    except Unusable as error:
        raise _Wrong(str(error)) from None
    except Refused as refused:
        raise _Wrong(f"{named} is no file. {refused}") from None
    text, files = version_texts(engine, found.digest) or ("", {})
    return parse(text, files=files)


def _under(table: RoutingTable, chosen: Chosen, engine: Engine) -> int:
    from tools.planning.what_if import differences_under
    from tools.store.past import past_decisions

    count, found = differences_under(list(past_decisions(engine, chosen)), table)
    for told in found if chosen.lead_id or chosen.limit else found[:SHOWN]:
        print(told)
    more = len(found) - SHOWN
    if more > 0 and not (chosen.lead_id or chosen.limit):
        print(f"... and {more} more; --limit or --lead shows all of theirs")
    print(f"{count} decisions under version {table.version} ({table.digest[:12]}): {len(found)} would differ")
    return 1 if found else 0
