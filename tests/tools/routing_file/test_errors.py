"""Every fault that RevOps can make gives the message that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.routing_file import Finding, RoutingFileError, describe, parse

ONE_LINE = '{"DEFAULT": "g@company.com", %s}'

FAULTS = [
    block.split("\n  ")
    for block in (Path(__file__).parent / "faults.txt").read_text(encoding="utf-8").strip().split("\n\n")[1:]
]


@pytest.mark.parametrize(
    ("text", "messages"), [(fault[1], fault[2:]) for fault in FAULTS], ids=[fault[0] for fault in FAULTS]
)
def test_a_fault_is_told_with_its_place_and_the_way_out(text, messages):
    with pytest.raises(RoutingFileError) as caught:
        parse(ONE_LINE % text)
    assert [str(finding) for finding in caught.value.findings] == messages


def test_a_file_without_default_is_told_what_to_add():
    with pytest.raises(RoutingFileError, match=r"add .DEFAULT.: .somebody@company\.com., so that every"):
        parse('{"US": "a@company.com"}')


def test_all_errors_of_a_file_come_together_in_its_order():
    text = '{\n"US": "nobody",\n"rulez": 1,\n"slas": {"hot": {"accept": "soon"}},\n"regions": {"A": ["XX"]}\n}'
    with pytest.raises(RoutingFileError) as caught:
        parse(text)
    found = caught.value.findings
    assert [finding.line for finding in found] == [1, 2, 3, 4, 5]
    assert describe(found).splitlines()[-1] == "5 errors"
    assert str(caught.value).splitlines() == [str(finding) for finding in found]


def test_a_finding_reads_as_the_page_shows_it():
    finding = Finding("rules[2] us-west-ent .to", 61, 18, 'pool "us-wst-ent" does not exist', "us-west-ent")
    shown = (
        'rules[2] us-west-ent .to: pool "us-wst-ent" does not exist, did you mean "us-west-ent"? (line 61, column 18)'
    )
    assert str(finding) == shown


def test_half_a_character_is_refused():
    with pytest.raises(RoutingFileError, match="half of a character"):
        parse('{"DEFAULT": "g@company.com"} // \ud83d')


def is_answered(text: str) -> bool:
    """With a table or with findings; anything else is raised."""
    try:
        return bool(parse(text).default.to.email)
    except RoutingFileError as error:
        return bool(error.findings)


@pytest.mark.parametrize(
    "value", ["null", "true", "3", '""', '"x"', "[]", "[[]]", "{}", '{"x": {"x": []}}', "[{}]", "[null]"]
)
@pytest.mark.parametrize(
    "key",
    ["US", "DEFAULT", "version", "timezone", "regions", "segments", "people", "pools", "accounts", "precedence",
     "account_owner", "slas", "rules", "default_sla", "nurture", "guards", "tests", "tests_at", "$schema"],
)  # fmt: skip
def test_a_value_of_any_kind_is_read_or_refused_but_never_breaks_the_reader(key, value):
    default = "" if key == "DEFAULT" else '"DEFAULT": "g@company.com", '
    assert is_answered(f'{{{default}"{key}": {value}}}')


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ('"people": {"a": {"email": "a@company.com", %s}}', ["email", "slack", "manager", "active"]),
        ('"pools": {"p": {"members": ["g@company.com"], %s}}', ["if_none"]),
        ('"pools": {"p": {"members": {"g@company.com": {%s}}}}', ["weight", "from", "until"]),
        ('"accounts": {"acme.com": {"owner": "g@company.com", %s}}', ["family", "why", "from", "until"]),
        ('"slas": {"s": {"accept": "5m", %s}}', ["touch", "clock", "remind", "then"]),
        ('"rules": [{"id": "r", "to": "g@company.com", %s}]', ["if", "sla", "why", "from", "until"]),
        ('"segments": {"s": {"tier": "top", %s}}', ["where", "segment", "industry", "employees", "score", "any"]),
        ('"nurture": {"sequence": "s", "if": {"tier": "low"}, %s}', ["unless"]),
        ('"tests": [{"name": "t", "lead": {}, "expect": {"sla": null}, %s}]', ["at", "repeat"]),
        ('"tests": [{"name": "t", "lead": {%s}, "expect": {"sla": null}}]',
         ["email", "domain", "family", "country", "state", "postal", "employees", "score", "tier", "account_owner"]),
        ('"tests": [{"name": "t", "lead": {}, "expect": {%s}}]', ["owner", "pool", "by", "sla", "nurture", "owners"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["null", "-1", '" "', '"x"', '"2026-99-99"', "[]", "[[]]", "{}", '{"x": {}}', "[{}]"])
def test_no_inner_value_breaks_the_reader(section, keys, value):
    for key in keys:
        assert is_answered(ONE_LINE % (section % f'"{key}": {value}'))
