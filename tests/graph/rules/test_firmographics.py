from __future__ import annotations

import csv
from pathlib import Path

import pytest

import graph.rules
from graph.rules.firmographics import INDUSTRIES, employees_from, industry_of, source_key


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("250", 250), ("51-200", 51), ("51 – 200 employees", 51), ("201 to 500", 201), ("1,000+", 1000),
        ("10.001+", 10_001), ("1 001-5 000", 1001), ("5.000", 5000), ("about 40", 40), ("~300", 300),
        ("ca. 80 Mitarbeiter", 80), ("10k", 10_000),
        ("1.5k", 1500), ("1-5k", 1000), ("5k-10k", 5000), ("2M", 2_000_000), ("2.3 million", 2_300_000), ("<50", 1),
        ("under 50", 1), ("up to 10", 1), ("≤ 20", 1), (">1000", 1001), ("more than 500", 501), (">= 500", 500),
        ("1-10", 1), ("self-employed", 1), ("Just me", 1), ("１００", 100), ("200 employees in 3 countries", 200),
    ],
)  # fmt: skip
def test_a_head_count_is_the_least_that_fits(typed: str, count: int) -> None:
    assert employees_from(typed) == count


@pytest.mark.parametrize(
    "typed",
    ["", "many", "0", "-5", "5.5", "$5M", "20%", "Oct-50", "1e9", "12345678901", "9" * 5000, "1st", "99,999,999"],
)
def test_what_is_no_head_count_stays_unknown(typed: str) -> None:
    assert employees_from(typed) is None


@pytest.mark.parametrize(
    ("typed", "industry"),
    [
        ("financial_services", "financial_services"), ("Financial Services", "financial_services"),
        ("Banking", "financial_services"),
        ("FINTECH", "financial_services"), ("Insurance Industry", "insurance"), ("Versicherung", "insurance"),
        ("COMPUTER_SOFTWARE", "software"), ("SaaS", "software"), ("I.T.", "software"),
        ("Information Technology and Services", "software"),
        ("Hospital & Health Care", "healthcare"), ("HOSPITAL_HEALTH_CARE", "healthcare"), ("Santé", "healthcare"),
        ("Oil & Gas", "energy"), ("oil and gas", "energy"), ("Télécommunications", "telecom"),
        ("e-commerce", "retail"),
        ("Ecommerce", "retail"), ("Higher Education", "education"), ("Non-Profit", "nonprofit"),
        ("Public Sector", "government"),
        ("Logistics & Supply Chain", "logistics"), ("Hotels", "hospitality"), ("Law Firm", "professional_services"),
        ("Maschinenbau", "manufacturing"), ("Media & Entertainment", "media"),
    ],
)  # fmt: skip
def test_industries_are_understood_in_their_common_spellings(typed: str, industry: str) -> None:
    assert industry_of(typed) == industry


@pytest.mark.parametrize("typed", ["", "Other", "xyz", "softwar", "---"])
def test_an_industry_is_never_guessed(typed: str) -> None:
    assert industry_of(typed) is None


def test_the_vocabulary_is_the_one_that_rules_use() -> None:
    assert set(INDUSTRIES) == {
        "financial_services", "insurance", "software", "manufacturing", "retail", "healthcare", "education",
        "government", "media", "telecom", "energy", "logistics", "hospitality", "professional_services", "nonprofit",
    }  # fmt: skip


def test_no_spelling_means_two_industries() -> None:
    table = Path(graph.rules.__path__[0]) / "data" / "industries.csv"
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name in row["names"].split(";"):
                assert industry_of(name) == row["industry"], name


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Demo Request", "demo_request"), ("demo-request", "demo_request"), ("demoRequest", "demo_request"),
        ("DEMO_REQUEST", "demo_request"), ("  Web / Form ", "web_form"), ("LinkedIn", "linkedin"),
        ("HubSpot", "hubspot"),
        ("partner_referral", "partner_referral"), ("Messe München", "messe_münchen"), ("--", None),
    ],
)  # fmt: skip
def test_a_source_is_a_key_in_snake_case(typed: str, key: str | None) -> None:
    assert source_key(typed) == key
