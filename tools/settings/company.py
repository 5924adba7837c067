"""Settings of company facts: who is asked, in which order, for how much, and what late ones may do."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from tools.provider_file import (
    Described,
    ProviderFileError,
    ProviderTerms,
    environment,
    missing_variables,
    read_provider_file,
)
from tools.provider_order import DEFAULT, NEEDED, OrderError, listed_providers, parse_needed, parse_order
from tools.settings.choice import Choice

KEYED = ("apollo", "clearbit")
"""Sources of company facts with a key of their own."""


class Company(BaseSettings):
    """Enrichment, known accounts, questions."""

    enrichment: Choice = "embedded"
    enrichment_provider: Literal["apollo", "clearbit"] = Field(
        "apollo", description="The one provider, where ENRICHMENT_PROVIDERS is empty."
    )
    enrichment_providers: str = Field(
        "", description="Several, in their order: apollo, clearbit, bundled, names of ENRICHMENT_HTTP_FILE."
    )
    enrichment_http_file: Path | None = Field(
        None, description="JSON file that describes providers of your own (infra/docs/enrichment.md)."
    )
    enrichment_order: str = Field(
        DEFAULT, description="Who is asked before whom, and other orders for some fields; * is ENRICHMENT_PROVIDERS."
    )
    enrichment_needed: str = Field(
        ", ".join(NEEDED), description="Fields for which another source is asked while they are missing."
    )
    enrichment_terms: dict[str, ProviderTerms] = Field(
        {},
        description='Price and ceilings of apollo and clearbit: {"apollo": {"price_cents": 3, "daily_questions": 500}}.',
    )
    enrichment_daily_cents: float | None = Field(
        None, ge=0, description="US cents a day (UTC) that all providers together may cost; empty: no ceiling."
    )
    enrichment_lead_cents: float | None = Field(
        None, ge=0, description="US cents that one lead may cost; empty: no ceiling."
    )
    enrichment_ttl_d: float = Field(30.0, gt=0, le=3650, description="Days for which an answer is good.")
    enrichment_absent_ttl_d: float = Field(
        7.0, gt=0, le=3650, description="Days for which it is good that there is none."
    )
    enrichment_switch_share: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="A provider whose fill rate falls below this share of its own is switched off; 0: never.",
    )
    enrichment_rest_s: float = Field(
        1800.0, gt=0, description="Seconds until one that was switched off is tried again."
    )
    apollo_api_key: SecretStr | None = None
    apollo_base_url: str = "https://api.apollo.io"
    clearbit_api_key: SecretStr | None = None
    clearbit_base_url: str = "https://company.clearbit.com"
    # facts that come after the decision
    late_facts: Literal["anew", "told", "kept"] = Field(
        "anew",
        description="What company facts may do that come after a decision: decide again, only tell the owner, only be kept.",
    )

    # questions that a form may put next
    questions_file: Path | None = Field(
        None, description="Your wording of them, over the built-in one: infra/docs/late-facts.md."
    )

    # accounts
    account_sources: str = Field(
        "import,crm,bundled",
        pattern=r"^[a-z0-9_-]{1,40}(,[a-z0-9_-]{1,40})*$",
        description="Who is believed of a known account, the first most; a file's source that is not named counts as import. "
        "Without `bundled` the invented companies that we ship stay out.",
    )
    currency: str = Field(
        "USD", pattern=r"^[A-Z]{3}$", description="ISO code of the currency that accounts are ranked in."
    )
    currency_per_usd: float = Field(1.0, gt=0, allow_inf_nan=False, description="What a US dollar is worth in it.")

    @model_validator(mode="after")
    def _another_currency_has_its_rate(self) -> Self:
        if (self.currency == "USD") != (self.currency_per_usd == 1.0):
            raise ValueError("CURRENCY and CURRENCY_PER_USD go together: set both, as EUR and 0.92, or neither")
        return self

    @property
    def source_order(self) -> tuple[str, ...]:
        """Of known accounts, the most believed first. The companies that we ship are invented: where live sources answer,
        and the bundled table is not among them, no lead is taken for one of its companies."""
        named = dict.fromkeys(self.account_sources.split(","))
        return tuple(name for name in named if name != "bundled" or "bundled" in self.providers)

    @model_validator(mode="after")
    def _company_facts_can_be_asked_for(self) -> Self:
        try:
            described = self.described_providers
            parse_order(self.enrichment_order, self.providers)
            parse_needed(self.enrichment_needed)
        except (ProviderFileError, OrderError) as error:
            raise ValueError(str(error)) from error
        known = {*KEYED, "bundled", *described}
        for name in self.providers:
            if name not in known:
                raise ValueError(f"ENRICHMENT_PROVIDERS: nobody knows {name!r}; there are {', '.join(sorted(known))}")
            if name != "bundled" and self.enrichment == "embedded" and self.enrichment_providers:
                raise ValueError(f"ENRICHMENT_PROVIDERS names {name}: set ENRICHMENT=live, or leave it out")
            if name in described and (unset := missing_variables(described[name], environment())):
                raise ValueError(f"ENRICHMENT_HTTP_FILE: {name} needs the variable {', '.join(unset)}")
        if twice := [name for name in self.providers if self.providers.count(name) > 1]:
            raise ValueError(f"ENRICHMENT_PROVIDERS names {twice[0]} twice; keep one")
        if strange := self.enrichment_terms.keys() - set(KEYED):
            raise ValueError(
                f"ENRICHMENT_TERMS is for {' and '.join(KEYED)}; {min(strange)} belongs into ENRICHMENT_HTTP_FILE"
            )
        if self.enrichment_daily_cents is not None or self.enrichment_lead_cents is not None:
            self._prices_are_known(described)
        return self

    def _prices_are_known(self, described: dict[str, Described]) -> None:
        """A ceiling in cents holds nobody whose price is not known."""
        for name in self.providers:
            terms = described.get(name) or self.enrichment_terms.get(name)
            if name != "bundled" and (terms is None or terms.price_cents is None):
                where = "ENRICHMENT_HTTP_FILE" if name in described else "ENRICHMENT_TERMS"
                raise ValueError(f"a ceiling in cents needs the price_cents of {name} in {where}")

    @cached_property
    def described_providers(self) -> dict[str, Described]:
        """Those of ENRICHMENT_HTTP_FILE, by name. Raises ProviderFileError."""
        if self.enrichment_http_file is None:
            return {}
        return {one.name: one for one in read_provider_file(self.enrichment_http_file).providers}

    @property
    def providers(self) -> tuple[str, ...]:
        """The outside sources of company facts, in their order."""
        if self.enrichment_providers.strip():
            return listed_providers(self.enrichment_providers)
        return ("bundled",) if self.enrichment == "embedded" else (self.enrichment_provider,)
