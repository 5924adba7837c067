"""The forms that values of the routing file have, as JSON Schema: patterns, and the few shapes that objects are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]

N: Final = r"[0-9]+(\.[0-9]+)?"
DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
WEEKDAY: Final = "([Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|[Ss]un)"
DAYS: Final = f"{WEEKDAY}(-{WEEKDAY})?(,{WEEKDAY}(-{WEEKDAY})?)*"
HOURS_PART: Final = rf"{DAYS}\s+[0-9]{{1,2}}:[0-5][0-9]-[0-9]{{1,2}}:[0-5][0-9](\s+[A-Za-z0-9_+/-]+)?"
HOURS: Final = rf"^(always|{HOURS_PART}(\s*;\s*{HOURS_PART})*)$"
CAP: Final = r"^[0-9]{1,6}\s*/\s*(day|week|open)$"
EMAIL: Final = r'[^@\s<>,;"]+@[^@\s<>,;"]+\.[^@\s<>,;".]+'
CAPITAL: Final = "^[^a-z]*[A-Z][^a-z]*$"
NAME: Final = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
WORDS: Final = r"\S"


def text(description: str | None = None, pattern: str = WORDS, **more: Any) -> Schema:
    told = {} if description is None else {"description": description}
    return {**told, "type": "string", "pattern": pattern, **more}


def object_of(
    description: str, properties: Mapping[str, Schema], required: tuple[str, ...] = (), **more: Any
) -> Schema:
    found: Schema = {"description": description, "type": "object", "properties": dict(properties)}
    if required:
        found["required"] = list(required)
    return {**found, "additionalProperties": False, **more}


def named(description: str, value: Schema, names: str = NAME) -> Schema:
    """An object whose keys are names that the file makes."""
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": names},
        "additionalProperties": value,
    }


def list_of(description: str, item: Schema, least: int = 1) -> Schema:
    return {"description": description, "type": "array", "items": item, **({"minItems": least} if least else {})}


def some(description: str, *items: Schema) -> Schema:
    """One value, or a list of them of which one holds."""
    item = items[0] if len(items) == 1 else {"anyOf": list(items)}
    return {"description": description, "anyOf": [*items, {"type": "array", "minItems": 1, "items": item}]}


def whole(description: str, low: int, high: int) -> Schema:
    return {"description": description, "type": "integer", "minimum": low, "maximum": high}


def choice(description: str, values: tuple[str, ...]) -> Schema:
    return {"description": description, "enum": list(values)}


def or_null(schema: Schema) -> Schema:
    return {
        "description": schema["description"],
        "anyOf": [{k: v for k, v in schema.items() if k != "description"}, {"type": "null"}],
    }
