"""JSON Schemas of what is sent, one an event, made from the types in `graph.domain.announcing`."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from graph.domain.announcing import DATA, VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(event: str) -> dict[str, Any]:
    """Of the whole message. Receivers should let fields through that they do not know. Raises KeyError."""
    data = TypeAdapter(DATA[event]).json_schema(mode="serialization")
    definitions = data.pop("$defs", {})
    data["properties"]["version"] = {"const": VERSION}
    return {
        "$schema": DIALECT,
        "title": f"{event}, version {VERSION}",
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": event},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": data,
        },
        **({"$defs": definitions} if definitions else {}),
    }


def schema_text() -> str:
    """The file infra/webhooks.schema.json: every event's schema by its name."""
    return json.dumps({event: schema_of(event) for event in DATA}, indent=1) + "\n"
