"""A vendor's body as one JSON object or one form: JSON, form-encoded or multipart, bounded, refused with the reason."""

from __future__ import annotations

from typing import Any

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from tools.web.answers import Refused
from tools.web.forms.vendor import BodyKind, Payload
from tools.web.intake import BYTE_ORDER_MARK, FORM_TYPE, JSON_TYPES, MOST_PAIRS, pairs_of

MULTIPART = "multipart/form-data"
TYPES: dict[BodyKind, str] = {"json": JSON_TYPES[0], "form": FORM_TYPE, "multipart": MULTIPART}
_UNLABELLED = ("", "text/plain", "application/octet-stream")


def payload_of(raw: bytes, content_type: str, bodies: tuple[BodyKind, ...]) -> Payload:
    """Raises Refused: 400 for a body that cannot be read, 415 for a kind that this vendor does not send, 422 for JSON that
    is no object. Of a form's equal names the values are one text; of a file only its name is kept."""
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    if not raw.strip():
        raise Refused(400, "empty_body", "The body is empty: the vendor's payload is expected.")
    kind = _kind_of(raw, content_type)
    if kind not in bodies:
        shown = content_type.split(";", 1)[0].strip()[:80]
        read = " or ".join(TYPES[each] for each in bodies)
        raise Refused(415, "unsupported_content_type", f"Content-Type {shown!r} is not read here. Send {read}.")
    if kind == "json":
        return _json(raw)
    pairs = pairs_of(raw) if kind == "form" else _parts(raw, content_type)
    if not any(value for _, value in pairs):
        raise Refused(400, "malformed_body", "The body holds no name=value pairs.")
    return _joined(pairs)


def _kind_of(raw: bytes, content_type: str) -> BodyKind | None:
    kind = content_type.split(";", 1)[0].strip().lower()
    if kind in JSON_TYPES or kind.endswith("+json"):
        return "json"
    if kind == FORM_TYPE:
        return "form"
    if kind == MULTIPART:
        return "multipart"
    if kind in _UNLABELLED:
        return "json" if raw.lstrip()[:1] in (b"{", b"[", b'"') else "form"
    return None


def _json(raw: bytes) -> Payload:
    try:
        held = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "malformed_json", f"The body is not JSON: {error.msg}.") from None
    if not isinstance(held, dict):
        raise Refused(422, "not_an_object", "The body must be one JSON object, as the vendor sends it.")
    return held


def _parts(raw: bytes, content_type: str) -> list[tuple[str, str]]:
    """The fields of multipart/form-data in their order."""
    _, options = parse_options_header(content_type)
    found: list[tuple[str, str]] = []

    def on_field(part: Field) -> None:
        found.append((_text(part.field_name), _text(part.value)))
        _bounded()

    def on_file(part: File) -> None:
        found.append((_text(part.field_name), _text(part.file_name)))
        part.close()
        _bounded()

    def _bounded() -> None:
        if len(found) > MOST_PAIRS:
            raise Refused(400, "malformed_body", f"The form has more than {MOST_PAIRS} fields.")

    boundary = options.get(b"boundary")
    if not boundary:
        raise Refused(400, "malformed_body", "The Content-Type of a multipart body must name its boundary.")
    if b"--" + boundary + b"--" not in raw:  # the parser takes half a form for a whole one
        raise Refused(400, "malformed_body", "The multipart body has no end: its closing boundary is missing.")
    try:
        parser = FormParser(MULTIPART, on_field, on_file, boundary=boundary, config={"MAX_MEMORY_FILE_SIZE": len(raw)})
        parser.write(raw)
        parser.finalize()
    except FormParserError as error:
        raise Refused(400, "malformed_body", f"The multipart body cannot be read: {str(error)[:100]}.") from None
    return found


def _text(value: bytes | None) -> str:
    """Old pages send Latin letters as Windows writes them."""
    if value is None:
        return ""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _joined(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for name, value in pairs:
        before = held.get(name)
        held[name] = f"{before}, {value}" if before and value and before != value else value or before or ""
    return held
