"""Jotform: a multipart form whose field rawRequest holds the answers as JSON; it signs nothing, so that a key proves it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import orjson

from tools.web.forms.digging import foreign, kept, others, text_of, time_of, tracking
from tools.web.forms.flattening import flatten
from tools.web.forms.signatures import by_key
from tools.web.forms.vendor import Delivery, Item, Payload, Vendor

_QUESTION = re.compile(r"q\d+_(.+)")
NAMES: Final = {
    "phone number full": "phone", "phone full": "phone", "full name first": "first_name", "full name last": "last_name",
    "your name first": "first_name", "your name last": "last_name", "address city": "city", "address state": "state",
    "how can": "message", "address postal": "postal", "address country": "country",
}  # fmt: skip


def read(payload: Payload) -> Sequence[Item]:
    """A question's name is q, its number and the name that the form's admin sees under its properties."""
    answers = _answers(payload)
    asked = {found[1]: _value(value) for name, value in answers.items() if (found := _QUESTION.fullmatch(str(name)))}
    form = text_of(payload, "formID") or ""
    opened_s = text_of(answers, "timeToSubmit")
    flat = flatten(others(asked))
    if opened_s and opened_s.replace(".", "", 1).isdigit():
        flat["fill_time_s"] = float(opened_s)
    return [
        Delivery(
            flat,
            event_id=text_of(payload, "submissionID"),
            submitted_at=time_of(answers, "submitDate"),
            form=form,
            kept=tracking(asked) | kept(form_id=form, form_name=text_of(payload, "formTitle")),
        )
    ]


def _answers(payload: Payload) -> dict[str, Any]:
    sent = payload.get("rawRequest")
    try:
        held = orjson.loads(sent) if isinstance(sent, str) else sent
    except orjson.JSONDecodeError:
        held = None
    if not isinstance(held, dict):
        raise foreign("rawRequest", "Jotform")
    return held


def _value(held: Any) -> Any:
    """A phone may come in two parts."""
    if isinstance(held, dict) and isinstance(held.get("area"), str) and isinstance(held.get("phone"), str):
        return f"{held['area']} {held['phone']}"
    return held


VENDOR = Vendor(
    name="jotform",
    title="Jotform",
    proof="a key in the URL (?key=) or the header x-webhook-key; Jotform signs nothing",
    check=by_key,
    read=read,
    bodies=("multipart", "form"),
    names=NAMES,
)
