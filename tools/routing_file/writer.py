"""Edits of a routing file's text that leave everything else as people wrote it: comments, layout, alignment, commas.

A path names what to edit: keys, the `id` of a rule, the `name` of a test, the value of an item, or its number in the list.
A comment block above a part and one at the end of its line are deleted and moved with it. Pure: text in, text out; a text
that is not JSON raises RoutingFileError, a path that leads nowhere EditError.
"""

from __future__ import annotations

import json
import re
from typing import Final

from tools.routing_file.layout import Container, Part, taken_apart, written
from tools.routing_file.reader import Node, Source, read
from tools.routing_file.shapes import Json, Path, child, node_at, shown

_PADDED: Final = re.compile(r"[\]}]*,?( +)(\S+)")


class EditError(ValueError):
    """An edit that the text does not allow: nothing is there, or something is there already."""


def value_at(text: str, path: Path) -> Node | None:
    """The value that the path leads to, if there is one."""
    return node_at(read(Source(text)), path)


def set_value(text: str, path: Path, value: Json) -> str:
    """Another value for what is there. Columns that follow on the line stay where they are, as far as there is room."""
    node = _existing(text, path)
    line = text[: node.start].rpartition("\n")[2]
    new = written(value, line[: len(line) - len(line.lstrip())], _newline(text))
    wider = len(new) - (node.end - node.start)
    rest = text[node.end :]
    padded = _PADDED.match(rest)
    if (
        padded
        and "\n" not in new + text[node.start : node.end]
        and _in_column(text, node.end + padded.start(2), padded)
    ):
        room = max(1, len(padded[1]) - wider)
        rest = rest[: padded.start(1)] + " " * room + rest[padded.end(1) :]
    return _checked(text[: node.start] + new + rest)


def _in_column(text: str, offset: int, padded: re.Match[str]) -> bool:
    """Does the word behind the spaces stand in a column: set off by several, or below or above the same word?"""
    if len(padded[1]) > 1:
        return True
    before, after = text[:offset].split("\n"), text[offset:].split("\n", 2)
    column = len(before[-1])
    neighbours = [*before[-2:-1], *after[1:2]]
    return any(line[column - 1 :].startswith(" " + padded[2]) for line in neighbours)


def put(text: str, path: Path, value: Json) -> str:
    """Sets the member at the path, making it and the objects around it where they are missing."""
    for depth in range(1, len(path) + 1):
        if value_at(text, path[:depth]) is None:
            key, made = path[depth - 1], value
            for step in reversed(path[depth:]):
                made = {str(step): made}
            return insert(text, path[: depth - 1], made, key=str(key))
    return set_value(text, path, value)


def insert(
    text: str, parent: Path, value: Json, *, key: str | None = None, after: str | int | None = None, first: bool = False
) -> str:
    """A new member (with a key) or item (without) of the object or list at `parent`: behind the sibling `after`, as the
    first one, or at the end."""
    node = _existing(text, parent)
    if (node.members is None) != (key is None) or (node.members is None and node.items is None):
        raise EditError(f"{shown(parent) or 'the file'} is {node.kind}, which cannot hold that")
    if key is not None and child(node, parent, key) is not None:
        raise EditError(f"{shown((*parent, key))} is there already")
    container = _container(text, node, parent)
    at = _place(node, parent, after, first=first)
    space = container.space(at)
    indent = space.rpartition("\n")[2] if "\n" in space else ""
    body = written(value, indent, container.newline)
    container.put(at, Part("", "", body if key is None else _keyed(key, node, text) + body))
    return _spliced(text, node, container)


def delete(text: str, path: Path) -> str:
    """Without what is there, and without the comments that belong to it."""
    node, at = _parent(text, path)
    container = _container(text, node, path[:-1])
    container.take(at)
    return _spliced(text, node, container)


def move(text: str, path: Path, *, after: str | int | None) -> str:
    """What is there, with its comments, behind its sibling `after` (a number counts as things stand); None: first."""
    node, at = _parent(text, path)
    to = _place(node, path[:-1], after, first=after is None)
    if to in (at, at + 1):
        return text
    container = _container(text, node, path[:-1])
    part = container.take(at)
    container.put(to - 1 if to > at else to, part)
    return _spliced(text, node, container)


def _existing(text: str, path: Path) -> Node:
    node = value_at(text, path)
    if node is None:
        raise EditError(f"{shown(path)} does not exist")
    return node


def _parent(text: str, path: Path) -> tuple[Node, int]:
    """What holds the part at the path, and the part's number in it."""
    node = _existing(text, path[:-1])
    return node, _number(node, path[:-1], path[-1])


def _number(node: Node, parent: Path, step: str | int) -> int:
    found = child(node, parent, step)
    held = [member.node for member in node.members or ()] or node.items or []
    number = next((at for at, item in enumerate(held) if found is not None and item is found.node), None)
    if number is None:
        raise EditError(f"{shown((*parent, step))} does not exist")
    return number


def _place(node: Node, parent: Path, after: str | int | None, *, first: bool) -> int:
    if first:
        return 0
    return len(node.members or node.items or ()) if after is None else _number(node, parent, after) + 1


def _container(text: str, node: Node, path: Path) -> Container:
    return taken_apart(text, node, top=not path)


def _keyed(key: str, node: Node, text: str) -> str:
    """`"key": `, with its value in the column of the others where those stand in one."""
    new = json.dumps(key, ensure_ascii=False) + ": "
    members = node.members or []
    others = [text[member.key_start : member.node.start] for member in members]
    lined_up = any(other.endswith("  ") for other in others) and "\n" in text[node.start : members[0].key_start]
    return new.ljust(max(map(len, others))) if lined_up else new


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _spliced(text: str, node: Node, container: Container) -> str:
    return _checked(text[: node.start] + container.text() + text[node.end :])


def _checked(text: str) -> str:
    read(Source(text))
    return text
