"""Webflow: one object of fields under the names of the designer; signed with the time where the webhook was made by an
app or by the API, else with a key in the URL."""

from __future__ import annotations

from collections.abc import Sequence

from tools.web.forms.digging import inner, kept, object_at, text_of, time_of
from tools.web.forms.flattening import flatten
from tools.web.forms.signatures import by_key, digest, must_be_recent, must_fit
from tools.web.forms.vendor import Access, Delivery, Ignored, Incoming, Item, Payload, Vendor

SIGNATURE, TIME = "x-webflow-signature", "x-webflow-timestamp"


def check(incoming: Incoming, access: Access) -> None:
    """HMAC in hexadecimal digits over `{time in ms}:{body}`."""
    if SIGNATURE not in incoming.headers:
        by_key(incoming, access)
        return
    at = incoming.headers.get(TIME)
    must_be_recent(at, incoming.now, per_s=1000, what=f"The header {TIME}")
    signed = f"{at}:".encode()
    expected = (digest(secret, signed, incoming.raw).hex() for secret in access.secrets)
    must_fit(incoming.headers[SIGNATURE], expected, f"The header {SIGNATURE}")


def read(payload: Payload) -> Sequence[Item]:
    """Version 2 of Webflow's API wraps the submission in `payload`, version 1 did not."""
    if payload.get("triggerType", "form_submission") != "form_submission":
        return [Ignored("no submission of a form")]
    sent = inner(payload, "payload") or payload
    data = object_at(sent, "data", "Webflow")
    form = text_of(sent, "formId", "name") or ""
    return [
        Delivery(
            flatten(data),
            event_id=text_of(sent, "id", "_id"),
            submitted_at=time_of(sent, "submittedAt", "d"),
            form=form,
            kept=kept(
                form_name=text_of(sent, "name"),
                form_id=text_of(sent, "formId"),
                site_id=text_of(sent, "siteId", "site"),
            ),
        )
    ]


VENDOR = Vendor(
    name="webflow",
    title="Webflow",
    proof="x-webflow-signature and x-webflow-timestamp; a key in the URL where Webflow does not sign",
    check=check,
    read=read,
)
