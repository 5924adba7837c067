"""The rows and the file of an edit, in the order in which a process may be killed at any point.

The row says `writing` before the file is written and `live` after it; what a killed process left in between is settled
by the next one from what it finds on disk (see `Disk.live`).
"""

from __future__ import annotations

from typing import Any

import orjson

from tools.editing.disk import Disk
from tools.editing.readying import Ready
from tools.editing.results import Edit, Refused
from tools.planning.showing import figures
from tools.saving import write_atomically
from tools.store.routing_changes import RoutingChange, State, add_change, go_live, move_change
from tools.store.routing_versions import keep_version


class Moved(Exception):
    """Somebody wrote the file by hand while the edit was being made ready."""


def keep(disk: Disk, edit: Edit, ready: Ready, change: RoutingChange | None, state: State) -> int:
    """The row of an edit that is not live yet, with the draft as its author gave it. Returns its id."""
    values = {"state": state, **_values(ready)}
    if change is not None:
        move_change(disk.engine, change.id, ["proposed", "scheduled"], **values)
        return change.id
    draft = disk.table_of(edit.text)
    keep_version(disk.engine, draft.digest, edit.text, draft.files)
    return add_change(disk.engine, digest=draft.digest, draft=draft.digest, **_author(disk, edit, ready), **values)


def write(disk: Disk, edit: Edit, ready: Ready, change: RoutingChange | None, seen: bytes) -> int:
    """Make it live. seen: what stood on disk when the edit was made ready. Raises Moved, and Refused when the disk does not
    take it."""
    table, now = ready.table, disk.clock()
    if disk.content() != seen:
        raise Moved
    keep_version(disk.engine, table.digest, table.text, table.files)
    values = {"state": "writing", "digest": table.digest, "version": table.version, **_values(ready)}
    if change is None:
        found = add_change(disk.engine, **_author(disk, edit, ready), **values)
    else:
        found = change.id
        move_change(disk.engine, found, ["proposed", "scheduled"], **values)
    try:
        write_atomically(disk.path, table.text)
    except OSError as error:
        note = f"{disk.path} cannot be written: {error.strerror or type(error).__name__}."
        move_change(disk.engine, found, ["writing"], state="refused", note=note)
        raise Refused("invalid", note) from None
    go_live(disk.engine, found, ["writing"], live_at=now)
    return found


def _values(ready: Ready) -> dict[str, Any]:
    told = orjson.dumps(figures(ready.plan), option=orjson.OPT_UTC_Z).decode()
    return {"needed": ready.needed, "figures": told, "note": ready.note}


def _author(disk: Disk, edit: Edit, ready: Ready) -> dict[str, Any]:
    return {
        "author": edit.author,
        "reason": edit.reason,
        "base": ready.base,
        "overridden": edit.override,
        "effective_at": edit.effective_at,
        "created_at": disk.clock(),
    }
