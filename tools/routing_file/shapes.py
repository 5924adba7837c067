"""What the parts of a routing file are told apart by, and where their order says something.

Rules go by `id`, tests by `name`, leave by the day it begins, members of an object by key, anything else in a list by its
value. A path is a tuple of such names (`("rules", "us-smb", "to")`); a number counts the items of a list from 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from tools.routing_file.reader import Node

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Path: TypeAlias = tuple[str | int, ...]

_NAMED: Final[Mapping[Path, str]] = {("rules",): "id", ("tests",): "name"}
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Child:
    """A member or an item. start: where it begins, with its key."""

    start: int
    node: Node


def plain(node: Node) -> Json:
    if node.members is not None:
        return {member.key: plain(member.node) for member in node.members}
    return [plain(item) for item in node.items] if node.items is not None else node.value


def name_key(path: Path) -> str | None:
    """The key by which the items of the list at `path` are named, None where they are values."""
    if len(path) == 3 and path[0] == "people" and path[2] == "ooo":
        return "from"
    return _NAMED.get(path)


def ordered(path: Path) -> bool:
    """Does the order say something there? The first rule wins, the first member breaks a tie."""
    if path in {("rules",), ("precedence",)}:
        return True
    return len(path) == 3 and (path[0], path[2]) in {("slas", "then"), ("pools", "members")}


def meaning(node: Node, path: Path) -> str:
    """Equal for two values that say the same: order where it says nothing is left out, and one value is a list of one."""
    return json.dumps(_canonical(plain(node), path), sort_keys=True)


def _canonical(value: Json, path: Path) -> Json:
    if isinstance(value, dict):
        pairs = {key: _canonical(item, (*path, key)) for key, item in value.items()}
        return cast("Json", list(pairs.items())) if ordered(path) else pairs
    if isinstance(value, list):
        items = [_canonical(item, (*path, at)) for at, item in enumerate(value)]
        if ordered(path):
            return items
        distinct = sorted({json.dumps(item, sort_keys=True): item for item in items}.items())
        alone = len(distinct) == 1 and not isinstance(distinct[0][1], dict)
        return distinct[0][1] if alone else [item for _, item in distinct]
    return value


def children(node: Node, path: Path) -> dict[str, Child] | None:
    """What the value holds, by name, in its order; None where names are missing or stand twice."""
    if node.members is not None:
        found = {member.key: Child(member.key_start, member.node) for member in node.members}
        return found if len(found) == len(node.members) else None
    items = [node] if node.items is None else node.items
    names = [_item_name(item, path) for item in items]
    named = {name: Child(item.start, item) for name, item in zip(names, items, strict=True) if name is not None}
    exact = name_key(path) is not None or ordered(path)
    return None if None in names or (exact and len(named) < len(items)) else named


def _item_name(item: Node, path: Path) -> str | None:
    key = name_key(path)
    if key is None:
        return item.value if isinstance(item.value, str) else meaning(item, (*path, 0))
    found = next((member.node.value for member in item.members or () if member.key == key), None)
    return found if isinstance(found, str) else None


def child(node: Node, path: Path, step: str | int) -> Child | None:
    if isinstance(step, str):
        return (children(node, path) or {}).get(step)
    items = node.items or []
    return Child(items[step].start, items[step]) if 0 <= step < len(items) else None


def node_at(root: Node, path: Path) -> Node | None:
    node = root
    for depth, step in enumerate(path):
        found = child(node, path[:depth], step)
        if found is None:
            return None
        node = found.node
    return node


def comparable(nodes: Sequence[Node], path: Path) -> bool:
    """Can the values be compared part by part: objects with objects, lists with lists (or with one value for a list)?"""
    if all(node.members is not None for node in nodes):
        return True
    if any(node.members is not None for node in nodes) or all(node.items is None for node in nodes):
        return False
    return all(node.items is not None for node in nodes) or (name_key(path) is None and not ordered(path))


def shown(path: Path) -> str:
    """`rules us-smb .to`, `tests "a name" .lead.state`, `pools.us-smb.members.ana`."""
    if len(path) < 2 or path[0] not in ("rules", "tests"):
        return ".".join(map(str, path))
    name = f'"{path[1]}"' if path[0] == "tests" else str(path[1])
    return f"{path[0]} {name}" + (" ." + ".".join(map(str, path[2:])) if path[2:] else "")


def value_shown(value: Json) -> str:
    """A word as it is, anything else as JSON, shortened."""
    text = value if isinstance(value, str) and not set(' "') & set(value) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def section_of(path: Path) -> str:
    """The top-level key; the capital ones are the map."""
    first = str(path[0])
    return "map" if first == first.upper() and first != first.lower() else first


def stayed(before: Iterable[str], after: Sequence[str]) -> set[str]:
    """Of the names in both, the most that keep their order: the others are those that moved."""
    place = {name: at for at, name in enumerate(after)}
    names = [name for name in before if name in place]
    best: list[tuple[int, int | None]] = []  # for each name: the longest run that ends with it, and the name before it
    for at, name in enumerate(names):
        runs = [(best[back][0] + 1, back) for back in range(at) if place[names[back]] < place[name]]
        best.append(max(runs, default=(1, None), key=lambda run: run[0]))
    at_last: int | None = max(range(len(names)), key=lambda at: best[at][0], default=None)
    kept = set()
    while at_last is not None:
        kept.add(names[at_last])
        at_last = best[at_last][1]
    return kept
