"""Why is this lead whose it is, and what is the smallest change that would make it somebody else's?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tools.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from graph.domain.routing import PoolState, RoutingFacts
    from graph.domain.table import RoutingTable
    from graph.rules.explaining import Held

HELP = "why a lead is whose it is, and what would change that"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "lead",
        help="a lead's id (its newest decision; ld_...@2 for a revision), or a JSON file as a test's lead; - reads it",
    )
    parser.add_argument("--file", type=Path, help="explain by this routing file instead")
    parser.add_argument(
        "--at", help="at this time instead, as 2026-03-10T15:00 (in the file's time zone) or with a zone"
    )
    parser.add_argument("--json", action="store_true", help="the whole explanation")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a decision is made from."""

    facts: RoutingFacts
    table: RoutingTable
    pools: Mapping[str, PoolState]
    now: datetime
    held: Held


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    import orjson

    from tools.cli.rules.editing import store_of
    from tools.cli.rules.reading import Unusable
    from tools.routing_file import RoutingFileError, describe
    from tools.routing_file.explained import as_json, sentences
    from tools.routing_file.explaining import explain

    try:
        with store_of(settings) as engine:
            asked = _asked(arguments, settings, engine)
    except Unusable as error:
        return error.told()
    except RoutingFileError as error:
        print(describe(error.findings), file=sys.stderr)
        return 2
    base = (arguments.file or settings.routing_file).parent
    explanation = explain(asked.table, asked.facts, asked.pools, asked.now, base=base, **asked.held)
    if arguments.json:
        print(orjson.dumps(as_json(explanation), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
    else:
        print("\n".join(sentences(explanation, ZoneInfo(asked.table.timezone))))
    return 0


def _asked(arguments: argparse.Namespace, settings: Settings, engine: Engine) -> _Asked:
    written = arguments.lead == "-" or Path(arguments.lead).is_file()
    other = _file(arguments.file) if arguments.file is not None else None
    asked = (
        _from_file(arguments.lead, settings, engine, other)
        if written
        else _from_store(arguments.lead, settings, engine, other)
    )
    return asked if arguments.at is None else replace(asked, now=_time(arguments.at, ZoneInfo(asked.table.timezone)))


def _from_file(name: str, settings: Settings, engine: Engine, other: RoutingTable | None) -> _Asked:
    """With the ledgers as they stand, now."""
    from tools.routing_file.lead_fields import read_lead

    table = other or _file(settings.routing_file)
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    pools, opened = _ledgers(engine, table)
    return _Asked(read_lead(text, table), table, pools, datetime.now(UTC), {"open_leads": opened})


def _from_store(name: str, settings: Settings, engine: Engine, other: RoutingTable | None) -> _Asked:
    """As it was decided: its facts, its version of the file, its clock, and the ledgers it saw. A pool that was not asked
    left no ledger in the decision, so that for it the one of today is taken."""
    import orjson

    from graph.rules.aliases import read_again
    from tools.cli.rules.reading import Unusable
    from tools.store.past import past_of
    from tools.store.queries import record_json

    lead_id, _, revision = name.partition("@")
    raw = record_json(engine, lead_id, int(revision) if revision.isdecimal() else None)
    if raw is None:
        raise Unusable(f"{name} is neither a lead with a decision here nor a file")
    record = orjson.loads(raw)
    past = past_of(datetime.fromisoformat(record["decided_at"]), record)
    table = other or _version(engine, past.routing_digest, settings)
    pools, opened = _ledgers(engine, table)
    held: Held = {
        "prior_turns": past.prior_turns,
        "holder": past.holder,
        "returned": past.cause == "pass",
        "open_leads": {**opened, **past.open},
        "excluded": past.excluded,
    }
    facts = past.facts if other is None else read_again(past.facts, past.unknown, other.aliases)
    return _Asked(facts, table, {**pools, **past.pools}, past.decided_at, held)


def _ledgers(engine: Engine, table: RoutingTable) -> tuple[dict[str, PoolState], dict[str, int]]:
    """The pools' states, and the open leads of those whose caps ask for them."""
    from graph.rules.routing import leads_counted
    from tools.store.history import read_open, read_pools

    counted = leads_counted(table)
    with engine.connect() as connection:
        return read_pools(connection, list(table.pools)), read_open(connection, counted) if counted else {}


def _version(engine: Engine, digest: str, settings: Settings) -> RoutingTable:
    from tools.cli.rules.reading import Unusable
    from tools.routing_file import parse
    from tools.store.routing_versions import version_text

    text = version_text(engine, digest)
    if text is None:
        raise Unusable(f"the routing file {digest[:12]} that decided is not in the store; name one with --file")
    return parse(text, settings.routing_file.parent)


def _file(path: Path) -> RoutingTable:
    """A file that can be read, whatever its tests say."""
    from tools.cli.rules.reading import Unusable
    from tools.routing_file import parse, read_text

    try:
        return parse(read_text(path), path.parent)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None


def _time(written: str, zone: ZoneInfo) -> datetime:
    from tools.cli.rules.reading import Unusable

    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Unusable(f'"{written}" is not a time; write it as 2026-03-10T15:00') from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
