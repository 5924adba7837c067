"""Company facts from a small table that ships with the product. The twin of Apollo and Clearbit.

A company that is not in the table is Absent; nothing is estimated. The table names each company's owner; the family
above and around it is worked out when the table is loaded, and a table that contradicts itself is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from graph.domain.account import CompanyProfile, JobPost
from graph.domain.facts import Absent, Fact, Found
from graph.ports import CompanyAsk
from graph.rules.company_names import company_key
from tools.embedded.csv_table import Cells, TableError, read_table

COLUMNS = (
    "domain", "name", "parent_domain", "employees", "revenue_usd", "industry", "country", "state", "city",
    "technologies", "hiring",
)  # fmt: skip


class BundledEnrichment:
    """Implements `Enrichment` over a CSV file (UTF-8, COLUMNS; lists are separated by `;`, blank is unknown). Two more
    columns may be there: funding_stage (Seed, Series B, ...) and job_posts (see `_post`).

    parent_domain in the file is the direct owner. In a profile the parent is the ultimate one, None for a company that
    belongs to nobody else; the family is every domain under the same ultimate owner, itself included, sorted.
    """

    source = "bundled"

    def __init__(self, csv_path: Path) -> None:
        """Raises TableError."""
        self._by_domain = _with_families(_rows(csv_path), csv_path)
        self._by_name = _unique_names(self._by_domain.values())

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        """One fact for each ask, in order: by domain; without one by the company's name, where only one bears it and
        it was not typed above a free-mail address."""
        found = [self._find(ask) for ask in asks]
        return [Found(profile, self.source, now) if profile else Absent(self.source, now) for profile in found]

    def _find(self, ask: CompanyAsk) -> CompanyProfile | None:
        if ask.domain is not None:
            return self._by_domain.get(ask.domain.casefold())
        return self._by_name.get(company_key(ask.name)) if ask.name and not ask.claimed else None


@dataclass(frozen=True, slots=True)
class _Row:
    """own: the profile without its family. owner: the direct owner's domain."""

    own: CompanyProfile
    owner: str | None


def _rows(path: Path) -> dict[str, _Row]:
    rows: dict[str, _Row] = {}
    for cells in read_table(path, COLUMNS):
        domain, owner = cells.needed("domain").casefold(), cells.text("parent_domain")
        if domain in rows:
            raise TableError(f"{cells.where}: {domain} is there twice; keep one line")
        rows[domain] = _Row(_profile(domain, cells), owner.casefold() if owner else None)
    return rows


def _profile(domain: str, cells: Cells) -> CompanyProfile:
    posts = cells.optional("job_posts") or ""
    return CompanyProfile(
        domain=domain,
        name=cells.text("name"),
        employees=cells.number("employees"),
        revenue_usd=cells.number("revenue_usd"),
        industry=cells.text("industry"),
        country=cells.text("country"),
        state=cells.text("state"),
        city=cells.text("city"),
        technologies=cells.listed("technologies"),
        hiring=cells.listed("hiring"),
        funding_stage=cells.optional("funding_stage"),
        job_posts=tuple(_post(item.strip(), cells.where) for item in posts.split(";") if item.strip()),
    )


def _post(item: str, where: str) -> JobPost:
    """`2026-02-10 Site Reliability Engineer: OpenTelemetry, on call`; the date and the text may be missing."""
    title, _, words = (part.strip() for part in item.partition(":"))
    first, _, rest = title.partition(" ")
    if not first[:4].isdigit():
        return JobPost(title, None, words or None)
    try:
        posted_at = datetime.strptime(first, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise TableError(
            f"{where}: job_posts {item[:60]!r} begins with no date; write 2026-02-10, or no date"
        ) from error
    return JobPost(rest.strip(), posted_at, words or None)


def _with_families(rows: Mapping[str, _Row], path: Path) -> dict[str, CompanyProfile]:
    top = {domain: _ultimate(domain, rows, path) for domain in rows}
    families: dict[str, list[str]] = {}
    for domain, ultimate in top.items():
        families.setdefault(ultimate, [ultimate] if ultimate not in rows else []).append(domain)
    return {domain: _related(row.own, top[domain], rows, families[top[domain]]) for domain, row in rows.items()}


def _related(own: CompanyProfile, top: str, rows: Mapping[str, _Row], family: Sequence[str]) -> CompanyProfile:
    if top == own.domain:
        return replace(own, family=tuple(sorted(family)))
    parent = rows[top].own if top in rows else CompanyProfile(top)
    return replace(
        own,
        parent_domain=top,
        parent_name=parent.name,
        parent_employees=parent.employees,
        parent_revenue_usd=parent.revenue_usd,
        family=tuple(sorted(family)),
    )


def _ultimate(domain: str, rows: Mapping[str, _Row], path: Path) -> str:
    """The last owner up the line. One who has no row of their own ends it."""
    line = [domain]
    while (row := rows.get(line[-1])) is not None and row.owner is not None:
        if row.owner in line:
            circle = " -> ".join([*line[line.index(row.owner) :], row.owner])
            raise TableError(f"{path.name}: companies own each other in a circle: {circle}; clear one parent_domain")
        line.append(row.owner)
    return line[-1]


def _unique_names(profiles: Iterable[CompanyProfile]) -> dict[str, CompanyProfile]:
    bearers: dict[str, list[CompanyProfile]] = {}
    for profile in profiles:
        if profile.name and (key := company_key(profile.name)):
            bearers.setdefault(key, []).append(profile)
    return {key: found[0] for key, found in bearers.items() if len(found) == 1}
