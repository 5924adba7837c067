"""Is a text fit to be live? It parses, its tests pass, and the proof finds no error."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from graph.domain.table import RoutingTable
from tools.editing.results import Refused
from tools.planning.guards import Stop
from tools.routing_file import RoutingFileError, parse, run_tests
from tools.routing_file.checking import examine


def readable(text: str, folder: Path, what: str = "The draft") -> RoutingTable:
    """The table of a text that can be routed with. Raises Refused with every error."""
    try:
        return parse(text, folder)
    except RoutingFileError as error:
        raise Refused("invalid", f"{what} is not valid.", findings=tuple(map(str, error.findings))) from None


def faults(table: RoutingTable) -> list[Stop]:
    """Why it may not be live all the same. No override helps: the file itself says that it is wrong."""
    failed = [str(finding) for result in run_tests(table) for finding in result.findings()]
    if failed:
        return [Stop("tests", each, overridable=False) for each in failed]
    return [Stop("proof", str(each), overridable=False) for each in examine(table, datetime.now(UTC)).errors]


def fit(text: str, folder: Path, what: str = "The draft") -> RoutingTable:
    """The table of a text that may be live. Raises Refused for every other."""
    table = readable(text, folder, what)
    found = faults(table)
    if found:
        said = "fails its own tests" if found[0].guard == "tests" else "has leads that come to nobody"
        raise Refused("stopped", f"{what} {said}.", findings=tuple(stop.message for stop in found))
    return table
