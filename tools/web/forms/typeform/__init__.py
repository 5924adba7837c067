"""Typeform: answers refer to the form's questions, which are sent along; signed with a secret of the webhook's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tools.web.forms.digging import inner, kept, object_at, objects_of, others, text_of, time_of, tracking
from tools.web.forms.flattening import Flat, flatten
from tools.web.forms.signatures import base64_of, digest, must_fit
from tools.web.forms.vendor import Access, Delivery, Ignored, Incoming, Item, Payload, Vendor

_TYPES = {"email": "email", "phone_number": "phone", "website": "website"}
_PIPED = re.compile(r"\{\{[^}]*\}\}")


def check(incoming: Incoming, access: Access) -> None:
    """`Typeform-Signature: sha256=` and the base64 of the body's HMAC. There is no time in it: a delivery that is sent again
    is known by its token."""
    expected = ("sha256=" + base64_of(digest(secret, incoming.raw)) for secret in access.secrets)
    must_fit(incoming.headers.get("typeform-signature"), expected, "The header Typeform-Signature")


def read(payload: Payload) -> Sequence[Item]:
    response = object_at(payload, "form_response", "Typeform")
    if payload.get("event_type", "form_response") != "form_response":
        return [Ignored("no answer to a form")]
    titles = {
        field["id"]: field
        for field in objects_of(inner(response, "definition"), "fields")
        if isinstance(field.get("id"), str)
    }
    flat: Flat = {}
    hints: dict[str, str] = {}
    consent: tuple[bool | None, str | None] = (None, None)
    for answer in objects_of(response, "answers"):
        field = inner(answer, "field")
        asked = titles.get(str(field.get("id")), field)
        title = _title(asked)
        value = _value(answer)
        if value is None:
            continue
        if asked.get("type") == "legal" and isinstance(value, bool):
            consent = (value, title)
            continue
        name = title if title not in flat else f"{title} ({field.get('ref') or field.get('id')})"
        flat |= flatten({name: value})
        if (kind := _TYPES.get(str(asked.get("type")))) and kind not in hints.values():
            hints[name] = kind
    form, hidden = text_of(response, "form_id") or "", inner(response, "hidden")
    flat |= {name: value for name, value in flatten(others(hidden)).items() if name not in flat}
    return [
        Delivery(
            flat,
            event_id=text_of(response, "token") or text_of(payload, "event_id"),
            submitted_at=time_of(response, "submitted_at"),
            form=form,
            hints=hints,
            consent=consent[0],
            consent_text=consent[1],
            kept=tracking(hidden) | kept(form_id=form, form_name=inner(response, "definition").get("title")),
        )
    ]


def _title(field: dict[str, Any]) -> str:
    title = _PIPED.sub("", str(field.get("title") or "")).strip().strip("*_").strip()
    return title or str(field.get("ref") or field.get("id") or "question")


def _value(answer: dict[str, Any]) -> Any:
    """The value stands under the answer's type; a choice has a label, or what was typed as another."""
    held = answer.get(str(answer.get("type")))
    if isinstance(held, dict):
        several = held.get("labels")
        if isinstance(several, list):
            return [*several, held["other"]] if held.get("other") else several
        return held.get("label") or held.get("other") or None
    return held


VENDOR = Vendor(
    name="typeform",
    title="Typeform",
    proof="Typeform-Signature: HMAC-SHA256 of the body with the webhook's secret",
    check=check,
    read=read,
)
