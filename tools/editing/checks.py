"""Is a text fit to be live? It parses, its tests pass, and the proof finds no error."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from graph.domain.table import RoutingTable
from tools.editing.results import Refused
from tools.routing_file import RoutingFileError, parse, run_tests
from tools.routing_file.checking import examine


def fit(text: str, folder: Path, what: str = "The draft") -> RoutingTable:
    """The table of a text that may be live. No override helps against a failing test: the file itself says it is wrong."""
    try:
        table = parse(text, folder)
    except RoutingFileError as error:
        raise Refused("invalid", f"{what} is not valid.", findings=tuple(map(str, error.findings))) from None
    failed = [str(finding) for result in run_tests(table) for finding in result.findings()]
    if failed:
        raise Refused("stopped", f"{what} fails its own tests.", findings=tuple(failed))
    errors = tuple(map(str, examine(table, datetime.now(UTC)).errors))
    if errors:
        raise Refused("stopped", f"{what} has leads that come to nobody.", findings=errors)
    return table
