"""A plain form on a page of your own: it posts straight to the router. As open as POST /webhooks/lead, unless a key is set."""

from __future__ import annotations

from collections.abc import Sequence

from tools.web.forms.digging import others, text_of, tracking
from tools.web.forms.flattening import flatten
from tools.web.forms.signatures import by_key
from tools.web.forms.vendor import EVERY_BODY, Delivery, Item, Payload, Vendor


def read(payload: Payload) -> Sequence[Item]:
    mine = {name: value for name, value in others(payload).items() if name not in ("event_id", "form_id", "key")}
    return [
        Delivery(
            flatten(mine),
            event_id=text_of(payload, "event_id"),
            form=text_of(payload, "form_id") or "",
            kept=tracking(payload),
        )
    ]


VENDOR = Vendor(
    name="html",
    title="A plain HTML form",
    proof="nothing, as /webhooks/lead; a key where one is set",
    check=by_key,
    read=read,
    bodies=EVERY_BODY,
    open=True,
)
