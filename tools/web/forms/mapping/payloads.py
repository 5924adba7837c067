"""A payload of a form of one's own: JSON of any shape, form-encoded or multipart, from the wire or pasted by a person."""

from __future__ import annotations

from typing import Any

import orjson

from tools.web.answers import Refused
from tools.web.forms.flattening import Flat, flatten
from tools.web.forms.reading import payload_of
from tools.web.forms.vendor import EVERY_BODY
from tools.web.intake import BYTE_ORDER_MARK, JSON_TYPES

PASTED = ""
"""The content type of what somebody pasted: its first character tells."""


def flat_payload(raw: bytes, content_type: str) -> Flat:
    """Its flat fields. Raises Refused: 400 for a body that cannot be read or says nothing, 415 for another kind."""
    flat = flatten(_payload(raw, content_type))
    if not flat:
        raise Refused(400, "empty_body", "The body holds no value.")
    return flat


def _payload(raw: bytes, content_type: str) -> Any:
    """A list of answers is no object, and a form of one's own may send one."""
    body = raw.removeprefix(BYTE_ORDER_MARK).strip()
    kind = content_type.split(";", 1)[0].strip().lower()
    if body[:1] == b"[" and (kind in ("", "text/plain", *JSON_TYPES) or kind.endswith("+json")):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Refused(400, "malformed_json", f"The body is not JSON: {error.msg}.") from None
    return payload_of(raw, content_type, EVERY_BODY)
