"""An edit that an explanation names, and an alias that somebody chose, written into the file's text."""

from __future__ import annotations

from typing import Final

from graph.domain.explanation import Edit
from graph.rules.aliases import alias_key
from graph.rules.domains import host_of
from tools.routing_file.reader import Source, read
from tools.routing_file.shapes import Path
from tools.routing_file.writer import EditError, delete, insert, move, put, set_value, value_at

_SECTIONS: Final = ("rules", "accounts", "map")


def edited_text(text: str, edit: Edit) -> str:
    """The text with the edit made and everything else left as it is. EditError for an edit of another text."""
    path = _path(text, edit)
    if edit.kind == "drop":
        return delete(text, path)
    if edit.kind == "move":
        return _moved(text, path, edit.value)
    return _condition(text, (*path, "if", edit.key), edit)


def _path(text: str, edit: Edit) -> Path:
    section, _, name = edit.path.partition(".")
    if section == "map":
        return (name,)
    if section == "accounts":  # the key as written may differ in case
        node = value_at(text, ("accounts",))
        keys = [member.key for member in (node.members if node is not None else None) or ()]
        name = next((key for key in keys if host_of(key) == name), name)
    return (section, name)


def _moved(text: str, path: Path, before: str) -> str:
    node = value_at(text, ("rules",))
    names = [
        member.node.value
        for item in (node.items if node is not None else None) or ()
        for member in item.members or ()
        if member.key == "id"
    ]
    at = names.index(before)
    return move(text, path, after=None if at == 0 else str(names[at - 1]))


def _condition(text: str, path: Path, edit: Edit) -> str:
    """A value more in a list, or another range; a value that stands alone becomes a list."""
    node = value_at(text, path)
    if node is None:
        raise EditError(f"{edit.path} has no {edit.key}")
    if edit.kind == "add":
        return (
            insert(text, path, edit.value)
            if node.items is not None
            else set_value(text, path, [node.value, edit.value])
        )
    if node.items is None:
        return set_value(text, path, edit.value)
    at = next(at for at, item in enumerate(node.items) if str(item.value).strip() == edit.old)
    return set_value(text, (*path, at), edit.value)


def with_alias(text: str, field: str, typed: str, meaning: str) -> str:
    """The text with one alias more, or with another meaning for a spelling that has one. The caller parses it."""
    read(Source(text))
    node = value_at(text, ("aliases", field))
    same = [member.key for member in (node.members if node is not None else None) or ()]
    key = next((key for key in same if alias_key(field, key) == alias_key(field, typed)), typed)
    return put(text, ("aliases", field, key), meaning)
