"""Every sample payload of every vendor gives the expected lead, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.form_leads import LEADS
from tools.cli.forms import items_of
from tools.web.forms.normal import lead_form
from tools.web.forms.reading import payload_of
from tools.web.forms.registry import HERE, page_of, sample_body, samples_of, vendors
from tools.web.forms.vendor import Delivery, GivenUp, Ignored, Item, Wanted
from tools.web.intake import to_form

OTHERS: dict[str, type[Item]] = {
    "calendly/invitee_canceled.json": GivenUp,
    "google_ads/test_data.json": Ignored,
    "linkedin/notification.json": Wanted,
    "meta/notification.json": Wanted,
}
NAMES = [f"{vendor.name}/{path.name}" for vendor in vendors().values() for path in samples_of(vendor)]


def item_of(name: str) -> Item:
    vendor = vendors()[name.partition("/")[0]]
    raw, kind = sample_body(HERE / vendor.name / "samples" / name.partition("/")[2])
    (item,) = items_of(vendor, payload_of(raw, kind, vendor.bodies))
    return item


def test_every_sample_stands_in_a_table():
    assert sorted(NAMES) == sorted([*LEADS, *OTHERS])
    assert {name.partition("/")[0] for name in NAMES} == set(vendors())


@pytest.mark.parametrize("name", LEADS)
def test_a_sample_gives_the_expected_lead(name: str):
    item = item_of(name)
    assert isinstance(item, Delivery)
    given = lead_form(vendors()[name.partition("/")[0]], item)
    found = {field: value for field, value in to_form(given).__dict__.items() if value not in (None, {})}
    assert found | ({"event_id": given.event_id} if given.event_id else {}) == LEADS[name]


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_submission_is_told_apart(name: str):
    assert isinstance(item_of(name), OTHERS[name])


@pytest.mark.parametrize("name", [name for name in LEADS if LEADS[name].get("extra")])
def test_a_saved_mapping_comes_before_the_vendors_own(name: str):
    """It sees the fields under the admin's names, of this form first, and what it returns is all that the form says."""
    vendor, item = vendors()[name.partition("/")[0]], item_of(name)
    assert isinstance(item, Delivery)
    asked: list[str] = []

    def saved(source: str, flat: Any) -> dict[str, Any] | None:
        asked.append(source)
        assert dict(flat) == item.flat
        return {"email": "mapped@example.org", "favourite": "tea"} if source == vendor.name else None

    given = lead_form(vendor, item, saved)
    assert asked == ([f"{vendor.name}:{item.form}"] if item.form else []) + [vendor.name]
    form = to_form(given)
    assert (form.email, form.company, form.extra["favourite"]) == ("mapped@example.org", None, "tea")
    assert form.source == vendor.name
    assert given.event_id == LEADS[name].get("event_id"), "what the vendor itself says stays"


@pytest.mark.parametrize("vendor", vendors().values(), ids=lambda vendor: vendor.name)
def test_the_admins_page_says_where_to_click_what_to_paste_and_what_arrives(vendor: Any):
    page = page_of(vendor).read_text(encoding="utf-8")
    assert f"/webhooks/forms/{vendor.name}" in page
    for title in ("## Set it up", "## What arrives", "## When something is wrong"):
        assert title in page
    assert "FORM_SECRETS" in page
    assert len(page) > 900
