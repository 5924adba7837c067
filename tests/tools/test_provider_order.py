"""Orders of sources: what is written is followed, and what cannot be followed is said with a fix."""

from __future__ import annotations

import pytest

from tools.provider_order import DEFAULT, FIELDS, NEEDED, OrderError, parse_needed, parse_order


def line(text: str, field: str, *providers: str) -> tuple[str, ...]:
    order = parse_order(text, providers)
    (found,) = [sources for fields, sources in order.lines if field in fields]
    return found


def test_the_default_asks_what_is_free_before_what_costs_money_and_the_form_between():
    assert line(DEFAULT, "employees", "apollo", "clearbit") == (
        "accounts", "crm", "bundled", "form", "apollo", "clearbit",
    )  # fmt: skip
    assert line(DEFAULT, "name", "apollo")[-1] == "form"


def test_every_field_stands_in_one_line():
    order = parse_order(DEFAULT, ["apollo"])
    assert sorted(field for fields, _ in order.lines for field in fields) == sorted(FIELDS)


def test_the_star_stands_for_the_providers_that_are_not_named():
    assert line("clearbit, *, form", "city", "apollo", "clearbit", "acme-http") == (
        "clearbit", "apollo", "acme-http", "form",
    )  # fmt: skip


def test_a_source_may_be_left_out():
    assert line("form, apollo", "name", "apollo", "clearbit") == ("form", "apollo")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no order for all fields"),
        ("employees: apollo", "no order for all fields"),
        ("apollo; form", "two orders for all fields"),
        ("*; size: apollo", "'size' is no field"),
        ("*; employes: apollo", "did you mean employees?"),
        ("*; name: apollo; name: form", "two orders for name"),
        ("apolo, form", "did you mean apollo?"),
        ("apollo, apollo", "apollo is twice"),
        ("*; name:", "an order without a source"),
        ("clearbit", "others are named in ENRICHMENT_PROVIDERS"),
    ],
)
def test_what_cannot_be_followed_is_said_with_a_fix(text: str, said: str):
    with pytest.raises(OrderError, match=said.replace("?", r"\?")):
        parse_order(text, ["apollo"])


def test_the_needed_fields_are_a_list_of_ours():
    assert parse_needed("") == NEEDED
    assert parse_needed(" name,  parent ") == ("name", "parent")
    with pytest.raises(OrderError, match="did you mean parent"):
        parse_needed("parents")
