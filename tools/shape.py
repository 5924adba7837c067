"""Pydantic's TypeAdapter, built when it is first used: some of ours take 20 ms, which every start would pay for what only a
late answer, a replay or a page asks."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class Shape(Generic[T]):
    """what: a type, or Annotated. Used by two threads at once for the first time it is built twice, and either will do."""

    def __init__(self, what: Any) -> None:
        self._what = what

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self._what)

    def validate_json(self, data: str | bytes) -> T:
        return self._adapter.validate_json(data)

    def validate_python(self, value: Any) -> T:
        return self._adapter.validate_python(value)

    def dump_json(self, value: T) -> bytes:
        return self._adapter.dump_json(value)
