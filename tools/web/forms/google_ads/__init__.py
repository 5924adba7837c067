"""Google Ads lead forms: columns with ids of Google's, questions under ids or texts of their own; the key in the body."""

from __future__ import annotations

from collections.abc import Sequence

from tools.web.forms.digging import foreign, kept, objects_of, text_of, time_of
from tools.web.forms.flattening import Flat, flatten
from tools.web.forms.signatures import by_nobody, must_fit
from tools.web.forms.vendor import Access, Delivery, Ignored, Item, Payload, Vendor

COLUMNS = {
    "FULL_NAME": "full_name", "FIRST_NAME": "first_name", "LAST_NAME": "last_name", "EMAIL": "email",
    "WORK_EMAIL": "email", "PHONE_NUMBER": "phone", "WORK_PHONE": "phone", "COMPANY_NAME": "company",
    "JOB_TITLE": "title", "COUNTRY": "country", "REGION": "state", "CITY": "city", "POSTAL_CODE": "postal",
    "COMPANY_SIZE": "employees", "INDUSTRY": "industry", "PRODUCT": "product",
}  # fmt: skip
_FIRST = ("WORK_EMAIL", "WORK_PHONE")
"""Where a form asks for both, the one at work is the lead's."""


def check_payload(payload: Payload, access: Access) -> None:
    """Google repeats the key that the form's webhook was given."""
    must_fit(text_of(payload, "google_key"), access.secrets, "google_key in the body")


def read(payload: Payload) -> Sequence[Item]:
    if not isinstance(payload.get("user_column_data"), list):
        raise foreign("user_column_data", "Google Ads")
    if payload.get("is_test") is True:
        return [Ignored("Google's test data: the key fits, and nothing was stored")]
    flat: Flat = {}
    for column in objects_of(payload, "user_column_data"):
        identifier, shown = text_of(column, "column_id"), text_of(column, "column_name")
        name = identifier if identifier in COLUMNS else shown or identifier
        if name:
            flat |= flatten({name: column.get("string_value")})
    ordered = sorted((name for name in flat if name in COLUMNS), key=lambda name: name not in _FIRST)
    hints: dict[str, str] = {}
    for name in ordered:
        if COLUMNS[name] not in hints.values():
            hints[name] = COLUMNS[name]
    form = text_of(payload, "form_id") or ""
    numbers = ("campaign_id", "adgroup_id", "creative_id", "asset_group_id", "gcl_id")
    return [
        Delivery(
            flat,
            event_id=text_of(payload, "lead_id"),
            submitted_at=time_of(payload, "lead_submit_time", "submit_time"),
            form=form,
            hints=hints,
            kept=kept(form_id=form, **{name: text_of(payload, name) for name in numbers}),
        )
    ]


VENDOR = Vendor(
    name="google_ads",
    title="Google Ads lead forms",
    proof="google_key in the body: the key that was typed into the lead form",
    check=by_nobody,
    check_payload=check_payload,
    read=read,
)
