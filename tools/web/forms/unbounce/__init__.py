"""Unbounce: the fields stand as JSON in one field of a form, each a list; it signs nothing, so that a key proves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from tools.web.forms.digging import foreign, kept, others, text_of, tracking
from tools.web.forms.flattening import flatten
from tools.web.forms.signatures import by_key
from tools.web.forms.vendor import Delivery, Item, Payload, Vendor

_ABOUT: Final = (
    "page_uuid",
    "page_id",
    "page_name",
    "page_url",
    "variant",
    "ip_address",
    "time_submitted",
    "date_submitted",
)


def read(payload: Payload) -> Sequence[Item]:
    data = _data(payload)
    values = {name: held[0] if isinstance(held, list) and len(held) == 1 else held for name, held in data.items()}
    about = {name: text_of(values, name) or text_of(payload, name) for name in _ABOUT}
    day, clock = about["date_submitted"], about["time_submitted"]
    page = about["page_uuid"] or about["page_id"] or ""
    told = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]  # there is no id
    return [
        Delivery(
            flatten(others({name: value for name, value in values.items() if name not in _ABOUT})),
            event_id=f"{page}:{day} {clock}:{told}" if day else None,
            submitted_at=_time(day, clock),
            form=page,
            kept=tracking(values) | kept(**{name: about[name] for name in ("page_name", "page_url", "variant")}),
        )
    ]


def _data(payload: Payload) -> dict[str, Any]:
    sent = payload.get("data.json", payload.get("data_json"))
    if isinstance(sent, str):
        try:
            sent = orjson.loads(sent)
        except orjson.JSONDecodeError:
            sent = None
    if not isinstance(sent, dict):
        raise foreign("data.json", "Unbounce")
    return sent


def _time(day: str | None, clock: str | None) -> str | None:
    """`2026-11-24` and `10:32 AM UTC`."""
    for form in ("%Y-%m-%d %I:%M %p UTC", "%Y-%m-%d %H:%M UTC", "%Y-%m-%d %H:%M:%S UTC"):
        try:
            return datetime.strptime(f"{day} {clock}", form).isoformat() + "+00:00"  # noqa: DTZ007 - it says UTC
        except ValueError:
            continue
    return None


VENDOR = Vendor(
    name="unbounce",
    title="Unbounce",
    proof="a key in the URL (?key=) or the header x-webhook-key; Unbounce signs nothing",
    check=by_key,
    read=read,
    bodies=("form", "multipart"),
)
