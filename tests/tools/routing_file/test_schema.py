"""The schema and the parser know the same file: what one refuses for its form the other refuses too."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import jsonschema_rs
import pytest

from tools.routing_file import RoutingFileError, parse
from tools.routing_file.fields import Field
from tools.routing_file.parser import SETTINGS
from tools.routing_file.reader import Source, read
from tools.routing_file.schema import schema
from tools.routing_file.shapes import plain

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("LEAD_DATA", ROOT.parent / "shared" / "data"))
EXAMPLES = [ROOT / "infra" / "routing.json", DATA.parent / "design" / "routing.example.json"]
SCHEMA = jsonschema_rs.validator_for(schema())

# Every object that the file knows, with every key.
CONDITION = {
    "where": ["US", "R"], "segment": "s", "industry": "bank", "source": ["event"], "employees": [">=1000", 5, "1..2"],
    "revenue": "<5", "product": "x", "score": ">=0.5", "tier": ["top"], "any": [{"tier": "low"}], "not": {"where": "CA"},
}  # fmt: skip
FULL = {
    "DEFAULT": "g@company.com", "US": "ana", "US-NY:100-104": "pool:p", "$schema": "./x.json", "version": 3,
    "timezone": "Europe/Berlin", "regions": {"R": ["DE", "US-CA"]},
    "segments": {"s": {key: value for key, value in CONDITION.items() if key not in ("segment", "any")}},
    "people": {
        "ana": {"email": "ana@company.com", "slack": "U1", "manager": "rita", "active": True, "max_open": 40,
                "hours": "mon-fri 09:00-18:00 Europe/Berlin; sat 10:00-14:00", "holidays": ["DE", "2026-12-24"],
                "ooo": [{"from": "2026-03-02", "until": "2026-03-13", "cover": "rita"}]},
        "rita": {"email": "rita@company.com", "hours": "always", "holidays": "US"},
    },
    "pools": {"p": {"members": {"ana": {"weight": 2, "from": "2026-01-01", "until": "2026-06-30"}, "rita": 1},
                    "if_none": "rita", "cap": ["8/day", "40/open"], "off_hours": "hold", "holidays": "DE-BY"}},
    "accounts": {"acme.com": {"owner": "ana", "family": True, "why": "x", "from": "2026-01-01", "until": "2026-12-31"}},
    "precedence": ["accounts", "open_opportunity", "account_owner", "parent_owner", "rules", "map"],
    "account_owner": {"if_inactive": "rules"},
    "slas": {"hot": {"accept": "5m", "touch": "1h30m", "clock": "wall", "remind": "50%", "then": ["next", "rita"]}},
    "rules": [{"id": "r", "if": CONDITION, "to": "pool:p", "sla": "hot", "why": "x", "from": "2026-01-01",
               "until": "2026-12-31"}],
    "default_sla": "hot",
    "nurture": {"if": {"score": "<0.15"}, "unless": {"source": "event"}, "sequence": "edu"},
    "guards": {"max_default_share": "5%", "max_moved": "20%", "approvals": {"rules": 2}},
    "tests": [{"name": "t", "at": "2026-03-10T15:00:00Z", "repeat": 2,
               "lead": {"email": "x@acme.com", "domain": "acme.com", "family": ["acme.com"], "country": "US", "state": "CA",
                        "postal": "10013", "industry": "bank", "employees": 5, "revenue": 7, "source": "x", "product": None,
                        "score": 0.4, "tier": "top", "opportunity_owner": "ana", "account_owner": None,
                        "parent_owner": "ana"},
               "expect": {"owner": "ana", "pool": None, "by": "accounts.acme.com", "sla": None, "nurture": None,
                          "owners": {"ana": 2}}}],
    "tests_at": "2026-01-14T15:00:00Z",
}  # fmt: skip


def refused(value) -> bool:
    try:
        parse(json.dumps(value))
    except RoutingFileError:
        return True
    return False


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_valid(path):
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    value = plain(read(Source(path.read_text(encoding="utf-8"))))
    assert [str(error) for error in SCHEMA.iter_errors(value)] == []


def test_a_file_with_every_key_is_valid_for_both():
    assert [str(error) for error in SCHEMA.iter_errors(FULL)] == []
    assert not refused(FULL)


def resolved(node, steps):
    """The schemas that a value at these steps may have."""
    found = [node]
    for step in steps:
        found = [inner for one in found for inner in _inner(one, step)]
    return [one for each in found for one in _flat(each)]


def _flat(node):
    if "$ref" in node:
        return _flat(schema()["$defs"][node["$ref"].rpartition("/")[2]])
    return [node, *(inner for one in node.get("anyOf", []) if "required" not in one for inner in _flat(one))]


def _inner(node, step):
    for one in _flat(node):
        if isinstance(step, int):
            yield from [one["items"]] if "items" in one else []
        elif step in one.get("properties", {}):
            yield one["properties"][step]
        elif isinstance(one.get("additionalProperties"), dict):
            yield one["additionalProperties"]


def test_the_parser_and_the_schema_know_the_same_keys(monkeypatch):
    """What the parser asks of each object of a file with every key is what the schema offers there, and all of it is used."""
    asked = {}
    settings_of = Field.settings

    def noted(field, known, *, needed=()):
        asked[field.node.start] = (set(known), set(needed))
        return settings_of(field, known, needed=needed)

    monkeypatch.setattr(Field, "settings", noted)
    text = json.dumps(FULL)
    parse(text)
    met = 0
    for steps, node in objects(read(Source(text))):
        if node.start not in asked:
            continue
        known, needed = asked[node.start]
        offered = [one for one in resolved(schema(), steps) if "properties" in one]
        assert [set(one["properties"]) for one in offered] == [
            known - {"segment"} if steps[0] == "segments" and len(steps) == 2 else known
        ], steps
        assert [set(one.get("required", [])) for one in offered] == [needed], steps
        met += 1
    assert met == len(asked) >= 18
    assert set(SETTINGS) | {"DEFAULT"} == set(schema()["properties"])


def objects(node, steps=()):
    if node.members is not None:
        if steps:
            yield steps, node
        for member in node.members:
            yield from objects(member.node, (*steps, member.key))
    for at, item in enumerate(node.items or ()):
        yield from objects(item, (*steps, at))


def paths_of(value, path=()):
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in parts:
        yield (*path, key)
        yield from paths_of(item, (*path, key))


def with_value(path, new):
    value = copy.deepcopy(FULL)
    held = value
    for step in path[:-1]:
        held = held[step]
    held[path[-1]] = new
    return value


def faulty():
    """A file with an unknown key in an object, or a value of a wrong type, one for each place in the full file."""
    for path in paths_of(FULL):
        held = FULL
        for step in path:
            held = held[step]
        for wrong in ({}, [], -1.5, "", [[]], {"x": {"x": 1}}):
            if type(wrong) is not type(held) or wrong == [[]] or isinstance(wrong, dict | str):
                yield path, wrong
        if isinstance(held, dict) and path[-1] not in ("regions", "people", "pools", "accounts", "slas", "segments"):
            yield (*path, "unknwon"), 1


# What only the parser can know: names that are referred to and gone or unknown, and counts that must add up.
BEYOND_FORM = {("regions",), ("segments",), ("people",), ("pools",), ("pools", "p", "members", "unknwon"), ("slas",),
               ("tests", 0, "expect", "owners"), ("tests", 0, "expect", "owners", "unknwon")}  # fmt: skip


def test_a_fault_of_form_is_refused_by_both():
    only_parser, only_schema, both = [], [], 0
    for path, wrong in faulty():
        value = with_value(path, wrong)
        by_schema, by_parser = not SCHEMA.is_valid(value), refused(value)
        both += by_schema and by_parser
        if by_schema and not by_parser:
            only_schema.append((path, wrong))
        if by_parser and not by_schema:
            only_parser.append((path, wrong))
    assert only_schema == []
    assert {path for path, _ in only_parser} == BEYOND_FORM
    assert both > 900


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("us",), "a@company.com"),
        (("segments", "s", "employees"), "1,000+"),
        (("segments", "s", "score"), 80),
        (("slas", "hot", "accept"), "5 minutes"),
        (("slas", "hot", "clock"), "sundial"),
        (("guards", "max_moved"), "0.2"),
        (("guards", "max_moved"), "200%"),
        (("people", "ana", "email"), "ana@company"),
        (("people", "ana", "hours"), "9-5"),
        (("people", "ana", "hours"), "mon-fry 09:00-18:00"),
        (("people", "ana", "holidays"), "Germany"),
        (("people", "ana", "ooo", 0, "from"), "2.3.2026"),
        (("pools", "p", "cap"), "8 a day"),
        (("pools", "p", "cap"), ["8/day", "8/hour"]),
        (("pools", "p", "off_hours"), "wait"),
        (("pools", "p", "members", "rita"), 1.5),
        (("accounts", "acme"), {"owner": "ana"}),
        (("precedence", 0), "account"),
        (("rules", 0, "id"), "two words"),
        (("rules", 0, "if", "tier"), "best"),
        (("rules", 0, "if", "any"), []),
        (("rules", 0, "if", "not"), {}),
        (("tests", 0, "repeat"), 0),
        (("tests", 0, "lead", "postal"), 10013),
        (("regions", "west"), ["DE"]),
        (("regions", "R"), "nyc.csv"),
    ],
)  # fmt: skip
def test_a_value_of_bad_form_is_refused_by_both(path, wrong):
    value = with_value(path, wrong)
    assert not SCHEMA.is_valid(value)
    assert refused(value)
