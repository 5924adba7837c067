"""What a good value is, and when two sources contradict each other."""

from __future__ import annotations

from typing import Any

import pytest

from graph.domain.account import CompanyProfile, JobPost
from tools.enrichment.fields import ALL, bits, contradicts, good, names_of, parts_of, said, without_bad
from tools.provider_order import FIELDS

FULL = CompanyProfile(
    "acme.com", "Acme", 420, 51_000_000, "software", "US", "US-CA", "Mojave", ("kafka",), ("sre",), "up.com", "Up", 9_000,
    None, ("acme.com", "up.com"), "Seed", (JobPost("SRE"),), "ana@us.com",
)  # fmt: skip


def changed(**changes: Any) -> CompanyProfile:
    return CompanyProfile(**{**FULL.__dict__, **changes})


def test_every_field_has_a_bit_and_a_full_profile_has_all():
    assert good(FULL) == ALL
    assert good(CompanyProfile("acme.com")) == 0
    assert names_of(ALL) == FIELDS


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_alone_is_its_own_bit(name: str):
    kept = {part: getattr(FULL, part) for part in parts_of(name)}
    alone = CompanyProfile("acme.com", **kept)
    if name == "state":
        assert good(alone) == 0, "a state says nothing without its country"
    else:
        assert good(alone) == bits([name])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("employees", 0), ("employees", -3), ("employees", 10**8), ("revenue_usd", 0),
        ("revenue_usd", 10**13), ("country", "XX"), ("country", "us"), ("country", "USA"), ("state", "DE-BY"),
        ("technologies", ()), ("city", None),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_no_value(field: str, value: Any):
    profile = changed(**{field: value})
    assert not good(profile) & bits([field])
    assert getattr(without_bad(profile, good(profile)), field) in (None, ())


def test_a_family_of_one_says_nothing_of_a_parent():
    assert not good(changed(parent_domain=None, family=("acme.com",))) & bits(["parent"])


@pytest.mark.parametrize(
    ("field", "one", "other", "disputed"),
    [
        ("employees", 400, 1_200, False),
        ("employees", 400, 1_201, True),
        ("employees", 1_201, 400, True),
        ("revenue_usd", 10, 29, False),
        ("name", "Acme Corp.", "ACME", False),
        ("name", "Acme", "Acme Deutschland GmbH", False),
        ("name", "Acme", "Globex", True),
        ("industry", "software", "Software", False),
        ("industry", "software", "retail", True),
        ("country", "US", "DE", True),
        ("city", "München", "MUNCHEN", False),
    ],
)
def test_sources_contradict_each_other_beyond_spelling_and_a_factor(field: str, one: Any, other: Any, disputed: bool):
    assert contradicts(field, changed(**{field: one}), changed(**{field: other})) is disputed


def test_another_parent_is_a_contradiction_and_is_said_by_its_domain():
    other = changed(parent_domain="else.com")
    assert contradicts("parent", FULL, other)
    assert (said("parent", other), said("employees", FULL)) == ("else.com", "420")
