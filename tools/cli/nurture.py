"""Sequences from the command line.

app.py nurture check FILE                  is the file of sequences good, mails included; exit code 1 where it is not
app.py nurture list [--status ACTIVE]      who is in which sequence, and what comes next
app.py nurture show LEAD                   one lead: every step, every mail, what lies ahead
app.py nurture preview SEQUENCE [--lead L] what would be sent when
app.py nurture pause | resume | cancel LEAD [--sequence S]
app.py nurture unsubscribe ADDRESS         no more mails, for ever, for all addresses of the person
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from graph.rules.sequences.preview import Planned
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.formatter_class = __doc__, argparse.RawDescriptionHelpFormatter
    words = parser.add_subparsers(dest="nurture", required=True, metavar="WORD")
    check = words.add_parser("check", help="is the file of sequences good")
    check.add_argument("file", type=Path, nargs="?", default=Path("infra/sequences.json"))
    check.add_argument("--routing", type=Path, help="also: does this routing file name a sequence that is there")
    listing = words.add_parser("list", help="who is in which sequence")
    listing.add_argument("--status", choices=("ACTIVE", "PAUSED", "COMPLETED", "CANCELLED"))
    listing.add_argument("--page", type=int, default=1)
    words.add_parser("show", help="one lead: steps, mails, what lies ahead").add_argument("lead")
    preview = words.add_parser("preview", help="what would be sent when")
    preview.add_argument("sequence")
    preview.add_argument("--lead", help="as this lead; else somebody who agreed, of whom nothing is known")
    preview.add_argument("--from", dest="begins", help="as if enrolled then: 2026-03-02 or 2026-03-02T18:30+01:00")
    for name, text in (("pause", "nothing more until resumed"), ("resume", "go on"), ("cancel", "nothing more at all")):
        part = words.add_parser(name, help=text)
        part.add_argument("lead")
        part.add_argument("--sequence")
    words.add_parser("unsubscribe", help="somebody wants no more mails").add_argument("address")


def without_store(arguments: argparse.Namespace) -> bool:
    return bool(arguments.command == "nurture" and arguments.nurture == "check")


def run(arguments: argparse.Namespace, settings: Settings | None = None) -> int:
    """0 done, 1 a bad file or nothing of that name, 2 what cannot be read."""
    if arguments.nurture == "check":
        return _check(arguments.file, arguments.routing)
    if settings is None:
        raise RuntimeError("this word needs the settings")
    from tools.store.engine import open_engine
    from tools.store.migrate import migrate

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database)
    try:
        migrate(engine)
        return _in_store(arguments, settings, engine)
    finally:
        engine.dispose()


def _check(file: Path, routing: Path | None) -> int:
    from tools.routing_file import RoutingFileError, describe
    from tools.routing_file import load as load_routing
    from tools.sequence_file import load

    try:
        found = load(file)
        table = load_routing(routing, tested=False) if routing is not None else None
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except RoutingFileError as error:
        print(describe(error.findings), file=sys.stderr)
        return 1
    wanted = table.nurture.sequence if table is not None and table.nurture is not None else None
    if wanted is not None and wanted not in found.sequences:
        print(f"{routing} names the sequence {wanted}, which {file} does not have.", file=sys.stderr)
        return 1
    for name, sequence in found.sequences.items():
        mails = sum(step.do == "EMAIL" for step in sequence.steps)
        print(f"{name}: {len(sequence.steps)} steps, {mails} mails, version {sequence.version[:12]}")
    return 0


def _in_store(arguments: argparse.Namespace, settings: Settings, engine: Engine) -> int:
    match arguments.nurture:
        case "list":
            return _list(engine, arguments.status, arguments.page)
        case "show":
            return _show(engine, settings, arguments.lead)
        case "preview":
            return _preview(engine, settings, arguments)
        case "unsubscribe":
            return _unsubscribe(engine, arguments.address)
        case word:
            return _move(engine, arguments.lead, word, arguments.sequence)


def _list(engine: Engine, status: str | None, page: int) -> int:
    from tools.store.nurture_pages import enrolments

    rows, total = enrolments(engine, status=status, limit=50, page=max(1, page))
    for row in rows:
        ahead = f"{row.step} {_when(row.due_at)}" if row.step else (row.reason or "")
        print(f"{row.lead_id}  {row.contact_key}  {row.sequence}  {row.status}  {ahead}")
    print(f"{total} in all, page {max(1, page)} of {max(1, -(-total // 50))}")
    return 0


def _show(engine: Engine, settings: Settings, lead_id: str) -> int:
    from tools.store.nurture_pages import cards, enrolled_at, person

    found = cards(engine, lead_id)
    if not found:
        print(f"{lead_id} was never in a sequence.", file=sys.stderr)
        return 1
    known = person(engine, lead_id)
    for card in found:
        e = card.enrolment
        print(
            f"{e['sequence']}: {e['status']}, {e['contact_key']}, owner {e['owner']}, enrolled {_when(e['enrolled_at'])}"
        )
        for line in (e["reason"], card.stuck and f"Not performed yet: {card.stuck}"):
            if line:
                print(f"  {line}")
        for step in card.steps:
            print(f"  {_when(step['at'])}  {step['step']:<12} {step['did']:<9} {step['said']}")
        for mail in card.mails:
            print(
                f"  mail {mail['template']}: {mail['state']}, {mail['subject']!r}{': ' + mail['error'] if mail['error'] else ''}"
            )
        sequence = _sequences(settings).get(e["sequence"])
        if known is not None and sequence is not None and e["status"] == "ACTIVE":
            from graph.rules.sequences.preview import plan

            began, now = enrolled_at(engine, lead_id, e["sequence"]), datetime.now(UTC)
            _print_planned([one for one in plan(sequence, known.person, began or now) if one.at > now])
    return 0


def _preview(engine: Engine, settings: Settings, arguments: argparse.Namespace) -> int:
    from graph.domain.sequence import Addressee
    from graph.rules.sequences.preview import plan
    from tools.store.nurture_pages import person

    sequence = _sequences(settings).get(arguments.sequence)
    if sequence is None:
        print(f"{settings.sequences_file} has no sequence {arguments.sequence}.", file=sys.stderr)
        return 1
    somebody = Addressee("-", "somebody@example.com", None, None, True, 0.0, "low", {})
    if arguments.lead is not None:
        known = person(engine, arguments.lead)
        if known is None:
            print(f"No decision of {arguments.lead} is recorded.", file=sys.stderr)
            return 1
        somebody = known.person
    try:
        begins = datetime.fromisoformat(arguments.begins) if arguments.begins else datetime.now(UTC)
    except ValueError:
        print(f"--from: {arguments.begins!r} is no date; write 2026-03-02 or 2026-03-02T18:30+01:00", file=sys.stderr)
        return 2
    _print_planned(plan(sequence, somebody, begins if begins.tzinfo else begins.replace(tzinfo=UTC)))
    return 0


def _sequences(settings: Settings) -> Any:
    from tools.sequence_file import load

    return load(settings.sequences_file).sequences


def _print_planned(planned: Sequence[Planned]) -> None:
    for one in planned:
        print(f"  {_when(one.at)}  {one.step:<12} {one.do:<12} {one.said}")


def _move(engine: Engine, lead_id: str, word: Any, sequence: str | None) -> int:
    from tools.store.nurture_places import move

    moved = move(engine, lead_id, word, os.environ.get("USER") or "the command line", datetime.now(UTC), sequence)
    if not moved:
        print(f"{lead_id} is in no such sequence.", file=sys.stderr)
        return 1
    for one in moved:
        print(f"{one.sequence}: {one.said}")
    return 0 if any(one.done for one in moved) else 1


def _unsubscribe(engine: Engine, address: str) -> int:
    from tools.store.nurture_leaving import leave_address

    if "@" not in address:
        print(f"{address!r} is no e-mail address.", file=sys.stderr)
        return 2
    ended = leave_address(engine, address.strip(), datetime.now(UTC))
    print(f"No more mails to {address.strip().lower()}; {ended} running enrolment{'' if ended == 1 else 's'} ended.")
    return 0


def _when(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
