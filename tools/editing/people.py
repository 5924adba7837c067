"""Who edits and approves: the same person is the same address, however they call themselves."""

from __future__ import annotations

from graph.domain.table import RoutingTable
from tools.editing.results import Refused
from tools.routing_file.findings import closest
from tools.store.routing_changes import FILE


def person_of(name: str, table: RoutingTable) -> str:
    """The address behind an id of the file's people, or the address itself: whoever edits need not own leads. In a file
    without people any name will do."""
    told = name.strip()
    by_id = {known.lower(): person for known, person in table.people.items()}
    if told.lower() in by_id:
        return by_id[told.lower()].email
    if told and told.lower() != FILE and ("@" in told or not table.people):
        return told.lower()
    hint = closest(told, table.people) if told else None
    raise Refused(
        "invalid",
        f'"{told}" is none of the people of the file{f", did you mean {hint}?" if hint else "."} '
        "Say who it is with --by, an id of the file or an e-mail address.",
    )
