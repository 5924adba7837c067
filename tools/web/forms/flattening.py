"""Any payload of a form as flat fields: name -> value, in the payload's order. What a field means is a mapping's part.

    {"values": [{"name": "email", "value": "a@b.de"}]}       -> {"email": "a@b.de"}
    {"answers": [{"question": "Size?", "answer": "200"}]}    -> {"Size?": "200"}
    {"data": {"email": ["a@b.de"], "utm": {"source": "x"}}}  -> {"data.email": "a@b.de", "data.utm.source": "x"}
    {"properties": {"email": {"value": "a@b.de"}}}           -> {"properties.email": "a@b.de"}

A list of named answers gives fields of those names; a list of plain values is one text; everything else is named by its
path. Text that is JSON of an object is opened. Never fails for what a stranger sent: bounds cut it short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import orjson

Value: TypeAlias = str | int | float | bool
Flat: TypeAlias = dict[str, Value]
Mapped: TypeAlias = Callable[[str, Mapping[str, Value]], dict[str, Value] | None]
"""(vendor or form, its flat fields) -> fields of `LeadForm`, and under other names what is to be kept as `extra`; None
where no mapping was saved, so that the vendor's own serves. It may read the store: it is called in a thread."""

MOST_FIELDS: Final = 200
DEEPEST: Final = 8
LONGEST_NAME: Final = 200
LONGEST_OPENED: Final = 200_000  # characters of a text that is opened as JSON
NAMES: Final = ("name", "column_id", "question", "label", "title", "key", "field", "id")
VALUES: Final = ("value", "string_value", "answer", "values", "answers")


def flatten(payload: Any) -> Flat:
    """The fields of a decoded JSON value, or of the pairs of a form. Blank and null values are left out."""
    found: Flat = {}
    for name, value in _walk(payload, "", 0):
        _put(found, name[:LONGEST_NAME], value)
        if len(found) >= MOST_FIELDS:
            break
    return found


def no_mapping(_source: str, _flat: Mapping[str, Value]) -> dict[str, Value] | None:
    """No mapping was saved: the vendor's own serves."""
    return None


def _walk(held: Any, path: str, depth: int) -> Iterator[tuple[str, Value]]:
    if isinstance(held, str) and (opened := _opened(held)) is not None:
        held = opened
    if isinstance(held, bool | int | float):
        yield path or "value", held
    elif isinstance(held, str):
        if held.strip():
            yield path or "value", held
    elif depth >= DEEPEST:
        return
    elif isinstance(held, dict):
        yield from _of_object(held, path, depth)
    elif isinstance(held, list):
        yield from _of_list(held, path, depth)


def _of_object(held: dict[str, Any], path: str, depth: int) -> Iterator[tuple[str, Value]]:
    if path and "value" in held and not any(name in held for name in NAMES):  # {"value": "...", "versions": []}
        yield from _walk(held["value"], path, depth + 1)
        return
    for name, value in held.items():
        yield from _walk(value, f"{path}.{name}" if path else str(name), depth + 1)


def _of_list(held: list[Any], path: str, depth: int) -> Iterator[tuple[str, Value]]:
    plain = [item for item in held if isinstance(item, str | int | float | bool)]
    if len(plain) == len(held):
        if len(plain) == 1:
            yield from _walk(plain[0], path, depth + 1)
        elif text := ", ".join(as_text(item) for item in plain if as_text(item).strip()):
            yield path or "value", text
        return
    for at, item in enumerate(held):
        pair = named(item) if isinstance(item, dict) else None
        if pair is not None:
            yield from _walk(pair[1], pair[0], depth + 1)
        else:
            yield from _walk(item, f"{path}.{at}" if path else str(at), depth + 1)


def named(item: Mapping[str, Any]) -> tuple[str, Any] | None:
    """(name, value) of an object that is one answer: `{"name": "email", "value": "a@b.de"}`."""
    name = next((item[key] for key in NAMES if isinstance(item.get(key), str) and item[key].strip()), None)
    key = next((key for key in VALUES if key in item), None)
    return None if name is None or key is None else (name.strip(), item[key])


def as_text(value: Value) -> str:
    """As JSON writes it: true, 12, 1.5; text as it is."""
    return value if isinstance(value, str) else orjson.dumps(value).decode() if _small(value) else str(value)


def _small(value: Value) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _opened(text: str) -> dict[str, Any] | None:
    if not (text.startswith("{") and text.rstrip().endswith("}") and len(text) <= LONGEST_OPENED):
        return None
    try:
        opened = orjson.loads(text)
    except ValueError:
        return None
    return opened if isinstance(opened, dict) else None


def _put(found: Flat, name: str, value: Value) -> None:
    """A name that comes again is one more choice of the same question."""
    if name not in found:
        found[name] = value
    elif as_text(value) not in as_text(found[name]).split(", "):
        found[name] = f"{as_text(found[name])}, {as_text(value)}"
