"""Which submissions are the same, and which people."""

from __future__ import annotations

import base64
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.domain.lead import Form
from tools.idempotency import Identifier, Keys, _base32

IDS = Identifier(b"k" * 32)
MAYA = Form(email="maya@acme.example", full_name="Maya Ortiz", message="tracing")


def keys(form: Form = MAYA, raw: bytes = b"{}", *, event_id: str | None = None, header: str | None = None) -> Keys:
    lead_id = IDS.lead_id(form)
    assert lead_id is not None
    return IDS.keys(form, lead_id, raw, event_id=event_id, header=header)


@pytest.mark.parametrize(
    "email", ["Maya@Acme.Example", "  maya@acme.example\t", "MAYA@ACME.EXAMPLE", "mailto:maya@acme.example"]
)
def test_an_address_in_other_case_and_white_space_is_the_same_person(email: str):
    assert IDS.lead_id(Form(email=email)) == IDS.lead_id(MAYA)


def test_other_people_are_other_leads():
    assert IDS.lead_id(Form(email="mayo@acme.example")) != IDS.lead_id(MAYA)


def test_a_phone_alone_is_a_person_and_an_email_wins_over_it():
    phone = Form(phone="+49 30 23125 118")
    assert IDS.lead_id(phone) == IDS.lead_id(Form(phone="030 23125-118", country="Germany"))
    assert IDS.lead_id(replace(MAYA, phone=phone.phone)) == IDS.lead_id(MAYA)


@pytest.mark.parametrize("form", [Form(), Form(email="nobody"), Form(phone="12"), Form(email="a@b", phone="call me")])
def test_without_a_way_to_reach_them_there_is_no_lead(form: Form):
    assert IDS.lead_id(form) is None


def test_a_lead_id_says_nothing_and_differs_between_installations():
    lead_id = IDS.lead_id(MAYA)
    assert lead_id is not None
    assert set(lead_id.removeprefix("ld_")) <= set(string.ascii_lowercase + "234567")
    assert len(lead_id) == 19
    assert Identifier(b"x" * 32).lead_id(MAYA) != lead_id


@given(st.binary(min_size=10, max_size=10))
def test_the_digits_of_a_lead_id_are_base32_as_they_always_were(digest: bytes):
    assert _base32(digest) == base64.b32encode(digest).decode().lower()


def test_an_event_id_comes_first_then_the_header_then_the_content():
    assert keys(event_id="1", header="h").kind == "event"
    assert keys(header="h").kind == "header"
    assert keys().kind == "content"


def test_an_event_is_the_same_whatever_its_body_and_only_for_its_lead():
    assert keys(event_id="1") == replace(keys(event_id="1", raw=b"other"), fingerprint=keys().fingerprint)
    assert keys(event_id="1").accept_key != keys(event_id="2").accept_key
    assert keys(event_id="1").accept_key != keys(Form(email="eli@acme.example"), event_id="1").accept_key


def test_an_event_has_one_submission_id_for_ever_so_that_the_commit_knows_it_too():
    assert keys(event_id="1").submission_id == keys(event_id="1").submission_id


def test_a_key_in_a_header_counts_for_all_leads_and_tells_bodies_apart():
    one, other = keys(header="h", raw=b"a"), keys(Form(email="eli@acme.example"), header="h", raw=b"b")
    assert one.accept_key == other.accept_key
    assert one.fingerprint != other.fingerprint


def test_a_key_that_is_used_again_for_another_body_after_its_window_is_another_submission():
    """The accept key has expired by then; if the ids were equal the commit would take the new lead for the old one."""
    assert keys(header="h", raw=b"a").submission_id == keys(header="h", raw=b"a").submission_id
    assert keys(header="h", raw=b"a").submission_id != keys(header="h", raw=b"b").submission_id


def test_the_same_content_is_the_same_submission_within_its_window_and_a_new_one_after():
    first, again = keys(), keys(replace(MAYA, email=" MAYA@acme.example", message="tracing  "))
    assert first.accept_key == again.accept_key
    assert first.submission_id != again.submission_id
    assert keys(replace(MAYA, message="profiling")).accept_key != first.accept_key


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_a_key_and_every_key_fits_its_column(message: str, event_id: str, header: str):
    found = keys(replace(MAYA, message=message), message.encode("utf-8", "replace"), event_id=event_id, header=header)
    assert len(found.submission_id) <= 80
    assert found.accept_key[:2] in ("e:", "h:", "c:")


def test_half_a_surrogate_breaks_no_key():
    assert keys(replace(MAYA, message="\ud800"), event_id="\udfff").kind == "event"
    assert keys(replace(MAYA, message="\ud800")).kind == "content"
    assert IDS.lead_id(Form(email="\ud800@acme.example")) is None
