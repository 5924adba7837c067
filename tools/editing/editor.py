"""Takes an edit of the routing file all the way to the disk, or says why not.

    apply     -> applied | scheduled (for later) | proposed (approvals are missing) | refused, with nothing written
    approve   -> the same again once enough have approved
    run_due   -> what was scheduled, once, by whichever process is first
    rollback  -> a new version with an old text
    cancel    -> what is not live yet

One edit at a time holds the file's folder, over all processes; what people do to the file by hand meanwhile is noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from graph.domain.table import RoutingTable
from tools.clock import utc_now
from tools.editing.disk import Disk
from tools.editing.people import person_of
from tools.editing.readying import Ready, Readying
from tools.editing.results import Edit, Refused, Result
from tools.editing.writing import Moved, keep, write
from tools.locking import folder_lock
from tools.planning.guards import stops
from tools.store.routing_changes import (
    Approval,
    RoutingChange,
    State,
    approvals_text,
    due_changes,
    find_change,
    move_change,
)
from tools.store.routing_versions import version_text

TRIES: Final = 5
OPEN: Final[tuple[State, ...]] = ("proposed", "scheduled", "refused")


class Editor:
    """engine: the store; path: the routing file; last: the past that a plan looks at."""

    def __init__(
        self,
        engine: Engine,
        path: Path,
        clock: Callable[[], datetime] = utc_now,
        last: timedelta = timedelta(days=30),
    ) -> None:
        self._disk = Disk(engine, path, clock)
        self._readying = Readying(engine, path.parent, clock, last)

    def now(self) -> datetime:
        return self._disk.clock()

    def reconcile(self) -> RoutingTable:
        """What is live, with a hand edit on disk noted in the history. Raises Refused for a file that cannot be used."""
        with folder_lock(self._disk.path.resolve().parent):
            return self._disk.live()

    def note_disk(self) -> None:
        """The same, where it does not matter whether the file can be used."""
        with suppress(Refused):
            self.reconcile()

    def apply(self, edit: Edit) -> Result:
        def go() -> Result:
            seen, live = self._disk.content(), self._disk.live()
            made = replace(edit, author=person_of(edit.author, live), reason=edit.reason.strip())
            if not made.reason:
                raise Refused("invalid", "Say why with --reason: it stays in the history.")
            if made.effective_at is not None and made.effective_at <= self._disk.clock():
                told = f"{made.effective_at:%Y-%m-%d %H:%M} UTC is past: name a time to come, or none for now."
                raise Refused("invalid", told)
            ready = self._readying.edit(made, live)
            if ready is None:
                return Result("unchanged", "The draft says what is live already.", digest=live.digest)
            return self._go_on(made, ready, None, seen)

        return self._steadily(go)

    def approve(self, change_id: int, by: str) -> Result:
        """With enough approvals it goes live, or waits for its time."""

        def go() -> Result:
            seen, live = self._disk.content(), self._disk.live()
            change, person = self._found(change_id), person_of(by, live)
            if change.state != "proposed":
                raise Refused("invalid", f"Change {change_id} is {change.state}: there is nothing to approve.")
            if person == change.author:
                raise Refused("invalid", f"{person} made the change; somebody else must approve it.")
            if person not in {each.by for each in change.approvals}:
                approvals = (*change.approvals, Approval(person, self._disk.clock()))
                move_change(self._disk.engine, change_id, ["proposed"], approvals=approvals_text(approvals))
            return self._again(self._found(change_id), live, seen)

        return self._steadily(go)

    def cancel(self, change_id: int, by: str) -> Result:
        """A change that is not live yet, or one that was refused and is still shown as a fault."""

        def go() -> Result:
            change, name = self._found(change_id), by.strip()
            try:
                live = self._disk.live()
            except Refused:  # a fault can be cleared while the file is broken; nobody can be looked up in it then
                if not name:
                    raise Refused("invalid", "Say who cancels it with --by.") from None
            else:
                name = person_of(name, live)
            told = f"{change.note or ''} Cancelled by {name}.".strip()
            if not move_change(self._disk.engine, change_id, OPEN, state="cancelled", note=told):
                raise Refused("invalid", f"Change {change_id} is {change.state}: it cannot be cancelled.")
            return Result("cancelled", f"Change {change_id} is cancelled.", change_id)

        return self._steadily(go)

    def run_due(self) -> list[Result]:
        """What was scheduled for now. One that cannot go live is refused, and its row says why."""
        return [
            self._steadily(lambda change_id=change_id: self._due(change_id))  # type: ignore[misc]
            for change_id in due_changes(self._disk.engine, self._disk.clock())
        ]

    def rollback(self, to: RoutingChange, author: str, reason: str) -> Result:
        """A new version with the text of an old one. Neither the shares nor approvals hold it up: that text was live
        before, and it is wanted back in a hurry. What stands on disk stays in the history even if it cannot be used."""

        def go() -> Result:
            seen, live = self._disk.content(), self._disk.live_or_newest()
            edit = Edit("", person_of(author, live), reason.strip() or f"Back to {to.digest[:12]}.")
            ready = self._readying.old(to, live)
            return self._written(write(self._disk, edit, ready, None, seen), ready)

        return self._steadily(go)

    def _steadily(self, go: Callable[[], Result]) -> Result:
        """Under the lock; anew when somebody edits the file by hand in the middle of it."""
        with folder_lock(self._disk.path.resolve().parent):
            for _ in range(TRIES):
                try:
                    return go()
                except Moved:
                    continue
                except Refused as refused:
                    return refused.result
            return Result("conflict", "Somebody keeps editing the file on disk; nothing was written. Try again later.")

    def _due(self, change_id: int) -> Result:
        change = self._found(change_id)
        if change.state != "scheduled":
            return Result("unchanged", f"Change {change_id} is {change.state}: another process was first.", change_id)
        try:
            seen = self._disk.content()
            return self._again(change, self._disk.live(), seen)
        except Refused as refused:
            result = replace(refused.result, change=change_id)
        told = " ".join((result.message, *map(str, result.stops), *result.findings, *result.conflicts))
        move_change(self._disk.engine, change_id, ["scheduled"], state="refused", note=told)
        return result

    def _found(self, change_id: int) -> RoutingChange:
        change = find_change(self._disk.engine, change_id)
        if change is None:
            raise Refused("invalid", f"There is no change {change_id}; `rules history` lists them.")
        return change

    def _again(self, change: RoutingChange, live: RoutingTable, seen: bytes) -> Result:
        """A stored edit on top of what is live by now."""
        text = version_text(self._disk.engine, change.draft or change.digest)
        if text is None:
            raise Refused("invalid", f"The draft of change {change.id} is not in the store.")
        edit = Edit(text, change.author, change.reason, change.base, change.effective_at, change.overridden)
        ready = self._readying.edit(edit, live)
        if ready is None:
            note = "What it says is live already."
            move_change(self._disk.engine, change.id, ["proposed", "scheduled"], state="cancelled", note=note)
            return Result("unchanged", note, change.id, live.digest)
        return self._go_on(edit, ready, change, seen)

    def _go_on(self, edit: Edit, ready: Ready, change: RoutingChange | None, seen: bytes) -> Result:
        """Guards, approvals, time, in this order."""
        stopped, overridden = tuple(stops(ready.plan, ready.live.guards)), bool((edit.override or "").strip())
        if stopped and not overridden:
            told = "A guard of the live file stops it; nothing was written."
            raise Refused("stopped", told, plan=ready.plan, stops=stopped, text=ready.table.text)
        approved = len(change.approvals) if change else 0
        if approved < ready.needed:
            found, missing = keep(self._disk, edit, ready, change, "proposed"), ready.needed - approved
            told = (
                f"Change {found} waits for {missing} approval{'' if missing == 1 else 's'} by others than {edit.author}: "
                f"`rules approve {found} --by NAME`."
            )
            return Result("proposed", told, found, ready.table.digest, ready.table.text, ready.plan, stopped)
        if edit.effective_at is not None and edit.effective_at > self._disk.clock():
            found = keep(self._disk, edit, ready, change, "scheduled")
            told = f"Change {found} goes live at {edit.effective_at:%Y-%m-%d %H:%M:%S} UTC if it still can by then."
            return Result("scheduled", told, found, ready.table.digest, ready.table.text, ready.plan, stopped)
        return replace(self._written(write(self._disk, edit, ready, change, seen), ready), stops=stopped)

    def _written(self, found: int, ready: Ready) -> Result:
        table = ready.table
        told = f"Change {found} is live as version {table.version} ({table.digest[:12]}). {ready.note or ''}".strip()
        return Result("applied", told, found, table.digest, table.text, ready.plan)
