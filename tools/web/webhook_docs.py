"""What the OpenAPI document says of POST /webhooks/lead, whose route reads raw bytes."""

from __future__ import annotations

from typing import Any

from tools.web.answers import EXAMPLE
from tools.web.intake import LeadForm


def webhook_schema() -> dict[str, Any]:
    """The request body and its parameters."""
    schema = LeadForm.model_json_schema(by_alias=False, ref_template="#/components/schemas/{model}")
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema, "example": EXAMPLE},
                "application/x-www-form-urlencoded": {"schema": schema},
            },
        },
        "parameters": [
            {"name": "wait", "in": "query", "schema": {"type": "number", "minimum": 0}, "required": False},
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "maxLength": 255},
                "required": False,
            },
        ],
    }


WEBHOOK_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Decided within ?wait=."},
    202: {"description": "Stored durably; `status` is accepted or duplicate."},
    400: {"description": "The body cannot be read."},
    401: {"description": "The signature does not fit."},
    413: {"description": "The body is too large."},
    415: {"description": "The content type is not read."},
    422: {"description": "A field is wrong, or no way to reach the person was given."},
    503: {"description": "The stream is away; send again."},
}
