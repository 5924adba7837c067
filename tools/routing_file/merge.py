"""Two edits of one routing file made into one: by rule id and path, with every disagreement named.

What only one side changed is taken; what both changed alike is no conflict; where they disagree ours stays in the text and
the conflict says what theirs would be. The text is ours's, edited in place, so that its comments and layout survive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tools.routing_file.findings import Finding, RoutingFileError
from tools.routing_file.parser import parse
from tools.routing_file.reader import Node, Source, read
from tools.routing_file.sequences import Orders, joined_order
from tools.routing_file.shapes import (
    Child,
    Json,
    Path,
    children,
    comparable,
    meaning,
    name_key,
    ordered,
    plain,
    shown,
    stayed,
    value_shown,
)
from tools.routing_file.writer import delete, insert, move, set_value, value_at

_SIDES: Final = ("base", "ours", "theirs")


@dataclass(frozen=True, slots=True)
class Conflict:
    """path: as in the list of changes, empty for the file as a whole. ours, theirs: the values, None where deleted."""

    path: str
    message: str
    steps: Path = ()
    ours: Json = None
    theirs: Json = None

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Merged:
    """text: ours with all of theirs that does not disagree. It is to be used only when there are no conflicts."""

    text: str
    conflicts: tuple[Conflict, ...]


def merge(base: str, ours: str, theirs: str, check: Callable[[str], object] = parse) -> Merged:
    """Three texts that are JSON (else RoutingFileError, which says whose). check: raises RoutingFileError for a text that
    is no valid file; what it finds in the merged text is a conflict."""
    roots = [_root(name, text) for name, text in zip(_SIDES, (base, ours, theirs), strict=True)]
    merging = _Merging(ours)
    merging.values((), roots[0], roots[1], roots[2])
    conflicts = merging.conflicts
    if not conflicts:
        try:
            check(merging.text)
        except RoutingFileError as error:
            conflicts = [Conflict("", f"the merged file is not valid: {finding}") for finding in error.findings]
    return Merged(merging.text, tuple(conflicts))


def _root(name: str, text: str) -> Node:
    try:
        return read(Source(text))
    except RoutingFileError as error:
        found = error.findings[0]
        raise RoutingFileError([Finding(name, found.line, found.column, found.message)]) from None


class _Merging:
    """Walks the three files together and edits the text of ours on the way. Every edit goes by name, so that no edit
    disturbs the next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.conflicts: list[Conflict] = []

    def values(self, path: Path, base: Node, ours: Node, theirs: Node) -> None:
        """A value that all three have."""
        meant = [meaning(node, path) for node in (base, ours, theirs)]
        if meant[2] in meant[:2]:
            return
        nodes = (base, ours, theirs)
        held = [children(node, path) for node in nodes]
        if comparable(nodes, path) and held[0] is not None and held[1] is not None and held[2] is not None:
            named = name_key(path) is not None or ours.members is not None
            (self._members if named else self._items)(path, held[0], held[1], held[2])
        elif meant[0] == meant[1]:
            self.text = set_value(self.text, path, plain(theirs))
        else:
            self._conflict(path, ours, theirs, f"ours {_short(ours)}, theirs {_short(theirs)}")

    def _members(self, path: Path, base: dict[str, Child], ours: dict[str, Child], theirs: dict[str, Child]) -> None:
        """Parts with names: compared one by one; then what is new comes in and what is gone goes."""
        new = [name for name in theirs if name not in base and name not in ours]
        gone = []
        moved = [set(base) - stayed(base, list(side)) if ordered(path) else set() for side in (ours, theirs)]
        for name in dict.fromkeys([*base, *theirs]):
            b, o, t = (held[name].node if name in held else None for held in (base, ours, theirs))
            at = (*path, name)
            if o is not None and t is not None:
                self._both_added(at, o, t) if b is None else self.values(at, b, o, t)
            elif b is not None and o is not None:
                if not self._kept(at, b, o, "ours", moved=name in moved[0]):
                    gone.append(name)
            elif b is not None and t is not None:
                self._kept(at, b, t, "theirs", moved=name in moved[1])
        self._arrange(path, Orders(list(base), list(ours), list(theirs)), new, gone, theirs)

    def _kept(self, path: Path, base: Node, held: Node, side: str, *, moved: bool) -> bool:
        """One side deleted it. What the other, which holds it, did with it since base is a conflict; False: nothing."""
        if meaning(base, path) != meaning(held, path):
            done = f"changed in {side} to {_short(held)}"
        elif moved:
            done = f"moved in {side}"
        else:
            return False
        if side == "ours":
            self._conflict(path, held, None, f"{done}, deleted in theirs")
        else:
            self._conflict(path, None, held, f"deleted in ours, {done}")
        return True

    def _both_added(self, path: Path, ours: Node, theirs: Node) -> None:
        if meaning(ours, path) == meaning(theirs, path):
            return
        nothing = Node(0, members=[]) if ours.members is not None else Node(0, items=[])
        several = (len(path) == 1 or path[0] == "aliases") and (ours.members is not None or name_key(path) is not None)
        if several and comparable((ours, theirs), path):
            self.values(path, nothing, ours, theirs)
        else:
            self._conflict(path, ours, theirs, f"added in both, ours {_short(ours)}, theirs {_short(theirs)}")

    def _items(self, path: Path, base: dict[str, Child], ours: dict[str, Child], theirs: dict[str, Child]) -> None:
        """A list of values: each is there or not."""
        new = [name for name in theirs if name not in base and name not in ours]
        gone = [name for name in base if name in ours and name not in theirs]
        if len(ours) + len(new) == len(gone):
            mine, their = (value_shown([plain(held.node) for held in side.values()]) for side in (ours, theirs))
            self.conflicts.append(Conflict(shown(path), f"ours {mine}, theirs {their}, which leaves nothing", path))
            return
        self._arrange(path, Orders(list(base), list(ours), list(theirs)), new, gone, theirs)

    def _arrange(self, path: Path, orders: Orders, new: list[str], gone: list[str], theirs: dict[str, Child]) -> None:
        target = joined_order(orders, set(gone), ordered=ordered(path))
        if target is None:
            told = f"reordered in both: ours {', '.join(orders.ours)}; theirs {', '.join(orders.theirs)}"
            self.conflicts.append(Conflict(shown(path), told, path, list(orders.ours), list(orders.theirs)))
            return
        for at, name in enumerate(target):
            if name in new:
                self._insert(path, name, theirs[name].node, target[at - 1] if at else None)
        for name in gone:
            while value_at(self.text, (*path, name)) is not None:  # a value may stand twice in a list
                self.text = delete(self.text, (*path, name))
        if ordered(path):
            self._reorder(path, target)

    def _insert(self, path: Path, name: str, node: Node, after: str | None) -> None:
        there = value_at(self.text, path)
        if there is not None and there.members is None and there.items is None:
            self.text = set_value(self.text, path, [plain(there), plain(node)])
            return
        key = name if there is not None and there.members is not None else None
        self.text = insert(self.text, path, plain(node), key=key, after=after, first=after is None)

    def _reorder(self, path: Path, target: list[str]) -> None:
        there = value_at(self.text, path)
        kept = stayed((there and children(there, path)) or {}, target)
        for at, name in enumerate(target):
            if name not in kept:
                self.text = move(self.text, (*path, name), after=target[at - 1] if at else None)

    def _conflict(self, path: Path, ours: Node | None, theirs: Node | None, message: str) -> None:
        values = [None if node is None else plain(node) for node in (ours, theirs)]
        self.conflicts.append(Conflict(shown(path), message, path, values[0], values[1]))


def _short(node: Node) -> str:
    return value_shown(plain(node))
