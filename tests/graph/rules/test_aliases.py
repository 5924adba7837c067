"""Aliases say what people mean where the vocabulary does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.domain.lead import Form, Unknown
from graph.domain.routing import RoutingFacts
from graph.rules.aliases import alias_key, read_again, used
from graph.rules.identity import capture
from tools.routing_file import parse

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
FILE = """{
  "DEFAULT": "general@company.com",
  "rules": [{"id": "r", "if": {"source": "paid_social", "product": "Tracing"}, "to": "a@company.com"}],
  "aliases": {
    "country": {"Germnay": "DE", "Great Brittain": "UK"},
    "state": {"Bavria": "DE-BY", "Cal": "US-CA"},
    "industry": {"Fin Svcs": "financial_services"},
    "source": {"LinkedIn Ads": "paid_social"},
    "product": {"APM": "tracing"}
  }
}"""
ALIASES = parse(FILE).aliases


def lead_of(aliases=ALIASES, **typed: str):
    return capture(Form(email="a@acme.com", **typed), "ld_1", NOW, aliases)


def test_each_field_is_read_with_its_aliases() -> None:
    lead = lead_of(country="Germnay", state="Bavria", industry="Fin Svcs", source="LinkedIn Ads", product="APM")
    assert (lead.country, lead.state) == ("DE", "DE-BY")
    assert (lead.industry, lead.source, lead.product) == ("financial_services", "paid_social", "tracing")
    assert lead.unknown == ()


def test_without_aliases_the_same_values_stay_as_typed() -> None:
    lead = lead_of({}, country="Germnay", industry="Fin Svcs", source="LinkedIn Ads", product="APM")
    assert (lead.country, lead.industry, lead.source, lead.product) == (None, None, "linkedin_ads", "APM")
    assert lead.unknown == (Unknown("country", "Germnay"), Unknown("industry", "Fin Svcs"))


@pytest.mark.parametrize("typed", ["fin svcs", "FIN  SVCS", "Fin-Svcs", "fin_svcs"])
def test_case_blanks_and_dashes_do_not_count(typed: str) -> None:
    assert lead_of(industry=typed).industry == "financial_services"


def test_uk_stands_for_gb_in_an_alias_too() -> None:
    assert lead_of(country="great brittain").country == "GB"


def test_a_state_alias_names_the_country_only_where_none_was_typed() -> None:
    assert (lead_of(state="Cal").country, lead_of(state="Cal").state) == ("US", "US-CA")
    lead = lead_of(country="Canada", state="Cal")
    assert (lead.country, lead.state, lead.unknown) == ("CA", None, (Unknown("state", "Cal"),))


def test_the_trace_can_name_the_aliases_that_were_used() -> None:
    form = Form(email="a@acme.com", country="GERMNAY", industry="Banking", source="linkedin-ads")
    lead = capture(form, "ld_1", NOW, ALIASES)
    assert used(ALIASES, form, lead) == [("country", "GERMNAY", "DE"), ("source", "linkedin-ads", "paid_social")]


@pytest.mark.parametrize(
    "typed",
    [
        {"country": "Germnay"},
        {"state": "Cal"},
        {"country": "Canada", "state": "Cal"},
        {"country": "Germany", "state": "Bavria"},
        {"country": "Germnay", "state": "Bayern"},
        {"country": "Germnay", "state": "Bavria"},
        {"country": "Germnay", "state": "Cal"},
        {"country": "Atlantis", "state": "Cal"},
        {"industry": "Fin Svcs", "source": "LinkedIn Ads", "product": "APM"},
        {"industry": "Banking", "country": "Atlantis", "source": "event"},
    ],
)
def test_a_lead_of_before_is_read_again_as_it_would_be_captured(typed: dict[str, str]) -> None:
    def facts(lead):
        return RoutingFacts(
            country=lead.country, state=lead.state, industry=lead.industry, source=lead.source, product=lead.product
        )

    before = lead_of({}, **typed)
    unknown = [(one.field, one.typed) for one in before.unknown]
    assert read_again(facts(before), unknown, ALIASES) == facts(lead_of(**typed))


@given(st.text(max_size=20), st.sampled_from(["country", "industry", "source", "product"]))
def test_an_alias_never_changes_another_value(typed: str, field: str) -> None:
    if alias_key(field, typed) in ALIASES[field]:
        return
    form = Form(email="a@acme.com", **{field: typed})
    assert capture(form, "ld_1", NOW, ALIASES) == capture(form, "ld_1", NOW)


def test_a_file_without_aliases_captures_as_before() -> None:
    table = parse('{"DEFAULT": "general@company.com"}')
    form = Form(email="a@acme.com", country="Germnay", state="Bavria", source="Web")
    assert replace(capture(form, "ld_1", NOW, table.aliases)) == capture(form, "ld_1", NOW)
