from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import tools.embedded
from graph.domain.account import CompanyProfile, JobPost
from graph.domain.facts import Absent, Found
from graph.ports import CompanyAsk
from tools.embedded.csv_table import TableError
from tools.embedded.enrichment import COLUMNS, BundledEnrichment

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
SHIPPED = Path(tools.embedded.__path__[0]) / "data" / "companies.csv"
TABLE = """
acme.com,Acme Corp,,31000,9800000000,software,US,US-CA,San Francisco,kubernetes;kafka,sre
labs.io,Acme Labs,acme.com,420,,software,US,US-WA,Seattle,go,
deep.dev,Deep GmbH,labs.io,,,,DE,,,,
lone.com,Lone Ltd,,12,900000,retail,GB,,Leeds,,
twin-a.com,Twin Inc,,,,,,,,,
twin-b.com,Twin LLC,,,,,,,,,
kid.com,Kid Co,not-in-table.com,,,,,,,,
"""


def table(tmp_path: Path, rows: str = TABLE) -> BundledEnrichment:
    path = tmp_path / "companies.csv"
    path.write_text(",".join(COLUMNS) + "\n" + rows.strip() + "\n", encoding="utf-8")
    return BundledEnrichment(path)


async def profile(enrichment: BundledEnrichment, domain: str | None, name: str | None = None) -> CompanyProfile | None:
    (fact,) = await enrichment.profiles([CompanyAsk(domain, name)], NOW)
    assert (fact.source, fact.at) == ("bundled", NOW)
    return fact.value if isinstance(fact, Found) else None


async def test_a_subsidiary_of_a_subsidiary_belongs_to_the_ultimate_parent(tmp_path: Path) -> None:
    assert await profile(table(tmp_path), "deep.dev") == CompanyProfile(
        domain="deep.dev",
        name="Deep GmbH",
        country="DE",
        parent_domain="acme.com",
        parent_name="Acme Corp",
        parent_employees=31000,
        parent_revenue_usd=9_800_000_000,
        family=("acme.com", "deep.dev", "labs.io"),
    )


async def test_the_ultimate_parent_has_a_family_and_no_parent(tmp_path: Path) -> None:
    found = await profile(table(tmp_path), "acme.com")
    assert found is not None
    assert (found.parent_domain, found.parent_employees) == (None, None)
    assert found.family == ("acme.com", "deep.dev", "labs.io")
    assert (found.technologies, found.hiring) == (("kubernetes", "kafka"), ("sre",))


async def test_a_company_alone_is_its_own_family(tmp_path: Path) -> None:
    found = await profile(table(tmp_path), "lone.com")
    assert found is not None
    assert (found.parent_domain, found.family) == (None, ("lone.com",))


async def test_a_parent_without_a_row_is_known_by_its_domain_alone(tmp_path: Path) -> None:
    found = await profile(table(tmp_path), "kid.com")
    assert found is not None
    assert (found.parent_domain, found.parent_name, found.parent_employees) == ("not-in-table.com", None, None)
    assert found.family == ("kid.com", "not-in-table.com")


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("nobody.com", None),
        ("nobody.com", "Acme Corp"),
        ("sub.acme.com", None),
        (None, None),
        (None, "Nobody"),
        (None, ""),
        (None, "Twin"),
        (None, "Inc."),
    ],
)
async def test_what_the_table_does_not_hold_for_sure_is_absent(
    tmp_path: Path, domain: str | None, name: str | None
) -> None:
    (fact,) = await table(tmp_path).profiles([CompanyAsk(domain, name)], NOW)
    assert fact == Absent("bundled", NOW)


@pytest.mark.parametrize("name", ["Acme Corp", "ACME", "acme, inc."])
async def test_without_a_domain_the_only_bearer_of_a_name_is_found(tmp_path: Path, name: str) -> None:
    found = await profile(table(tmp_path), None, name)
    assert found is not None
    assert found.domain == "acme.com"


async def test_the_case_of_a_domain_does_not_count(tmp_path: Path) -> None:
    assert await profile(table(tmp_path), "ACME.com") == await profile(table(tmp_path), "acme.com")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "a.com,A,c.com,,,,,,,,\nb.com,B,a.com,,,,,,,,\nc.com,C,b.com,,,,,,,,",
            r"companies own each other in a circle: a.com -> c.com -> b.com -> a.com; clear one parent_domain",
        ),
        ("a.com,A,a.com,,,,,,,,", "in a circle: a.com -> a.com"),
        ("x.com,X,a.com,,,,,,,,\na.com,A,b.com,,,,,,,,\nb.com,B,a.com,,,,,,,,", "circle: a.com -> b.com -> a.com"),
        ("a.com,A,,,,,,,,,\nA.com,A,,,,,,,,,", "line 3: a.com is there twice"),
        (",A,,,,,,,,,", "line 2: domain is blank"),
        ("a.com,A,,many,,,,,,,", "line 2: employees 'many' is no whole number"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        table(tmp_path, rows)


async def test_the_shipped_table_is_good_and_every_family_agrees() -> None:
    enrichment = BundledEnrichment(SHIPPED)
    domains = [line.split(",")[0] for line in SHIPPED.read_text(encoding="utf-8").splitlines()[1:]]
    facts = await enrichment.profiles([CompanyAsk(domain, None) for domain in domains], NOW)
    profiles = {fact.value.domain: fact.value for fact in facts if isinstance(fact, Found)}
    assert list(profiles) == domains
    assert len(domains) > 100
    for found in profiles.values():
        assert found.domain in found.family
        assert list(found.family) == sorted(set(found.family))
        for other in found.family:
            if other in profiles:
                assert profiles[other].family == found.family


async def test_funding_and_job_posts_are_read_where_the_table_has_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text(
        ",".join((*COLUMNS, "funding_stage", "job_posts")) + "\n"
        'acme.com,Acme,,,,,,,,,,Series B,"2026-02-10 Senior SRE: OpenTelemetry, on call;Clerk"\n'
    )
    found = await profile(BundledEnrichment(path), "acme.com")
    assert found is not None
    assert found.funding_stage == "Series B"
    assert found.job_posts == (
        JobPost("Senior SRE", datetime(2026, 2, 10, tzinfo=UTC), "OpenTelemetry, on call"), JobPost("Clerk"),
    )  # fmt: skip


def test_a_job_post_with_an_odd_date_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(",".join((*COLUMNS, "job_posts")) + "\n" + "acme.com" + "," * 10 + ",2026-13-10 SRE\n")
    with pytest.raises(TableError, match=r"odd\.csv, line 2: job_posts .*2026-13-10"):
        BundledEnrichment(path)
