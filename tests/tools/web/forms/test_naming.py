"""Names of fields mean one thing, or nothing; consent is what was ticked, with its wording."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.web.forms.flattening import Value
from tools.web.forms.naming import TAKEN, by_name, consent_of, field_of, plain
from tools.web.intake import LeadForm, to_form


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("What is your work e-mail?", "email"),
        ("Work Email *", "email"),
        ("work_email", "email"),
        ("E-Mail-Adresse", "email"),
        ("First name", "first_name"),
        ("What’s your first name?", "first_name"),
        ("Name (First)", "first_name"),
        ("Nachname", "last_name"),
        ("companyName", "company"),
        ("Which company do you work for?", "company"),
        ("How many employees does your company have?", "employees"),
        ("Company size", "employees"),
        ("Job Title", "title"),
        ("ZIP / Postal Code", "postal"),
        ("State/Province", "state"),
        ("Phone Number", "phone"),
        ("How can we help you?", "message"),
        ("_gotcha", "honeypot"),
        ("Marketing consent", "consent"),
        ("Emails per day", None),
        ("Company car?", None),
        ("Favourite colour", None),
        ("???", None),
        ("", None),
    ],
)
def test_a_name_is_a_field_of_the_lead_or_none(name: str, field: str | None):
    assert field_of(name, {}) == field


def test_a_vendors_own_names_come_first():
    assert field_of("Fleet", {plain("Fleet"): "product"}) == "product"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("consent", True, (True, None)),
        ("consent", "on", (True, None)),
        ("consent", "1", (True, None)),
        ("consent", "No", (False, None)),
        ("consent", "maybe", (None, None)),
        ("consent", "I agree to receive product news.", (True, "I agree to receive product news.")),
        ("I agree that you call me", "Yes", (True, "I agree that you call me")),
        ("I agree that you call me", False, (False, "I agree that you call me")),
        ("Yes, I would like to receive news", "checked", (True, "Yes, I would like to receive news")),
    ],
)
def test_consent_is_what_was_ticked_with_its_wording(name: str, value: Value, said: tuple[bool | None, str | None]):
    assert consent_of(name, value) == said


def test_the_first_of_two_fields_counts_and_the_other_is_kept():
    found = by_name({"Email": "a@b.de", "Work email": "c@d.de", "Plan": "Team"}, {}, {})
    assert found == {"email": "a@b.de", "field Work email": "c@d.de", "Plan": "Team"} or found == {
        "email": "a@b.de",
        "Work email": "c@d.de",
        "Plan": "Team",
    }
    assert to_form(LeadForm.model_validate(found)).email == "a@b.de"


def test_what_the_vendor_says_of_a_field_comes_before_its_name():
    found = by_name({"Email": "private@b.de", "q7": "work@d.de"}, {}, {"q7": "email"})
    form = to_form(LeadForm.model_validate(found))
    assert (form.email, form.extra) == ("work@d.de", {"field Email": "private@b.de"})


names = st.sampled_from([*sorted(TAKEN), "Company", "I agree to all", "properties", "Plan", "consent"]) | st.text(
    min_size=1, max_size=12
)
values = st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(min_size=1, max_size=30)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(names, values, max_size=8), st.data())
def test_any_flat_fields_make_a_form_or_name_a_wrong_number(flat: dict[str, Value], data: st.DataObject):
    hints = {name: data.draw(st.sampled_from(["email", "company", "phone"])) for name in list(flat)[:2]}
    flat = {name: value for name, value in flat.items() if not name.startswith("fill_time")}
    form = LeadForm.model_validate(by_name(flat, {}, hints))
    assert to_form(form)
