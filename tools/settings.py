"""Every setting, from the environment or a `.env` file. One section an outside part: `embedded` (the default, no key, no
network) or `live`; `live` without its key stops at start and names the variable."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tools.provider_file import (
    Described,
    ProviderFileError,
    ProviderTerms,
    environment,
    missing_variables,
    read_provider_file,
)
from tools.provider_order import DEFAULT, NEEDED, OrderError, listed_providers, parse_needed, parse_order

Choice = Literal["embedded", "live"]
_KEYED = ("apollo", "clearbit")  # sources of company facts with a key of their own


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    # where things are
    data_dir: Path = Field(
        Path("var"), description="Folder for the embedded server's log, the database, models, secrets."
    )
    models_folder: Path | None = Field(
        None, description="Folder of the models; empty is models/ in the data folder. Several hosts: one shared folder."
    )
    routing_file: Path = Field(Path("infra/routing.json"), description="The file RevOps edits.")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str = Field("", description="How people reach this server; links in alerts start with it.")

    # stream
    redis_url: str = Field("", description="A Redis or Valkey of your own; empty starts the embedded one.")
    redis_fsync: Literal["always", "everysec"] = Field(
        "always", description="For the embedded server's append-only file."
    )
    stream_partitions: int = Field(1, ge=1, le=64)
    stream_longest: int = Field(1_000_000, ge=1, description="Waiting submissions before intake answers 503.")
    accept_deadline_s: float = Field(0.8, gt=0, lt=1)
    content_window_s: int = Field(86_400, ge=60, description="How long the same content counts as the same submission.")
    event_window_s: int = Field(7 * 86_400, ge=60, description="The same for an event id or an idempotency key.")

    # store
    database_url: str = Field("", description="postgresql://... ; empty is an SQLite file in the data folder.")

    # intake
    body_limit: int = Field(256 * 1024, ge=1024, description="Bytes of a POST before it is answered 413.")
    wait_limit_s: float = Field(10.0, ge=0, le=60, description="The longest ?wait= there is.")
    webhook_secrets: dict[str, SecretStr] = Field(
        {}, description="Source name -> Standard Webhooks secret (whsec_...)."
    )
    admin_token: SecretStr | None = Field(None, description="Empty: generated at first start, kept in the data folder.")

    # learning
    conversion_window_d: int = Field(
        90, ge=1, le=730, description="Days a lead has to be won; younger leads say nothing about conversion yet."
    )
    promote_alpha: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="Chance of promoting a model that is no better, over all looks at its challenge.",
    )
    promote_least_leads: int = Field(200, ge=20, description="Leads with a known outcome before a model is promoted.")
    promote_least_converted: int = Field(30, ge=5, description="Of them converted.")
    retrain_at: str = Field(
        "",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="UTC time at which `serve` retrains each day; empty: never.",
    )
    retrain_share: float = Field(0.2, gt=0, le=1, description="Share of the accounts for a new challenger.")
    retrain_promote: bool = Field(False, description="Promote a challenger that won without asking anybody.")
    retrain_keep: int = Field(10, ge=1, description="Newest models that stay; one that ever served always stays.")

    # scores for whoever asks
    score_lead_open: bool = Field(
        False, description="POST /score-lead answers without the admin token: for systems of a closed network."
    )
    score_cache_places: int = Field(
        4096, ge=0, le=1_000_000, description="Scores of /score-lead kept in the stream's server, 2 kB each; 0: none."
    )
    score_cache_ttl_s: int = Field(3600, ge=1, le=86_400)

    # worker and dispatcher
    worker_batch: int = Field(256, ge=1, le=512, description="Leads a run of the graph carries at the most.")
    checkpointer: Literal["none", "sqlite", "postgres"] = "none"
    log_level: str = "INFO"

    # outside parts
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
    crm: Choice = "embedded"
    hubspot_access_token: SecretStr | None = None
    hubspot_base_url: str = "https://api.hubapi.com"
    notifier: Choice = "embedded"
    slack_bot_token: SecretStr | None = None
    slack_base_url: str = "https://slack.com/api/"
    similar: Choice = "embedded"
    pinecone_api_key: SecretStr | None = None
    pinecone_host: str = Field("", description="The index's host.")
    llm: Choice = "embedded"
    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str = "gpt-4o-mini"
    openai_deadline_s: float = Field(
        15.0,
        gt=0,
        lt=20,
        description="For one question to the language model after the decision; nothing waits for it.",
    )
    read_deadline_s: float = Field(3.0, gt=0, description="For one question to a live enrichment, CRM or memory.")

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

    @model_validator(mode="after")
    def _live_parts_have_their_keys(self) -> Self:
        needed = {
            "CRM": (self.crm, "hubspot_access_token"),
            "NOTIFIER": (self.notifier, "slack_bot_token"),
            "SIMILAR": (self.similar, "pinecone_api_key"),
            "LLM": (self.llm, "openai_api_key"),
        }
        missing = [
            f"{part}=live needs {name.upper()}"
            for part, (choice, name) in needed.items()
            if choice == "live" and not getattr(self, name)  # an empty value is unset
        ]
        if self.enrichment == "live":
            missing += [
                f"ENRICHMENT=live with {name} needs {name.upper()}_API_KEY"
                for name in self.providers
                if name in _KEYED and not getattr(self, f"{name}_api_key")
            ]
        if self.similar == "live" and not self.pinecone_host:
            missing.append("SIMILAR=live needs PINECONE_HOST")
        if missing:
            raise ValueError("; ".join(missing) + " (set it, or choose embedded)")
        return self

    @property
    def source_order(self) -> tuple[str, ...]:
        """Of known accounts, the most believed first. The companies that we ship are invented: where live sources answer,
        and the bundled table is not among them, no lead is taken for one of its companies."""
        named = dict.fromkeys(self.account_sources.split(","))
        return tuple(name for name in named if name != "bundled" or "bundled" in self.providers)

    @property
    def match_index(self) -> Path:
        """Folder of the index by which known accounts are matched."""
        return self.data_dir / "accounts"

    @model_validator(mode="after")
    def _company_facts_can_be_asked_for(self) -> Self:
        try:
            described = self.described_providers
            parse_order(self.enrichment_order, self.providers)
            parse_needed(self.enrichment_needed)
        except (ProviderFileError, OrderError) as error:
            raise ValueError(str(error)) from error
        known = {*_KEYED, "bundled", *described}
        for name in self.providers:
            if name not in known:
                raise ValueError(f"ENRICHMENT_PROVIDERS: nobody knows {name!r}; there are {', '.join(sorted(known))}")
            if name != "bundled" and self.enrichment == "embedded" and self.enrichment_providers:
                raise ValueError(f"ENRICHMENT_PROVIDERS names {name}: set ENRICHMENT=live, or leave it out")
            if name in described and (unset := missing_variables(described[name], environment())):
                raise ValueError(f"ENRICHMENT_HTTP_FILE: {name} needs the variable {', '.join(unset)}")
        if twice := [name for name in self.providers if self.providers.count(name) > 1]:
            raise ValueError(f"ENRICHMENT_PROVIDERS names {twice[0]} twice; keep one")
        if strange := self.enrichment_terms.keys() - set(_KEYED):
            raise ValueError(
                f"ENRICHMENT_TERMS is for {' and '.join(_KEYED)}; {min(strange)} belongs into ENRICHMENT_HTTP_FILE"
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

    @cached_property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'leads.db'}"

    @property
    def models_dir(self) -> Path:
        return self.models_folder or self.data_dir / "models"

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
