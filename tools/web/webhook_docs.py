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
            {
                "name": "wait",
                "in": "query",
                "description": "Seconds to wait for the decision; more than `WAIT_LIMIT_S` (10) are that many.",
                "schema": {"type": "number", "minimum": 0},
                "required": False,
            },
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key and body: the first answer again. With another body: 422.",
                "schema": {"type": "string", "maxLength": 255},
                "required": False,
            },
        ],
    }


def _answer(description: str, required: tuple[str, ...], **properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": list(required), "properties": properties}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string"} | ({"description": description} if description else {}) | more


def _error(description: str) -> dict[str, Any]:
    """One shape for all: `tools.web.answers.Refused`."""
    said = {name: _text(about) for name, about in (("field", "as it was sent"), ("problem", ""), ("fix", ""))}
    return _answer(
        description,
        ("error", "message"),
        error=_text("a stable code, such as `invalid_field`, `unreachable`, `malformed_json`, `key_reused`"),
        message=_text("the same in a sentence"),
        fields={"type": "array", "items": {"type": "object", "properties": said}},
        example={"type": "object", "description": "a body that would be taken"},
    )


_LEAD_ID = _text("the person's; the same for each of their submissions")
_NUMBER = {"type": "number"}
WEBHOOK_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer(
        "Decided within ?wait=.",
        ("lead_id", "status", "owner", "path", "score"),
        status=_text("", enum=["decided"]),
        lead_id=_LEAD_ID,
        owner=_text("the account executive's address"),
        path=_text("", enum=["qualify", "manual_review", "nurture"]),
        score=_NUMBER | {"description": "of 100"},
        crm_id={"type": ["string", "null"], "description": "of the contact in the CRM, where it is written already"},
        processing_time=_NUMBER | {"description": "seconds from its arrival to this answer"},
    ),
    202: {
        **_answer(
            "Stored durably. A retry with the same Idempotency-Key and body gets the first answer again.",
            ("lead_id", "status", "decision"),
            status=_text("duplicate: the same submission was taken before", enum=["accepted", "duplicate"]),
            lead_id=_LEAD_ID,
            decision=_text("where the decision record will be; needs the admin token", format="uri"),
        ),
        "headers": {
            "Idempotency-Replayed": {
                "description": "`true` where this is the first answer again.", "schema": {"type": "string"},
            }
        },
    },
    400: _error("The body cannot be read."),
    401: _error("The signature does not fit."),
    413: _error("The body is too large."),
    415: _error("The content type is not read."),
    422: _error("A field is wrong, no way to reach the person was given, or the Idempotency-Key came with another body."),
    503: {
        **_error("The stream is away; send again."),
        "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
    },
}  # fmt: skip
