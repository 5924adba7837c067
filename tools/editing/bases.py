"""Which version was a draft made from, and what it comes to on top of what is live now.

A draft says its base by digest, or by the `version` it kept. A hand edit on disk may leave `version` as it was, so that
a number can mean several texts: if all of them come to the same file, it does not matter which; else a person must say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from graph.domain.table import RoutingTable
from tools.editing.results import Edit, Refused
from tools.routing_file import RoutingFileError
from tools.routing_file.changes import diff
from tools.routing_file.merge import merge
from tools.routing_file.writer import value_at
from tools.store.routing_changes import live_changes
from tools.store.routing_versions import version_text, versions_like

MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Joined:
    """text: the draft on top of what is live; base: the digest it was made from; merged: whether others edited meanwhile."""

    text: str
    base: str
    merged: bool


def written_version(text: str) -> int | None:
    """The number in the text, None where it has none."""
    node = value_at(text, ("version",))
    return node.value if node is not None and isinstance(node.value, int) else None


def joined(engine: Engine, edit: Edit, live: RoutingTable, check: Callable[[str], object]) -> Joined:
    """Raises Refused with every conflict by name."""
    try:
        bases = _bases(engine, edit, live)
        made = [_on_top(live, base, edit.text, check) for base in bases]
    except RoutingFileError as error:
        raise Refused("invalid", "The draft is not valid.", findings=tuple(map(str, error.findings))) from None
    texts = [found for found in made if isinstance(found, Joined)]
    if len(texts) == len(made) and all(not diff(texts[0].text, other.text) for other in texts[1:]):
        return texts[0]
    if len(made) == 1:
        conflicts = next(found for found in made if not isinstance(found, Joined))
        raise Refused(
            "conflict",
            f"The live file has moved on since the draft was made, and both changed the same. Nothing was written. Make the "
            f"draft anew from the live file ({live.digest[:12]}), or say what it was made from with --base.",
            conflicts=conflicts,
            digest=live.digest,
        )
    named = ", ".join(base[0][:12] for base in bases)
    raise Refused(
        "conflict",
        f"Several versions carry the number {written_version(edit.text)}: {named}. Say which the draft was made from with "
        f"--base (the live one is {live.digest[:12]}).",
    )


def _bases(engine: Engine, edit: Edit, live: RoutingTable) -> list[tuple[str, str]]:
    """(digest, text) of each version that it may have been made from, newest first."""
    if edit.base is not None:
        return [_named(engine, edit.base, live)]
    number = written_version(edit.text)
    history = live_changes(engine)
    digests = dict.fromkeys(change.digest for change in history if change.version == number)
    if not digests:
        told = "has no `version`" if number is None else f"says version {number}"
        raise Refused(
            "conflict",
            f"The draft {told}, and no such version was ever live (live is version {written_version(live.text)}). Leave "
            f"`version` as it stood in the file you began with, or give its digest with --base (live: {live.digest[:12]}).",
        )
    return [(digest, version_text(engine, digest) or "") for digest in list(digests)[:MOST]]


def _named(engine: Engine, digest: str, live: RoutingTable) -> tuple[str, str]:
    if len(digest) >= 8 and live.digest.startswith(digest):
        return live.digest, live.text
    found = versions_like(engine, digest) if len(digest) >= 8 else []
    if len(found) == 1:
        return found[0]
    told = f'"{digest[:64]}" names {len(found) or "no"} version{"" if len(found) == 1 else "s"}'
    raise Refused("conflict", f"--base: {told}; give 8 or more digits of a digest from `rules history`.")


def _on_top(
    live: RoutingTable, base: tuple[str, str], draft: str, check: Callable[[str], object]
) -> Joined | tuple[str, ...]:
    digest, text = base
    if digest == live.digest:
        return Joined(draft, digest, merged=False)
    merged = merge(text, live.text, draft, check)
    if merged.conflicts:
        return tuple(map(str, merged.conflicts))
    return Joined(merged.text, digest, merged=True)
