"""Values that are made in thousands a second: every type that a lead carries on its way.

A value never changes; `evolve` makes a changed copy. Type checkers see frozen dataclasses and refuse an assignment. At run
time they are plain ones: freezing costs an attribute call a field at every birth, and slots make orjson look each field up
(infra/docs/adr/0006).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["evolve", "value"]
T = TypeVar("T")
_new = object.__new__

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool) -> Callable[[type[T]], type[T]]:
        """Use it as `@value(frozen=True)`: a dataclass that compares and hashes by its fields."""
        return dataclass(unsafe_hash=frozen)


def evolve(held: T, **changes: Any) -> T:
    """`dataclasses.replace` for a value without `__post_init__`, at a tenth of its price: a lead's case is renewed some
    twenty times on its way. Raises AttributeError for a name that is no field."""
    made, before = _new(type(held)), held.__dict__
    made.__dict__ = fields = before | changes
    if len(fields) != len(before):
        raise AttributeError(f"{type(held).__name__} has no field {', '.join(changes.keys() - before.keys())}")
    return made
