"""Makes an edit ready to go live: on top of what is live now, checked, planned, its approvals counted. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from graph.domain.table import RoutingTable
from tools.editing.bases import joined, written_version
from tools.editing.checks import fit
from tools.editing.results import Edit, Refused
from tools.planning.guards import approvals_needed
from tools.planning.plan import Plan, plan_of
from tools.routing_file import parse
from tools.routing_file.changes import diff
from tools.routing_file.writer import put
from tools.store.past import Chosen, past_decisions
from tools.store.routing_changes import RoutingChange, live_changes
from tools.store.routing_versions import version_texts

MOST_LEADS: Final = 100_000
UNSAID: Final = frozenset({"version", "$schema"})
"""Sections that say nothing about leads."""


@dataclass(frozen=True, slots=True)
class Ready:
    """live: what it was made ready on top of; table: what would be live; base: the digest the draft was made from; needed:
    approvals besides the author's word."""

    live: RoutingTable
    table: RoutingTable
    plan: Plan
    base: str
    needed: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Readying:
    """folder: of the live file, whose neighbours a draft may name; last: the past that a plan looks at."""

    engine: Engine
    folder: Path
    clock: Callable[[], datetime]
    last: timedelta

    def edit(self, edit: Edit, live: RoutingTable) -> Ready | None:
        """None for an edit that changes nothing. Raises Refused."""
        fit(edit.text, self.folder)
        made = joined(self.engine, edit, live, lambda text: parse(text, self.folder))
        if edit.exact and made.merged:
            told = "The live file has moved on since: here is yours on top of it, to look at and send again."
            raise Refused("conflict", told, digest=live.digest, text=made.text)
        own = written_version(live.text)
        if made.text == live.text or (own is not None and put(made.text, ("version",), own) == live.text):
            return None
        what = "The draft, with the edits that others made meanwhile," if made.merged else "The draft"
        table = self._numbered(made.text, live, what)
        sections = {change.section for change in diff(live.text, table.text)} - UNSAID
        note = f"Merged with what was live by then ({live.digest[:12]})." if made.merged else None
        needed = approvals_needed(sections, live.guards)
        return Ready(live, table, self._plan(live, table), made.base, needed, note)

    def old(self, version: RoutingChange, live: RoutingTable) -> Ready:
        """An old version as the next one. It needs no approval: it had what it needed when it was live."""
        kept = version_texts(self.engine, version.digest)
        if kept is None:
            raise Refused("invalid", f"The text of {version.digest[:12]} is not in the store.")
        table = self._numbered(kept[0], live, "The old version")
        note = None if table.files == kept[1] else f"{', '.join(kept[1])} beside it stayed as they are now."
        return Ready(live, table, self._plan(live, table), live.digest, note=note)

    def _numbered(self, text: str, live: RoutingTable, what: str) -> RoutingTable:
        """With a number that no version had, which the next draft will carry. A file without `version` gets one with its
        first edit: without it nobody could tell later what a draft was made from."""
        numbers = [change.version or 1 for change in live_changes(self.engine)]
        return fit(put(text, ("version",), max([live.version, *numbers]) + 1), self.folder, what)

    def _plan(self, live: RoutingTable, table: RoutingTable) -> Plan:
        since = self.clock() - self.last
        return plan_of(list(past_decisions(self.engine, Chosen(since, limit=MOST_LEADS))), live, table)
