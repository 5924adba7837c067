"""Marketo: the payload is a template of the admin's own, filled with tokens; a header with a key proves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.web.answers import Refused
from tools.web.forms.digging import kept, others, text_of, time_of, tracking
from tools.web.forms.flattening import flatten
from tools.web.forms.signatures import by_key
from tools.web.forms.vendor import Delivery, Item, Payload, Vendor

_ABOUT = ("event_id", "submitted_at", "form", "form_id", "form_name", "page_url", "marketo_lead_id")


def read(payload: Payload) -> Sequence[Item]:
    said = {name: value for name, value in payload.items() if not _empty(value)}
    mine = {name: value for name, value in said.items() if name not in _ABOUT}
    if not mine:
        problem = {
            "field": "email",
            "problem": "no token was filled in",
            "fix": "use the template of this vendor's page",
        }
        raise Refused(422, "unexpected_payload", "There is no field of a lead in this.", fields=(problem,))
    form = text_of(said, "form_id", "form", "form_name") or ""
    about = ("form_id", "form_name", "page_url", "marketo_lead_id")
    return [
        Delivery(
            flatten(others(mine)),
            event_id=text_of(said, "event_id"),
            submitted_at=time_of(said, "submitted_at"),
            form=form,
            kept=tracking(said) | kept(**{name: text_of(said, name) for name in about}),
        )
    ]


def _empty(value: Any) -> bool:
    """A token without a value becomes `null`; one that Marketo does not know stays as it was written."""
    return isinstance(value, str) and (value.strip().lower() == "null" or value.strip().startswith("{{"))


VENDOR = Vendor(
    name="marketo",
    title="Marketo",
    proof="a key as the header x-webhook-key, or in the URL (?key=); Marketo signs nothing",
    check=by_key,
    read=read,
    bodies=("json", "form"),
)
