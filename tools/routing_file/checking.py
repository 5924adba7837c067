"""All that can be said about a routing file: its errors, its findings, its notes.

errors     a parse fault, a failing test of the file, or a lead that comes to nobody: the file is not good
findings   lines that do nothing or hardly what was meant: shown, and errors for those who want it strict
notes      worth knowing: ordinary overlap, what falls through to DEFAULT
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from graph.domain.routing import RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.proof import prove
from graph.rules.proof.shares import losses_of
from tools.routing_file.findings import Finding, RoutingFileError
from tools.routing_file.ladders import without_manager
from tools.routing_file.lint import lint, segment_notes
from tools.routing_file.live import load
from tools.routing_file.outline import Outline
from tools.routing_file.proving import Teller


@dataclass(frozen=True, slots=True)
class Examined:
    """Each in the order of the file. table: None for a file that has no valid one."""

    table: RoutingTable | None
    errors: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()


def examine(table: RoutingTable, now: datetime, leads: Iterable[RoutingFacts] | None = None) -> Examined:
    """Lint and proof of a file that parses and whose tests pass.

    leads: recent ones, to say how many of its leads a partly dead rule loses.
    """
    outline = Outline(table.text)
    proof, teller = prove(table, now), Teller(table, outline, now)
    findings = [*teller.findings(proof), *lint(table, outline)]
    notes = [*segment_notes(table, outline), *without_manager(table), *teller.falls(proof.falls)]
    if leads is None:
        notes += teller.overlaps(proof)
    else:
        most, some = teller.losses(proof, losses_of(table, leads, now))
        findings += most
        notes += some
    return Examined(table, _in_order(teller.errors(proof)), _in_order(findings), _in_order(notes))


def examine_file(path: Path, now: datetime | None = None, leads: Iterable[RoutingFacts] | None = None) -> Examined:
    """The same of a file as it lies there; OSError where it cannot be read.

    now: the present where None; without a zone it is in the file's.
    """
    try:
        table = load(path)
    except RoutingFileError as error:
        return Examined(None, error.findings)
    moment = now or datetime.now(UTC)
    return examine(table, moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(table.timezone)), leads)


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda item: (item.line, item.column, item.path, item.message)))
