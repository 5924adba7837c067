"""The versions that were live, newest first, with who, when and why; before them the changes that are not live yet."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tools.settings import Settings

if TYPE_CHECKING:
    from tools.store.routing_changes import RoutingChange

HELP = "who changed the file, when and why"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=20, help="how many versions")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    import orjson

    from tools.cli.rules.editing import editor_of, store_of
    from tools.planning.showing import table
    from tools.store.routing_changes import as_json, changes_in, live_changes

    with store_of(settings) as engine:
        editor_of(engine, settings).note_disk()
        waiting = changes_in(engine, ["proposed", "scheduled", "writing", "refused"])[: max(0, arguments.limit)]
        history = live_changes(engine, max(0, arguments.limit))
    if arguments.json:
        told = {"waiting": [as_json(c) for c in waiting], "live": [as_json(c) for c in history]}
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return 0
    rows = [("change", "version", "state", "when (UTC)", "by", "moved", "digest", "why")]
    print("\n".join(table([*rows, *map(_row, [*waiting, *history])])))
    return 0


def _row(change: RoutingChange) -> tuple[str, ...]:
    from tools.planning.showing import plain

    when = change.live_at or change.effective_at or change.created_at
    figures: dict[str, Any] = change.figures or {}
    moved = f"{figures['moved']:,} of {figures['leads']:,}" if figures else ""
    why = [plain(change.reason, 60)]
    if change.approvals or change.needed:
        by = f" by {', '.join(each.by for each in change.approvals)}" if change.approvals else ""
        why.append(f"[{len(change.approvals)} of {change.needed} approvals{by}]")
    why += [f"[guards overridden: {plain(change.overridden, 60)}]"] if change.overridden else []
    why += [f"[{plain(change.note, 200)}]"] if change.note else []
    version = "" if change.position is None else str(change.version or 1)
    return (
        str(change.id), version, change.state, f"{when:%Y-%m-%d %H:%M}", change.author, moved, change.digest[:12], " ".join(why),
    )  # fmt: skip
