"""The company behind the lead, with gaps."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from graph.domain.account import CompanyProfile, JobPost
from graph.features import firmographic
from graph.features.firmographic import FUNDING, INDUSTRIES, SIZES, funding_code, industry_code, size_code
from graph.features.probes import PROBES


def company(lead_employees=None, lead_industry=None, **profile):
    lead = replace(PROBES[1].lead, employees=lead_employees, industry=lead_industry)
    known = CompanyProfile(domain="acme.example", **profile) if profile else None
    values = firmographic.values(replace(PROBES[1], lead=lead, profile=known))
    return dict(zip((f.name for f in firmographic.FEATURES), values, strict=True))


@pytest.mark.parametrize(
    ("employees", "size"),
    [(0, "startup"), (19, "startup"), (20, "smb"), (199, "smb"), (200, "mid_market"), (1000, "enterprise")],
)
def test_sizes_begin_at_their_bounds(employees, size):
    assert SIZES[int(size_code(employees))] == size


def test_the_parent_makes_a_small_company_large():
    values = company(employees=30, parent_employees=50_000, parent_domain="p.example")
    assert SIZES[int(values["companySizeEstimate"])] == "enterprise"
    assert values["logEmployees"] == pytest.approx(math.log10(30))
    assert values["isSubsidiary"] == 1


def test_the_form_fills_what_enrichment_does_not_know_and_never_overrules_it():
    assert company(lead_employees=450)["logEmployees"] == pytest.approx(math.log10(450))
    assert company(lead_employees=450, industry="Banking")["logEmployees"] == pytest.approx(math.log10(450))
    assert company(lead_employees=450, employees=20)["logEmployees"] == pytest.approx(math.log10(20))
    assert INDUSTRIES[int(company(lead_industry="Software", industry="Banking")["industryGroup"])] == "finance"


def test_an_empty_list_is_unknown_and_a_list_without_a_match_is_none():
    assert math.isnan(company(employees=30)["stackFit"])
    values = company(technologies=("Excel", "Fax"), hiring=("Clerk",))
    assert (values["technologyCount"], values["stackFit"], values["usesCompetitor"]) == (2, 0, 0)
    assert (values["hiringCount"], values["hiringReliability"], values["hiringLeadership"]) == (1, 0, 0)


def test_technologies_and_open_positions_are_recognised():
    values = company(technologies=("Amazon Web Services", "K8s", "New Relic"), hiring=("Head of SRE", "VP Sales"))
    assert (values["stackFit"], values["usesCompetitor"]) == (2, 1)
    assert (values["hiringReliability"], values["hiringLeadership"]) == (1, 1)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Software", "software"), ("financial_services", "finance"), ("Health Information Technology", "health"),
        ("hospitality", "consumer"), ("Hospital & Health Care", "health"), ("Manufacturing", "industrial"),
        ("Higher Education", "education"), ("Government Administration", "public"), ("Beekeeping", "other"),
    ],
)  # fmt: skip
def test_industries_fall_into_groups(name, group):
    assert INDUSTRIES[int(industry_code(name))] == group


def test_no_industry_is_unknown():
    assert math.isnan(industry_code(None))
    assert math.isnan(industry_code(""))


NOW = PROBES[1].received_at


def post(title, days_ago=None, text=None):
    return JobPost(title, None if days_ago is None else NOW - timedelta(days=days_ago), text)


def test_the_pace_of_hiring_counts_what_was_posted_in_ninety_days_for_each_role():
    values = company(
        job_posts=(post("Senior SRE", 5), post("Site Reliability Engineer", 80), post("SRE", 91), post("SRE", -1)),
        hiring=("DevOps Engineer",),
    )
    assert values["hiringVelocitySRE"] == pytest.approx(2 / 3)
    assert values["hiringVelocityDevOps"] == pytest.approx(1 / 3)
    assert values["hiringVelocitySecOps"] == 0
    assert (values["hiringCount"], values["hiringReliability"]) == (4, 4)


def test_keywords_and_competitors_are_read_from_posts_that_were_there_in_time():
    known = company(
        job_posts=(post("Engineer", 200, "OpenTelemetry, distributed tracing"), post("APM Lead", None, "Datadog"))
    )
    assert (known["jobPostKeywords"], known["jobPostCompetitor"]) == (3, 1)
    later = company(job_posts=(post("Clerk", 3), post("Engineer", -2, "OpenTelemetry and Datadog")))
    assert (later["jobPostKeywords"], later["jobPostCompetitor"]) == (0, 0)


def test_without_a_known_position_nothing_is_said_of_hiring():
    values = company(employees=30)
    for name in (
        "hiringVelocitySRE",
        "hiringVelocityDevOps",
        "hiringVelocitySecOps",
        "jobPostKeywords",
        "jobPostCompetitor",
    ):
        assert math.isnan(values[name])


@pytest.mark.parametrize(
    ("stage", "group"),
    [("Seed", "seed"), ("Series A", "early"), ("series_b", "early"), ("Series D", "growth"), ("Private Equity", "private_equity"),
     ("IPO", "public"), ("Angel", "seed")],
)  # fmt: skip
def test_rounds_of_funding_fall_into_groups(stage, group):
    assert FUNDING[int(funding_code(stage))] == group


@pytest.mark.parametrize("stage", [None, "", "Other"])
def test_a_round_that_says_nothing_is_unknown(stage):
    assert math.isnan(funding_code(stage))
