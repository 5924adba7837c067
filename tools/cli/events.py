"""app.py events FILE.csv | FILE.jsonl: load what people did before, by the rules of POST /webhooks/events.

A file may be loaded again: each event counts once. CSV has a header; the columns id, type, email, lead_id, at and properties
(JSON) are read as the endpoint reads them, any other column is a property. Exit code 1 where a line was refused, 2 where the
file cannot be read.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from tools.settings import Settings

SHOWN: Final = 20


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, help="a file with a header (.csv), or one JSON object a line")
    parser.add_argument("--source", default="file", help="who tells it, shown beside each event (default: file)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.idempotency import Identifier
    from tools.secrets_file import load_or_make
    from tools.store.activities import UNSIGNED, keep_events
    from tools.store.agents import networks_of
    from tools.store.migrate import migrate
    from tools.web.event_bodies import MOST, read_events
    from tools.wiring import open_store

    source = arguments.source.strip()[:40]
    if not source or source == UNSIGNED:
        print("--source: name who tells it, such as hubspot.", file=sys.stderr)
        return 2
    identifier = Identifier(load_or_make(settings.data_dir).lead_key)
    networks = networks_of(settings.event_networks.split(","))
    store = open_store(settings)
    new = known = refused = 0
    try:
        migrate(store.engine)
        lines = bodies(arguments.file)
        while page := list(islice(lines, MOST)):
            now = datetime.now(UTC)
            read = read_events([body for _, body in page], identifier, source, now)
            for place, problem in read.bad:
                refused += 1
                if refused <= SHOWN:
                    print(f"line {page[place][0]}: {problem.field}: {problem.problem}; {problem.fix}", file=sys.stderr)
            kept = len(keep_events(store.engine, read.good, now, networks=networks).new) if read.good else 0
            new, known = new + kept, known + len(read.good) - kept
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 2
    finally:
        store.close()
    print(f"{new:,} kept, {known:,} known already, {refused:,} refused")
    return 1 if refused else 0


def bodies(path: Path) -> Iterator[tuple[int, Any]]:
    """(line number, event) of each line; a line that is no JSON comes as its text, to be refused."""
    with path.open(encoding="utf-8-sig", newline="" if path.suffix.lower() == ".csv" else None) as file:
        if path.suffix.lower() == ".csv":
            rows = csv.DictReader(file)
            for row in rows:
                yield rows.line_num, _event(row)
            return
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, _json(line)


def _event(row: dict[str | Any, Any]) -> dict[str, Any]:
    """Blank cells are not given; cells beyond the header have no name."""
    given = {name: cell for name, cell in row.items() if isinstance(name, str) and cell not in (None, "")}
    if isinstance(given.get("properties"), str):
        given["properties"] = _json(given["properties"])
    return given


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
