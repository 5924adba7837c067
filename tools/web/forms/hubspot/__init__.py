"""HubSpot forms: a workflow's webhook sends the contact, a page's own script sends what the form held. Signed for an app
(version 3 with the time, version 2 without), else with a key that the workflow sends."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from tools.web.answers import Refused
from tools.web.forms.digging import inner, kept, objects_of, text_of, time_of
from tools.web.forms.flattening import flatten
from tools.web.forms.signatures import by_key, must_fit
from tools.web.forms.vendor import Access, Delivery, Ignored, Incoming, Item, Payload, Vendor
from tools.web.hubspot_signature import SIGNATURE, verify

V2 = "x-hubspot-signature"
NAMES = {"numemployees": "employees", "hs lead source": "source", "mobilephone": "phone", "zip": "postal"}


def check(incoming: Incoming, access: Access) -> None:
    """Version 3 signs method, URL, body and time; version 2 method, URL and body, with the secret in front."""
    if SIGNATURE in incoming.headers:
        verify(
            incoming.headers, incoming.method, incoming.url, incoming.raw,
            secrets=access.secrets, now=incoming.now, setting="FORM_SECRETS",
        )  # fmt: skip
    elif incoming.headers.get("x-hubspot-signature-version") == "v2":
        signed = incoming.method.encode() + incoming.url.encode() + incoming.raw
        expected = (hashlib.sha256(secret.encode() + signed).hexdigest() for secret in access.secrets)
        must_fit(incoming.headers.get(V2), expected, f"The header {V2}")
    else:
        by_key(incoming, access)


def read(payload: Payload) -> Sequence[Item]:
    if isinstance(payload.get("properties"), dict):
        return [_contact(payload)]
    if isinstance(payload.get("fields"), list):
        return [_form(payload)]
    if any(name in payload for name in ("email", "phone", "firstname", "lastname")):
        return [_chosen(payload)]
    if "subscriptionType" in payload or "eventId" in payload:
        return [Ignored("an event of the CRM, no form")]
    problem = {
        "field": "properties",
        "problem": "no object of this name",
        "fix": "send the contact or the form's fields",
    }
    raise Refused(422, "unexpected_payload", "This is no contact and no form of HubSpot.", fields=(problem,))


def _contact(payload: Payload) -> Delivery:
    """A workflow's webhook with all properties. The newest conversion is the submission that started it."""
    sent = max(objects_of(payload, "form-submissions"), key=lambda each: _number(each.get("timestamp")), default={})
    values = {
        name: held.get("value") if isinstance(held, dict) else held for name, held in payload["properties"].items()
    }
    mine = {
        name: value for name, value in values.items() if not str(name).startswith(("hs_", "lastmodified", "createdate"))
    }
    contact = text_of(payload, "vid", "objectId", "hs_object_id")
    return Delivery(
        flatten(mine),
        event_id=text_of(sent, "conversion-id", "conversionId"),
        submitted_at=time_of(sent, "timestamp"),
        form=text_of(sent, "form-id", "formId") or "",
        kept=kept(
            form_name=text_of(sent, "title"),
            form_id=text_of(sent, "form-id", "formId"),
            page_url=text_of(sent, "page-url", "pageUrl"),
            hubspot_contact=contact,
            hs_analytics_source=text_of(values, "hs_analytics_source"),
        ),
    )


def _form(payload: Payload) -> Delivery:
    """What HubSpot's form script and its submission API hold: fields, the page, consent with its wording."""
    context = inner(payload, "context")
    consent = inner(payload, "legalConsentOptions", "consent")
    told = [text_of(each, "text") for each in objects_of(consent, "communications") if each.get("value") is True]
    asked = [text_of(each, "text") for each in objects_of(consent, "communications")]
    given = bool(told) if asked else None
    wording = next((text for text in (*told, *asked, text_of(consent, "text")) if text), None)
    form = text_of(payload, "formGuid", "formId", "form_id") or ""
    return Delivery(
        flatten({"fields": payload["fields"]}),
        event_id=text_of(payload, "conversionId", "submissionId"),
        submitted_at=time_of(payload, "submittedAt"),
        form=form,
        consent=given,
        consent_text=wording,
        kept=kept(
            form_id=form,
            page_url=text_of(context, "pageUri", "pageUrl"),
            page_name=text_of(context, "pageName"),
            hutk=text_of(context, "hutk"),
        ),
    )


def _chosen(payload: Payload) -> Delivery:
    """A workflow's webhook with chosen properties: plain names and values."""
    mine = {name: value for name, value in payload.items() if name not in ("conversionId", "submittedAt", "form_id")}
    return Delivery(
        flatten(mine),
        event_id=text_of(payload, "conversionId"),
        submitted_at=time_of(payload, "submittedAt"),
        form=text_of(payload, "form_id") or "",
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


VENDOR = Vendor(
    name="hubspot",
    title="HubSpot forms",
    proof="x-hubspot-signature-v3 (or v2) of an app; else the key as a header or in the URL",
    check=check,
    read=read,
    names=NAMES,
)
