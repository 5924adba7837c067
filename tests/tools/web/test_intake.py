"""From raw bytes to a form, or to an answer that names the field, what was wrong, and how to mend it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.lead import Form
from tools.web.answers import EXAMPLE, Refused
from tools.web.intake import EXTRA_FIELDS, EXTRA_LENGTH, LENGTH, LeadForm, parse_body, to_form

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
FULL = {
    "email": "maya@acme.de",
    "full_name": "Maya Ortiz",
    "company": "Acme",
    "title": "VP",
    "source": "web",
    "country": "US",
    "state": "CA",
    "city": "Fresno",
    "postal": "93650",
    "phone": "+1 559 555 0100",
    "website": "acme.de",
    "domain": "acme.de",
    "industry": "software",
    "employees": "400",
    "product": "tracing",
    "message": "hello\nthere",
    "consent": True,
    "consent_text": "I agree",
    "honeypot": "x",
    "fill_time_ms": 1200,
}


def read(body: Any, kind: str = JSON) -> Form:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return to_form(parse_body(raw, kind))


def refusal(body: Any, kind: str = JSON) -> tuple[int, dict[str, Any]]:
    with pytest.raises(Refused) as raised:
        read(body, kind)
    answer = raised.value.answer()
    return answer.status, orjson.loads(answer.body)


def test_json_is_read_field_by_field():
    assert read(FULL) == Form(**FULL)


def test_a_form_is_read_like_json():
    typed = FULL | {"consent": "true", "fill_time_ms": "1200"}
    assert read(urlencode(typed).encode(), FORM) == Form(**FULL)


@pytest.mark.parametrize("kind", ["", "text/plain", "text/plain; charset=utf-8", "application/octet-stream"])
def test_an_unlabelled_body_is_told_by_its_first_byte(kind: str):
    assert read(FULL, kind) == Form(**FULL)
    assert read(b" \n\t" + orjson.dumps(FULL), kind) == Form(**FULL)
    assert read(b"email=maya%40acme.de&consent=on", kind) == Form(email="maya@acme.de", consent=True)


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON; charset=UTF-8", "text/json", "application/vnd.api+json"]
)
def test_every_way_to_say_json_is_json(kind: str):
    assert read(FULL, kind) == Form(**FULL)


def test_hubspots_nested_body_is_flattened_and_what_stands_outside_wins():
    nested = {
        "vid": 12,
        "email": None,
        "company": "Outside",
        "properties": {
            "email": {"value": "maya@acme.de", "versions": []},
            "firstname": {"value": "Maya"},
            "lastname": "Ortiz",
            "company": {"value": "Inside"},
            "numemployees": {"value": 400},
            "hs_lead_source": {"value": "web"},
            "lifecyclestage": {"value": "lead"},
            "score": {},
        },
    }
    form = read(nested)
    assert (form.email, form.full_name, form.company) == ("maya@acme.de", "Maya Ortiz", "Outside")
    assert (form.employees, form.source) == ("400", "web")
    assert form.extra == {"lifecyclestage": "lead", "vid": "12"}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        *((n, "email") for n in ("Email", "EMAIL", "e-mail", "email_address", "work_email")),
        *((n, "full_name") for n in ("name", "fullname", "fullName")),
        *((n, "company") for n in ("company_name", "companyName", "organization")),
        *((n, "title") for n in ("jobtitle", "job_title", "jobTitle")),
        *((n, "source") for n in ("lead_source", "hs_lead_source")),
        ("country_code", "country"),
        *((n, "state") for n in ("region", "province")),
        *((n, "postal") for n in ("zip", "zipcode", "postal_code", "postcode")),
        *((n, "phone") for n in ("phone_number", "mobilephone")),
        *((n, "employees") for n in ("numemployees", "company_size", "number_of_employees")),
        ("product_interest", "product"),
        *((n, "message") for n in ("comments", "comment")),
        *((n, "honeypot") for n in ("_gotcha", "_honeypot")),
    ],
)
def test_other_names_of_a_field_are_known(name: str, field: str):
    assert getattr(read({name: "text"}), field) == "text"
    assert getattr(read(urlencode({name: "text"}).encode(), FORM), field) == "text"


def test_two_parts_of_a_name_are_one_name_and_a_whole_name_wins():
    assert read({"first_name": "Maya", "last_name": "Ortiz"}).full_name == "Maya Ortiz"
    assert read({"lastname": "Ortiz"}).full_name == "Ortiz"
    assert read({"firstName": "M", "name": "Maya Ortiz"}).full_name == "Maya Ortiz"


def test_blank_is_not_given_and_numbers_are_text_where_text_is_meant():
    form = read({"email": " a@b.de ", "company": "   ", "title": "", "state": None, "postal": 10115, "phone": 4930})
    assert (form.email, form.company, form.title, form.state) == ("a@b.de", None, None, None)
    assert (form.postal, form.phone) == ("10115", "4930")
    assert read({"fill_time_ms": "", "consent": " "}) == Form()


def test_seconds_of_filling_are_kept_in_milliseconds():
    assert read({"fill_time_s": 1.5}).fill_time_ms == 1500
    assert read({"fill_time_s": -3}).fill_time_ms == -3000, "an impossible time is taken, and judged by capture"
    assert read({"fill_time_s": 9, "fill_time_ms": 0}).fill_time_ms == 0


def test_a_nul_is_taken_out_of_text():
    assert read({"email": "a\x00@b.de", "message": "\x00"}) == Form(email="a@b.de")


def test_other_fields_are_kept_as_text_bounded_in_number_and_length():
    body = {f"x{n}": n for n in range(80)} | {"email": "a@b.de"}
    assert len(read(body).extra) == EXTRA_FIELDS
    form = read({"a": {"b": [1, None]}, "c": True, "d": "x" * 9000, "n" * 300: "long", "e": "", "f": None, "g": 1.5})
    assert form.extra == {"a": '{"b":[1,null]}', "c": "true", "d": "x" * EXTRA_LENGTH, "n" * 100: "long", "g": "1.5"}


def test_numbers_of_any_size_are_kept_or_refused_and_never_break_anything():
    assert read(b'{"x": 123456789012345678901234567890, "y": [-99999999999999999999]}').extra == {
        "x": "123456789012345678901234567890",
        "y": "[-99999999999999999999]",
    }
    assert read(b'{"employees": 123456789012345678901234567890}').employees == "123456789012345678901234567890"
    assert refusal(b'{"x": ' + b"9" * 5000 + b"}")[0] == 400
    assert refusal(b'{"fill_time_ms": 1e999}')[0] == 422


def test_the_last_of_two_equal_names_counts():
    assert read(b'{"email": "a@b.de", "email": "c@d.de"}').email == "c@d.de"
    assert read(b"email=a%40b.de&email=c%40d.de", FORM).email == "c@d.de"


def test_a_byte_order_mark_is_no_part_of_the_body():
    assert read(b"\xef\xbb\xbf" + orjson.dumps(FULL)) == Form(**FULL)
    assert read(b'\xef\xbb\xbf{"email": "a=b@c.de"}', "").email == "a=b@c.de"
    assert read(b"\xef\xbb\xbfemail=a%40b.de", "").email == "a@b.de"


def test_an_old_pages_latin_letters_are_read_as_they_were_typed():
    assert read("email=a%40b.de&full_name=Jörg+Groß".encode("latin-1"), FORM).full_name == "Jörg Groß"
    assert read(b"full_name=J%F6rg+%80", FORM).full_name == "Jörg €"
    assert read(b"full_name=J%C3%B6rg", FORM).full_name == "Jörg"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"{", JSON),
        (b'{"email": "a@b.de",}', JSON),
        (b'{"email": "a@b.de"} {}', JSON),
        (b"{'email': 1}", JSON),
        ('{"full_name": "Jörg"}'.encode("latin-1"), JSON),
        ('{"email": "a@b.de"}'.encode("utf-16"), JSON),
        (b'{"email": "\\ud800"}', JSON),
        (b'{"email": "\\udfff\\ud800"}', JSON),
        (b"[" * 5000 + b"]" * 5000, JSON),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, JSON),
        (b"", JSON),
        (b" \r\n", FORM),
        (b"nothing of the kind", FORM),
        (b"\x00\xff\xfe", ""),
        (b"a&b&c", ""),
        (b"&".join(b"a%d=1" % n for n in range(501)), FORM),
        (b"email=a@b.de", JSON),
    ],
)
def test_what_cannot_be_read_is_400_with_an_example(raw: bytes, kind: str):
    status, said = refusal(raw, kind)
    assert status == 400
    assert said["error"] in ("malformed_json", "malformed_body", "empty_body")
    assert said["example"] == EXAMPLE
    assert len(said["message"]) > 20


@pytest.mark.parametrize("kind", ["application/xml", "multipart/form-data; boundary=x", "image/png", "x" * 500])
def test_another_kind_of_body_is_415_and_says_which_are_read(kind: str):
    status, said = refusal(b"<lead/>", kind)
    assert status == 415
    assert "application/json" in said["message"]
    assert len(said["message"]) < 300


@pytest.mark.parametrize("body", [[], ["email"], "text", 5, 1.5, True, None])
def test_json_that_is_no_object_is_422(body: Any):
    status, said = refusal(body)
    assert (status, said["error"]) == (422, "not_an_object")


@pytest.mark.parametrize(
    ("body", "field", "fix"),
    [
        ({"email": ["a@b.de"]}, "email", "text"),
        ({"email": True}, "email", "text"),
        ({"work_email": {"a": 1}}, "work_email", "text"),
        ({"message": "x" * (LENGTH + 1)}, "message", "20,000"),
        ({"consent": "maybe"}, "consent", "true or false"),
        ({"consent": [1]}, "consent", "true or false"),
        ({"fill_time_ms": "soon"}, "fill_time_ms", "number"),
        ({"fill_time_ms": {}}, "fill_time_ms", "number"),
        ({"fill_time_ms": -1e16}, "fill_time_ms", "-1,000,000,000,000,000 or more"),
        ({"fill_time_s": 1e300}, "fill_time_s", "1,000,000,000,000,000"),
        ({"properties": "x"}, "properties", "object"),
        ({"properties": {"consent": {"value": "maybe"}}}, "consent", "true or false"),
    ],
)
def test_a_wrong_type_is_422_naming_field_problem_fix_and_an_example(body: Any, field: str, fix: str):
    status, said = refusal(body)
    assert (status, said["error"]) == (422, "invalid_field")
    (problem,) = said["fields"]
    assert problem["field"] == field
    assert problem["problem"]
    assert fix in problem["fix"]
    assert field in said["message"]
    assert said["example"] == EXAMPLE


def test_every_wrong_field_is_named_at_once_and_a_flood_of_them_is_bounded():
    _, said = refusal({"email": [], "consent": "maybe", "fill_time_ms": "x"})
    assert {problem["field"] for problem in said["fields"]} == {"email", "consent", "fill_time_ms"}
    assert len(orjson.dumps(refusal({name: [] for name in LeadForm.model_fields} | {"n" * 9000: 1})[1])) < 6000


def test_an_answer_never_repeats_a_wrong_value():
    _, said = refusal({"consent": "secret-value", "email": ["secret-value"]})
    assert "secret-value" not in json.dumps(said)


def test_the_example_itself_is_accepted():
    form = read(EXAMPLE)
    assert form.email == EXAMPLE["email"]
    assert form.extra == {}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
known = st.sampled_from(
    [*LeadForm.model_fields, "Email", "name", "zip", "_gotcha", "firstname", "jobtitle", "__class__"]
)
kinds = st.sampled_from([JSON, FORM, "", "text/plain", "application/problem+json", "text/html"]) | st.text(max_size=30)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(known | st.text(max_size=10), anything, max_size=6), kinds)
def test_any_json_is_read_or_refused(body: dict[str, Any], kind: str):
    refused_or_read(json.dumps(body).encode("utf-8", "surrogatepass"), kind)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200), kinds)
def test_any_bytes_are_read_or_refused(raw: bytes, kind: str):
    refused_or_read(raw, kind)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(known | st.text(max_size=5), st.text(max_size=20)), max_size=8))
def test_any_form_is_read_or_refused(pairs: list[tuple[str, str]]):
    refused_or_read(urlencode(pairs, errors="replace").encode(), FORM)


def refused_or_read(raw: bytes, kind: str) -> None:
    try:
        form = to_form(parse_body(raw, kind))
    except Refused as refused:
        assert refused.status in (400, 415, 422)
        assert orjson.loads(refused.answer().body)["message"]
        return
    for name in ("email", "company", "message"):
        value = getattr(form, name)
        assert value is None or (value.strip() and "\x00" not in value and len(value) <= LENGTH)
    assert all(isinstance(value, str) for value in form.extra.values())
    orjson.dumps(form)
