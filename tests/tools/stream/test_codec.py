"""A submission survives its way through the stream; anything else is named undecodable, never a crash."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.lead import Form, Submission
from tools.stream.codec import Undecodable, decode, encode, form_from

FULL = Form(
    email="maya@acme.example",
    company="Acme",
    full_name="Maya Ørtiz",
    title="VP",
    source="web",
    country="US",
    state="CA",
    city="San José",
    postal="94103",
    phone="+14155550100",
    website="acme.example",
    domain="acme.example",
    industry="software",
    employees="400",
    product="tracing",
    message="line one\nline “two” \u2028 😀",
    consent=False,
    consent_text="I agree",
    honeypot="x",
    fill_time_ms=0,
    first_name="Maya",
    last_name="Ortiz",
    submitted_at="2026-04-07T14:01:58Z",
    asked="employees",
    blanks="title:1",
    extra={"utm_source": "ad", "Straße": "ß"},
)
AT = datetime(2026, 4, 7, 14, 2, 0, 123_000, tzinfo=UTC)
PLAIN = Submission("s:1", "ld_1", AT, FULL)
PASS = replace(PLAIN, cause="pass", reason="on leave", excluded=("dee@us.example",), assignment=2)


def test_every_field_has_a_value_in_this_test():
    assert all(getattr(FULL, field.name) not in (None, {}) for field in fields(Form))


@pytest.mark.parametrize("submission", [PLAIN, PASS, replace(PLAIN, form=Form(email="a@b.example"))])
def test_a_submission_comes_back_as_it_went(submission: Submission):
    assert decode(submission.submission_id, encode(submission)) == submission


def test_times_are_kept_to_the_millisecond():
    exact = replace(PLAIN, received_at=AT.replace(microsecond=123_999))
    assert decode("s:1", encode(exact)).received_at == AT


def test_a_field_of_another_release_is_kept_as_extra_and_a_missing_one_is_blank():
    entry = orjson.loads(encode(PLAIN))
    entry["form"] |= {"fax": 5}
    del entry["form"]["title"]
    form = decode("s:1", orjson.dumps(entry)).form
    assert (form.title, form.extra["fax"], form.extra["utm_source"]) == (None, "5", "ad")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b"\xff\xfe",
        b'{"lead_id": "ld_1"}',
        b'{"lead_id": "ld_1", "at": "soon", "form": {}}',
        b'{"lead_id": "ld_1", "at": 1e400, "form": {}}',
        b'{"lead_id": "ld_1", "at": 1e300, "form": {}}',
        b'{"lead_id": "ld_1", "at": 99999999999999999, "form": {}}',
        b'{"lead_id": "ld_1", "at": 0, "form": []}',
        b'{"lead_id": "ld_1", "at": 0, "form": {"extra": 5}}',
        b'{"lead_id": "ld_1", "at": 0, "form": {}, "excluded": 5}',
        b'{"lead_id": 5, "at": 0, "form": {}}',
        b'{"lead_id": null, "at": 0, "form": {}}',
    ],
)
def test_what_is_no_submission_is_undecodable(payload: bytes):
    with pytest.raises(Undecodable) as raised:
        decode("s:1", payload)
    assert len(str(raised.value)) <= 300


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["lead_id", "at", "form", "extra", "cause", "excluded", "x"]), inner, max_size=5
            )
        ),
        max_leaves=12,
    ).map(orjson.dumps)
)
def test_no_payload_does_anything_but_decode_or_be_undecodable(payload: bytes):
    try:
        submission = decode("s:1", payload)
    except Undecodable:
        return
    assert isinstance(submission.lead_id, str)


def test_a_recorded_form_is_read_like_a_waiting_one():
    assert form_from({"email": "a@b.example", "extra": {"a": "1"}, "new_field": True}) == Form(
        email="a@b.example", extra={"a": "1", "new_field": "True"}
    )


def test_an_owner_whom_somebody_chose_and_who_chose_go_along():
    held = Submission(
        "reassigned:ld_1:ab", "ld_1", datetime(2026, 4, 7, tzinfo=UTC), Form(email="a@b.example"), "reassigned",
        "chosen", to="eli@us.example", by="rita@us.example",
    )  # fmt: skip
    assert decode(held.submission_id, encode(held)) == held
