"""Which leads, or which rows of a file, are one person under several addresses and spellings.

    app.py dedupe                          over the store: what would be merged, what would be asked (a dry run)
    app.py dedupe --apply                  the same, done: sure pairs are merged, the others wait for a verdict
    app.py dedupe --data FILE [--out PAIRS.csv] [--clusters CLUSTERS.csv] [--map first_name=Vorname ...]
    app.py dedupe list | show LEAD | merge A B | different A B | undo A B       what people say about two leads
    app.py dedupe measure                  how often each code is right, on invented people

Exit codes: 0 done, 2 could not be tried."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.people.bulk import Found
    from tools.settings import Settings

NOTHING = 2


def add(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.formatter_class = __doc__, argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, help="a CSV or Parquet file instead of the store")
    parser.add_argument("--map", nargs="+", default=[], metavar="FIELD=COLUMN", help="what a column of the file means")
    parser.add_argument("--out", type=Path, help="where the pairs go, as CSV (with --data or without)")
    parser.add_argument("--clusters", type=Path, help="where the groups go, as CSV: one row a record")
    parser.add_argument(
        "--threshold", type=float, default=0.95, help="probability from which a pair may be merged (0.95)"
    )
    parser.add_argument("--least", type=float, default=0.5, help="probability below which a pair is left out (0.5)")
    parser.add_argument("--apply", action="store_true", help="over the store: merge what is sure, queue what is not")
    what = parser.add_subparsers(dest="what", metavar="COMMAND")
    listing = what.add_parser("list", help="pairs of leads that wait for a verdict, surest first")
    listing.add_argument("--limit", type=int, default=20, help="rows of a page (20; at most 500)")
    listing.add_argument("--page", type=int, default=1)
    what.add_parser("show", help="the person behind a lead: leads, links, one record").add_argument("lead")
    for name, text in (
        ("merge", "call two leads one person; both stay as they are"),
        ("different", "call two leads two people, for good"),
        ("undo", "take back what stands between two leads"),
    ):
        part = what.add_parser(name, help=text)
        part.add_argument("one", metavar="LEAD")
        part.add_argument("other", metavar="LEAD")
        part.add_argument("--by", default="command line", help="who says so")
        if name != "undo":
            part.add_argument("--why", default="", help="a reason, for those who come later")
    measure = what.add_parser("measure", help="precision of each code on invented people with known truth")
    measure.add_argument("--records", type=int, default=100_000)
    measure.add_argument("--seed", type=int, default=5)
    measure.add_argument("--keep", action="store_true", help="write the result as the router's confidences")


def without_store(arguments: argparse.Namespace) -> bool:
    """Whether the command works on a person's file, or on invented people, alone."""
    return arguments.command == "dedupe" and (arguments.what == "measure" or (not arguments.what and arguments.data))


def run(arguments: argparse.Namespace, settings: Settings | None = None) -> int:
    """settings: for what works on the store."""
    from tools.ml.table.reading import TableError
    from tools.store.people_edges import CannotSay

    if not 0 < arguments.least <= arguments.threshold <= 1:
        return _refused(
            "--least and --threshold are probabilities above 0 and up to 1, --least no more than --threshold"
        )
    try:
        if arguments.what == "measure":
            return _measure(arguments)
        if settings is None:
            return _file(arguments)
        return _store(arguments, settings)
    except (TableError, CannotSay) as error:
        return _refused(str(error))


def _refused(text: str) -> int:
    print(f"dedupe: {text}", file=sys.stderr)
    return NOTHING


def _measure(arguments: argparse.Namespace) -> int:
    from tools.people.generator import generate
    from tools.people.measure import keep, measured, report

    if arguments.records < 100:
        return _refused("measure: --records is at least 100")
    told = measured(generate(arguments.records, arguments.seed))
    if arguments.keep:
        keep(told, f"app.py dedupe measure --records {arguments.records} --seed {arguments.seed} --keep")
    print(report(told, arguments.records, arguments.seed))
    return 0


def _file(arguments: argparse.Namespace) -> int:
    from tools.cli.ml.progress import Bar
    from tools.ml.table.reading import TableError
    from tools.people.columns import mapped
    from tools.people.files import pairs_of_file

    if arguments.apply:
        raise TableError("--apply is for the store; a file is never changed")
    bar = Bar()
    try:
        found, notes = pairs_of_file(arguments.data, mapped(arguments.map), bar, arguments.least, arguments.threshold)
    finally:
        bar.done()
    for note in notes:
        print(note)
    _tell(found)
    _write(found, arguments)
    return 0


def _tell(found: Found) -> None:
    from collections import Counter

    from tools.people.clusters import clusters_of

    sure = sum(pair.sure for pair in found.pairs)
    groups = clusters_of(found.pairs)
    print(f"{found.rows:,} records; {found.learnt}.")
    for code, count in Counter(pair.code for pair in found.pairs).most_common():
        merged = sum(pair.sure for pair in found.pairs if pair.code == code)
        print(f"  {code:22}{count:9,} pairs, {merged:,} of them sure")
    print(f"{len(found.pairs):,} pairs, {sure:,} sure; {len(groups):,} people with several records.")


def _write(found: Found, arguments: argparse.Namespace) -> None:
    from tools.people.files import write_clusters, write_pairs

    if arguments.out:
        write_pairs(found.pairs, arguments.out)
        print(f"pairs: {arguments.out}")
    if arguments.clusters:
        count = write_clusters(found.pairs, arguments.clusters)
        print(f"clusters: {arguments.clusters} ({count:,} records)")


def _store(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.store.migrate import migrate
    from tools.wiring import open_store

    store = open_store(settings)
    try:
        migrate(store.engine)
        match arguments.what:
            case "list":
                return _list(arguments, store.engine)
            case "show":
                return _show(arguments.lead, store.engine)
            case "merge" | "different" | "undo":
                return _say(arguments, store.engine)
            case _:
                return _sweep(arguments, store.engine)
    finally:
        store.close()


def _list(arguments: argparse.Namespace, engine: Any) -> int:
    from tools.store.people_groups import LARGEST_PAGE, how_many_wait, waiting

    if not 1 <= arguments.limit <= LARGEST_PAGE or arguments.page < 1:
        return _refused(f"list: --limit is 1 to {LARGEST_PAGE} and --page 1 or more")
    out = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    for pair in waiting(engine, limit=arguments.limit, page=arguments.page):
        names = [f"{shown.full_name or ''} <{shown.email or shown.phone or ''}>" for shown in (pair.one, pair.other)]
        out.writerow([pair.one.lead_id, pair.other.lead_id, pair.code, f"{pair.confidence:.3f}", *map(_safe, names)])
    print(f"{how_many_wait(engine):,} pairs wait", file=sys.stderr)
    return 0


def _safe(text: str) -> str:
    """A stranger's text in a terminal: one line, and nothing that moves the cursor."""
    return "".join(letter for letter in text if letter.isprintable())


def _show(lead_id: str, engine: Any) -> int:
    from tools.store.people_groups import person_of
    from tools.web.people import person_json

    person = person_of(engine, lead_id)
    if person is None:
        return _refused(f"{lead_id} is no lead that was decided")
    print(person_json(person).decode())
    return 0


def _say(arguments: argparse.Namespace, engine: Any) -> int:
    from datetime import UTC, datetime

    from tools.store.people_edges import say, undo

    now, one, other = datetime.now(UTC), arguments.one, arguments.other
    if arguments.what == "undo":
        print(f"undone: {undo(engine, one, other, by=arguments.by, now=now)}")
        return 0
    why = arguments.why or "said on the command line"
    made = say(
        engine, one, other, "same" if arguments.what == "merge" else "different", by=arguments.by, why=why, now=now
    )
    print(("merged" if arguments.what == "merge" else "kept apart") if made else "stood already")
    return 0


def _sweep(arguments: argparse.Namespace, engine: Any) -> int:
    from datetime import UTC, datetime

    from tools.cli.ml.progress import Bar
    from tools.people.from_store import apply, pairs_of_store

    bar = Bar()
    try:
        found = pairs_of_store(engine, bar, arguments.least, arguments.threshold)
    finally:
        bar.done()
    _tell(found)
    _write(found, arguments)
    if not arguments.apply:
        print("Nothing was changed: --apply merges the sure pairs and queues the others.")
        return 0
    done = apply(engine, found, datetime.now(UTC))
    print(f"{done.merged:,} merged, {done.queued:,} wait for a verdict, {done.left:,} left as people had said.")
    return 0
