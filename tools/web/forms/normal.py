"""A vendor's delivery as the lead form that every other submission is: the saved mapping's fields, or else the vendor's
own. Writes nothing and asks nobody."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError

from tools.web.forms.flattening import Mapped, no_mapping
from tools.web.forms.naming import by_name, kept_name
from tools.web.forms.vendor import Delivery, Vendor
from tools.web.intake import LeadForm, refusal

LONGEST_ID: Final = 300


def lead_form(vendor: Vendor, delivery: Delivery, saved: Mapped = no_mapping) -> LeadForm:
    """Raises Refused 422 for a value that is none. What the vendor itself says of the submission (its id, its time, the
    consent) counts unless a field of the form says it."""
    fields = _saved(vendor, delivery, saved)
    if fields is None:
        fields = by_name(delivery.flat, vendor.names, delivery.hints)
    values: dict[str, Any] = {kept_name(name): value for name, value in delivery.kept.items()} | fields
    if delivery.consent is not None and "consent" not in fields:
        values["consent"] = delivery.consent
        if delivery.consent_text:
            values.setdefault("consent_text", delivery.consent_text)
    if delivery.submitted_at:
        values.setdefault("submitted_at", delivery.submitted_at[:40])
    values.setdefault("source", vendor.name)
    if delivery.event_id:
        values["event_id"] = f"{vendor.name}:{delivery.event_id}"[:LONGEST_ID]
    try:
        return LeadForm.model_validate(values)
    except ValidationError as error:
        raise refusal(error) from None


def _saved(vendor: Vendor, delivery: Delivery, saved: Mapped) -> dict[str, Any] | None:
    """A mapping of this very form before one of all forms of the vendor."""
    names = [f"{vendor.name}:{delivery.form}"] if delivery.form else []
    return next((found for name in [*names, vendor.name] if (found := saved(name, delivery.flat)) is not None), None)
