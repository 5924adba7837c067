"""Company profiles from Clearbit (Enrichment API, Company). 202 means that it is still looking: unavailable for now.

`metrics.annualRevenue` is a figure in US dollars for public companies; `estimatedAnnualRevenue` is a range, which gives
no figure and is left out. Clearbit names the ultimate parent by domain only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from graph.domain.account import CompanyProfile
from tools.asking import ReadError
from tools.cache import Cache
from tools.http_enrichment import (
    HttpEnrichment,
    count,
    country,
    domain_name,
    industry,
    of_company,
    part,
    state,
    text,
    texts,
)


class ClearbitEnrichment(HttpEnrichment):
    """Implements `Enrichment`. See `HttpEnrichment` for the arguments and `tools.asking` for reasons of failure."""

    source = "clearbit"

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = "https://company.clearbit.com",
        deadline_s: float = 3.0,
        concurrency: int = 8,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            deadline_s=deadline_s,
            concurrency=concurrency,
            cache=cache,
        )

    def _request(self, domain: str) -> httpx.Request:
        return self._client.build_request("GET", "/v2/companies/find", params={"domain": domain})

    def _profile(self, domain: str, answer: Mapping[str, Any]) -> CompanyProfile | None:
        if text(answer.get("id")) is None:  # Clearbit says 404 where it knows no company
            raise ReadError("invalid answer")
        of_company(domain, answer.get("domain"), answer.get("domainAliases"))
        geo, metrics, kind = (part(answer.get(name)) for name in ("geo", "metrics", "category"))
        place = country(geo.get("countryCode")) or country(geo.get("country"))
        parent = domain_name(part(answer.get("ultimateParent")).get("domain"))
        return CompanyProfile(
            domain=domain,
            name=text(answer.get("name")),
            employees=count(metrics.get("employees")),
            revenue_usd=count(metrics.get("annualRevenue")),
            industry=industry(*(kind.get(level) for level in ("industry", "subIndustry", "industryGroup", "sector"))),
            country=place,
            state=state(place, geo.get("stateCode"), geo.get("state")),
            city=text(geo.get("city")),
            technologies=texts(answer.get("tech")),
            parent_domain=parent if parent != domain else None,  # a company above all others belongs to nobody
        )
