"""A list of values as one parameter, for both databases: the statement stays the same however many there are, so that neither
SQLAlchemy nor the database reads it anew, and each value can be looked up with a bound of its own.

    names = listed("names", String)
    select(names, select(func.count())...where(leads.c.name_key == names)...)      {"names": as_list(["a b", "c d"])}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import ColumnElement, String, TableValuedAlias, bindparam, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class _Listed(FunctionElement[Any]):
    name = "listed"
    inherit_cache = True


@compiles(_Listed, "sqlite")
def _sqlite(element: _Listed, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Listed, "postgresql")
def _postgresql(element: _Listed, compiler: Any, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS JSON))"


def listed(name: str) -> TableValuedAlias:
    """A table of the one column `value`, whose rows the parameter `name` brings (see `as_list`)."""
    return _Listed(bindparam(name, type_=String)).table_valued("value", name=f"{name}_listed")


def value_in(table: TableValuedAlias, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> ColumnElement[Any]:
    """Its values as of this type; PostgreSQL knows them as text."""
    return cast(table.c.value, kind)


def as_list(values: Iterable[str] | Iterable[int]) -> str:
    """What is given for the parameter. Integers of up to 64 bits with their sign."""
    return orjson.dumps(list(values)).decode()
