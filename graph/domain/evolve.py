"""`dataclasses.replace` for frozen dataclasses with slots and no `__post_init__`, at a quarter of its price: a lead's case
is renewed some twenty times on its way."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")
_new = object.__new__
_set = object.__setattr__


def evolve(held: T, **changes: Any) -> T:
    """A copy of `held` with these fields changed. Raises AttributeError for a name that is no field."""
    made = _new(type(held))
    for name in held.__slots__:  # type: ignore[attr-defined]
        _set(made, name, changes.pop(name) if name in changes else getattr(held, name))
    if changes:
        raise AttributeError(f"{type(held).__name__} has no field {', '.join(changes)}")
    return made
