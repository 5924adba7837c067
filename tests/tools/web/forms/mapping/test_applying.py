"""A saved mapping makes a lead's fields of a payload, also of one that has changed since."""

from __future__ import annotations

from typing import Any

import pytest

from tools.web.forms.flattening import flatten
from tools.web.forms.mapping.applying import apply
from tools.web.forms.mapping.endpoint import forgiving
from tools.web.forms.mapping.spec import read_mapping


def values(fields: dict[str, Any], payload: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"email": {"pick": "mail"}} | fields
    return apply(read_mapping({"fields": given, **more}), flatten({"mail": "a@b.de"} | payload)).values


@pytest.mark.parametrize(
    ("rule", "payload", "expected"),
    [
        ({"pick": "x"}, {"x": "1"}, "1"),
        ({"pick": ["x", "y"]}, {"y": "2"}, "2"),
        ({"pick": ["x", "y"]}, {"x": "  ", "y": "2"}, "2"),
        ({"pick": "Größe"}, {"grosse": "3", "GRÖSSE": "4"}, "4"),
        ({"pick": "x"}, {}, None),
        ({"join": ["x", "y"]}, {"x": "a ", "y": "b"}, "a b"),
        ({"join": ["x", "y"], "between": ", "}, {"y": "b"}, "b"),
        ({"split": "n", "part": "first"}, {"n": "Maya van der Berg"}, "Maya"),
        ({"split": "n", "part": "last"}, {"n": "Maya van der Berg"}, "van der Berg"),
        ({"split": "n", "part": "first"}, {"n": "ORTIZ, MAYA"}, "Maya"),
        ({"split": "n", "part": "last"}, {"n": "Cher"}, None),
        ({"constant": "tracing"}, {}, "tracing"),
        ({"constant": False}, {}, False),
        ({"pick": "x", "values": {"Ja": True, "Nein": False}}, {"x": "ja"}, True),
        ({"pick": "x", "values": {"Ja": True, "Nein": False}}, {"x": "NEIN "}, False),
        ({"pick": "x", "values": {"Ja": True}}, {"x": "vielleicht"}, "vielleicht"),
        ({"pick": "x", "values": {"Ja": True}, "others": "drop"}, {"x": "vielleicht"}, None),
        ({"pick": "x", "values": {"true": "yes"}}, {"x": True}, "yes"),
    ],
)
def test_each_transform_is_data(rule: dict[str, Any], payload: dict[str, Any], expected: Any):
    assert values({"product": rule}, payload).get("product") == expected


def test_the_fixed_source_goes_before_the_payloads_own():
    found = values({}, {"source": "spoofed", "lead_source": "spoofed too"}, source="webinar")
    form = forgiving(found)
    assert form.source == "webinar"
    assert form.model_extra == {"form_source": "spoofed", "form_lead_source": "spoofed too"}


def test_what_no_rule_reads_is_kept_and_named_and_what_is_ignored_is_neither():
    applied = apply(
        read_mapping({"fields": {"email": {"pick": "mail"}, "phone": {"pick": "Handy"}}, "ignore": ["trap"]}),
        flatten({"mail": "a@b.de", "budget": "10k", "trap": "x"}),
    )
    assert applied.values == {"email": "a@b.de", "budget": "10k"}
    assert (applied.unmapped, applied.missing) == (("budget",), ("Handy",))


def test_a_value_that_its_field_cannot_hold_costs_no_lead():
    form = forgiving({"email": "a@b.de", "consent": "perhaps", "fill_time_ms": "long", "message": "x" * 30_000})
    assert (form.email, form.consent, form.fill_time_ms, form.message) == ("a@b.de", None, None, None)
    assert form.model_extra is not None
    assert form.model_extra["form_consent"] == "perhaps"
    assert form.model_extra["form_message"].startswith("xxx")
