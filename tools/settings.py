"""Every setting, from the environment or a `.env` file. One section an outside part: `embedded` (the default, no key, no
network) or `live`; `live` without its key stops at start and names the variable."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Choice = Literal["embedded", "live"]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

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
    enrichment_provider: Literal["apollo", "clearbit"] = "apollo"
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
    embedder: Literal["structured", "openai"] = Field(
        "structured", description="What compares past accounts: our own arithmetic, or OpenAI's embeddings."
    )
    openai_embedding_model: str = "text-embedding-3-small"
    openai_embedding_dimensions: int = Field(1536, ge=8, le=4096, description="A Pinecone index has the same.")
    similar_bundled: bool = Field(
        True, description="Show the invented past accounts that ship with the product; false once you have your own."
    )
    similar_reach: float = Field(
        0.7, gt=0, le=2, description="Accounts at a greater distance (1 - cosine) are not similar."
    )
    similar_exact_up_to: int = Field(
        50_000, ge=0, description="More past accounts than this are searched by usearch graphs, if these find enough."
    )
    similar_recall: float = Field(
        0.95, gt=0, le=1, description="Share of the ten nearest that graphs must find; below it the search is exact."
    )
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

    # accounts
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
        provider = self.enrichment_provider
        needed = {
            "ENRICHMENT": (self.enrichment, f"{provider}_api_key"),
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
        if self.embedder == "openai" and not self.openai_api_key:
            missing.append("EMBEDDER=openai needs OPENAI_API_KEY")
        if self.similar == "live" and not self.pinecone_host:
            missing.append("SIMILAR=live needs PINECONE_HOST")
        if missing:
            raise ValueError("; ".join(missing) + " (set it, or choose embedded)")
        return self

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
