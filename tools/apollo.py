"""Company profiles from Apollo (https://docs.apollo.io, Organization Enrichment). One credit for a company it knows.

Apollo names the owning company only by an id of its own, so parents stay unknown. It never searches by company name:
two companies share one too easily.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from graph.domain.account import CompanyProfile
from tools.asking import ReadError
from tools.cache import Cache
from tools.http_enrichment import HttpEnrichment, count, country, industry, of_company, state, text, texts


class ApolloEnrichment(HttpEnrichment):
    """Implements `Enrichment`. See `HttpEnrichment` for the arguments and `tools.asking` for reasons of failure."""

    source = "apollo"

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = "https://api.apollo.io",
        deadline_s: float = 3.0,
        concurrency: int = 8,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(
            base_url=base_url,
            headers={"X-Api-Key": api_key, "Cache-Control": "no-cache"},
            deadline_s=deadline_s,
            concurrency=concurrency,
            cache=cache,
        )

    def _request(self, domain: str) -> httpx.Request:
        return self._client.build_request("GET", "/api/v1/organizations/enrich", params={"domain": domain})

    def _profile(self, domain: str, answer: Mapping[str, Any]) -> CompanyProfile | None:
        organization = answer.get("organization")
        if not organization and answer.keys() <= {"organization"}:  # 200 without a company: Apollo knows none
            return None
        if not isinstance(organization, dict):
            raise ReadError("invalid answer")
        of_company(domain, organization.get("primary_domain"), organization.get("website_url"))
        place = country(organization.get("country"))
        return CompanyProfile(
            domain=domain,
            name=text(organization.get("name")),
            employees=count(organization.get("estimated_num_employees")),
            revenue_usd=count(organization.get("annual_revenue")),
            industry=industry(organization.get("industry")),
            country=place,
            state=state(place, organization.get("state")),
            city=text(organization.get("city")),
            technologies=texts(organization.get("technology_names")),
            funding_stage=text(organization.get("latest_funding_stage")),
        )
