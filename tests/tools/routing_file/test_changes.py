"""The list of changes says what a file says differently, and nothing about how it is written."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.routing_texts import files, laid_out
from tools.routing_file.changes import describe_changes, diff
from tools.routing_file.reader import Source, read
from tools.routing_file.shapes import meaning

FILE = {
    "US": "a@company.com",
    "DEFAULT": "g@company.com",
    "regions": {"EMEA": ["DE", "FR"]},
    "pools": {"p": {"members": {"ana": 2, "ben": 1}}},
    "slas": {"hot": {"accept": "5m", "then": ["next", "manager", "DEFAULT"]}},
    "precedence": ["accounts", "rules", "map"],
    "rules": [
        {"id": "one", "if": {"where": "US"}, "to": "a@company.com"},
        {"id": "two", "if": {"where": ["DE", "FR"]}, "to": "pool:p"},
        {"id": "three", "to": "b@company.com"},
    ],
    "tests": [{"name": "a test", "lead": {}, "expect": {"owner": "g@company.com"}}, {"name": "other", "lead": {}}],
    "people": {"ben": {"email": "b@company.com", "ooo": [{"from": "2026-03-02", "until": "2026-03-13"}]}},
}


def edited(edit):
    value = copy.deepcopy(FILE)
    edit(value)
    return value


def set_at(*path):
    *parents, last, new = path

    def edit(value):
        for step in parents:
            value = value[step]
        value[last] = new

    return edit


def reorder(*path):
    *parents, order = path

    def edit(value):
        for step in parents[:-1]:
            value = value[step]
        held = value[parents[-1]]
        value[parents[-1]] = {key: held[key] for key in order} if isinstance(held, dict) else [held[at] for at in order]

    return edit


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (set_at("US", "b@company.com"), [("US", "changed", "map", "US is b@company.com, was a@company.com")]),
        (
            set_at("rules", 1, "to", "pool:q"),
            [("rules two .to", "changed", "rules", "rule two: to is pool:q, was pool:p")],
        ),
        (
            set_at("rules", 0, "if", "where", ["US", "CA"]),
            [("rules one .if.where", "added", "rules", "rule one: if.where: CA is new")],
        ),
        (
            set_at("rules", 0, "if", "where", "CA"),
            [("rules one .if.where", "changed", "rules", "rule one: if.where is CA, was US")],
        ),
        (
            set_at("regions", "EMEA", ["FR", "AT"]),
            [
                ("regions.EMEA", "removed", "regions", "region EMEA: DE is gone"),
                ("regions.EMEA", "added", "regions", "region EMEA: AT is new"),
            ],
        ),
        (
            lambda value: value["rules"].pop(0),
            [("rules one", "removed", "rules", "rule one is gone")],
        ),
        (
            lambda value: value["rules"].insert(1, {"id": "new", "to": "a@company.com"}),
            [("rules new", "added", "rules", 'rule new is new: {"id": "new", "to": "a@company.com"}, after one')],
        ),
        (reorder("rules", (2, 0, 1)), [("rules three", "moved", "rules", "rule three moved: first now, was after two")]),
        (
            reorder("precedence", (1, 0, 2)),
            [("precedence.rules", "moved", "precedence", "precedence.rules moved: first now, was after accounts")],
        ),
        (
            reorder("slas", "hot", "then", (0, 2, 1)),
            [("slas.hot.then.DEFAULT", "moved", "slas",
              "SLA hot: then.DEFAULT moved: after next now, was after manager")],
        ),
        (
            reorder("pools", "p", "members", ("ben", "ana")),
            [("pools.p.members.ben", "moved", "pools", "pool p: members.ben moved: first now, was after ana")],
        ),
        (
            set_at("tests", 0, "lead", "country", "US"),
            [('tests "a test" .lead.country', "added", "tests", 'test "a test": lead.country: US is new')],
        ),
        (
            set_at("people", "ben", "ooo", 0, "until", "2026-03-20"),
            [("people.ben.ooo.2026-03-02.until", "changed", "people",
              "person ben: ooo.2026-03-02.until is 2026-03-20, was 2026-03-13")],
        ),
        (set_at("pools", "p", "cap", "8/day"), [("pools.p.cap", "added", "pools", "pool p: cap: 8/day is new")]),
        (set_at("guards", {}), [("guards", "added", "guards", "guards: {} is new")]),
        (set_at("slas", "hot", "accept", 5), [("slas.hot.accept", "changed", "slas", "SLA hot: accept is 5, was 5m")]),
        (set_at("regions", "EMEA", ["FR", "DE"]), []),
        (set_at("rules", 0, "if", "where", ["US"]), []),
        (reorder("tests", (1, 0)), []),
    ],
)  # fmt: skip
def test_a_change_is_told_by_name(edit, expected):
    found = diff(json.dumps(FILE), json.dumps(edited(edit)))
    assert [(change.path, change.kind, change.section, change.sentence) for change in found] == expected


def test_a_change_has_its_values_and_lines():
    before, after = json.dumps(FILE, indent=1), json.dumps(edited(set_at("rules", 1, "to", "pool:q")), indent=1)
    (change,) = diff("\n" + before, after)
    line = 1 + after[: after.index("pool:q")].count("\n")
    assert (change.steps, change.before, change.after) == (("rules", "two", "to"), "pool:p", "pool:q")
    assert (change.line_a, change.line_b) == (line + 1, line)
    (gone,) = diff(before, json.dumps(edited(lambda value: value.pop("US"))))
    assert (gone.line_a, gone.line_b, gone.before, gone.after) == (2, None, "a@company.com", None)


def test_a_file_without_ids_is_compared_as_a_whole():
    (change,) = diff('{"rules": [{"to": "a"}]}', '{"rules": [{"to": "b"}]}')
    assert (change.path, change.kind, change.before, change.after) == ("rules", "changed", [{"to": "a"}], [{"to": "b"}])


def test_no_change_says_why():
    text = '{"US": "a"}'
    assert describe_changes((), text, text) == "no change: the texts are the same"
    assert "only comments, layout or an order" in describe_changes(diff(text, text + " // x"), text, text + " // x")
    other = '{"US": "b"}'
    assert describe_changes(diff(text, other), text, other) == "US is b, was a (line 1 before, 1 now)"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_another_layout_is_no_change(data):
    value = data.draw(files)
    one, two = (data.draw(laid_out(st.just(value))) for _ in range(2))
    assert diff(one.text, two.text) == ()


@settings(max_examples=60, deadline=None)
@given(laid_out(), laid_out())
def test_there_are_changes_exactly_when_the_meaning_differs_and_back_is_the_mirror(one, two):
    there, back = diff(one.text, two.text), diff(two.text, one.text)
    same = meaning(read(Source(one.text)), ()) == meaning(read(Source(two.text)), ())
    assert (there == ()) == same
    kinds = {"added": "removed", "removed": "added", "changed": "changed"}
    mirror = sorted((c.path, kinds[c.kind], str(c.after), str(c.before)) for c in there if c.kind != "moved")
    assert mirror == sorted((c.path, c.kind, str(c.before), str(c.after)) for c in back if c.kind != "moved")
