"""Puts the sources of company facts together as the settings say. A vendor's adapter is imported where it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from graph.ports import Enrichment
from tools.cache import MemoryCache
from tools.embedded.enrichment import BundledEnrichment
from tools.enrichment import form
from tools.enrichment.fields import ALL, bits
from tools.enrichment.ledger import Ledger
from tools.enrichment.metered import Metered
from tools.enrichment.source import Free, Source
from tools.enrichment.switch import Terms as SwitchTerms
from tools.enrichment.terms import DAY_S, SourceTerms
from tools.enrichment.waterfall import Waterfall
from tools.http_enrichment import HttpEnrichment
from tools.provider_file import ProviderTerms, environment
from tools.provider_order import parse_needed, parse_order
from tools.settings import Settings
from tools.store.enriching import Ceilings

COMPANIES: Final = Path(__file__).parents[1] / "embedded" / "data" / "companies.csv"
_OF_A_COMPANY = ("name", "employees", "revenue_usd", "industry", "country", "state", "city", "technologies")
FILLS: Final = {
    "bundled": ALL & ~bits(("owner",)),
    "apollo": bits((*_OF_A_COMPANY, "funding_stage")),
    "clearbit": bits((*_OF_A_COMPANY, "parent")),
}
"""What each may know at all: nobody is paid for a field that it never fills."""


def build_waterfall(
    settings: Settings,
    engine: Engine | None = None,
    executor: Executor | None = None,
    *,
    ours: Mapping[str, Enrichment] | None = None,
) -> Waterfall:
    """ours: sources that cost nothing, by the name that ENRICHMENT_ORDER has for them (`accounts`, `crm`). engine,
    executor: of the ledger; without them nobody is asked for money, whatever the settings say.
    """
    sources: list[Source] = [Free(form.NAME, form.FormFacts(), form.FILLS)]
    sources += [Free(name, port) for name, port in (ours or {}).items()]
    if "bundled" in settings.providers and "bundled" not in (ours or {}):
        sources.append(Free("bundled", BundledEnrichment(COMPANIES), FILLS["bundled"]))
    if engine is not None and executor is not None:
        ledger = Ledger(engine, executor)
        sources += [_metered(settings, name, ledger) for name in settings.providers if name != "bundled"]
    return Waterfall(
        sources,
        parse_order(settings.enrichment_order, settings.providers),
        parse_needed(settings.enrichment_needed),
        lead_cents=settings.enrichment_lead_cents,
    )


def _metered(settings: Settings, name: str, ledger: Ledger) -> Metered:
    port, fills, terms = _vendor(settings, name)
    own = SourceTerms(
        price_cents=terms.price_cents,
        charged=terms.charged,
        ceilings=Ceilings(terms.daily_questions, terms.daily_cents, settings.enrichment_daily_cents),
        ttl_s=DAY_S * (terms.ttl_d or settings.enrichment_ttl_d),
        absent_ttl_s=DAY_S * (terms.absent_ttl_d or settings.enrichment_absent_ttl_d),
        deadline_s=settings.read_deadline_s,
        switch=SwitchTerms(settings.enrichment_switch_share, settings.enrichment_rest_s),
    )
    return Metered(name, port, ledger, fills=fills, terms=own, breaker=port.breaker)


def _vendor(settings: Settings, name: str) -> tuple[HttpEnrichment, int, ProviderTerms]:
    """The adapter without a cache of its own: the answers are kept with their time, for all processes."""
    kept, deadline_s = MemoryCache(entries=0), settings.read_deadline_s
    terms = settings.enrichment_terms.get(name, ProviderTerms())
    if name == "apollo":
        from tools.apollo import ApolloEnrichment  # noqa: PLC0415

        key = settings.apollo_api_key.get_secret_value() if settings.apollo_api_key else ""
        apollo = ApolloEnrichment(key, base_url=settings.apollo_base_url, deadline_s=deadline_s, cache=kept)
        return apollo, FILLS[name], terms
    if name == "clearbit":
        from tools.clearbit import ClearbitEnrichment  # noqa: PLC0415

        key = settings.clearbit_api_key.get_secret_value() if settings.clearbit_api_key else ""
        clearbit = ClearbitEnrichment(key, base_url=settings.clearbit_base_url, deadline_s=deadline_s, cache=kept)
        return clearbit, FILLS[name], terms
    from tools.enrichment.described import DescribedEnrichment, fills  # noqa: PLC0415

    one = settings.described_providers[name]
    return DescribedEnrichment(one, environment(), deadline_s=deadline_s, cache=kept), fills(one), one
