"""Settings of the router itself: where things are, the stream, the store, intake, its processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings


def begins(*beginnings: str, fix: str) -> AfterValidator:
    """Of a setting that is empty or begins with one of these."""

    def checked(given: str) -> str:
        if given and not given.startswith(beginnings):
            raise ValueError(fix)
        return given

    return AfterValidator(checked)


class Running(BaseSettings):
    """Nothing of an outside part."""

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
    public_url: Annotated[
        str, begins("https://", "http://", fix="write the whole address, as https://leads.example.com")
    ] = Field("", description="How people reach this server; links in alerts start with it.")

    # stream
    redis_url: Annotated[
        str,
        begins("redis://", "rediss://", "unix://", fix="write redis://HOST:PORT, rediss://HOST:PORT or unix://PATH"),
    ] = Field("", description="A Redis or Valkey of your own; empty starts the embedded one.")
    redis_fsync: Literal["always", "everysec"] = Field(
        "always", description="For the embedded server's append-only file."
    )
    stream_partitions: int = Field(1, ge=1, le=64)
    stream_longest: int = Field(1_000_000, ge=1, description="Waiting submissions before intake answers 503.")
    accept_deadline_s: float = Field(0.8, gt=0, lt=1)
    content_window_s: int = Field(86_400, ge=60, description="How long the same content counts as the same submission.")
    event_window_s: int = Field(7 * 86_400, ge=60, description="The same for an event id or an idempotency key.")

    # store
    database_url: Annotated[str, begins("postgresql", "sqlite", fix="write postgresql://USER:PASSWORD@HOST/NAME")] = (
        Field("", description="postgresql://... ; empty is an SQLite file in the data folder.")
    )

    # intake
    body_limit: int = Field(256 * 1024, ge=1024, description="Bytes of a POST before it is answered 413.")
    wait_limit_s: float = Field(10.0, ge=0, le=60, description="The longest ?wait= there is.")
    webhook_secrets: dict[str, SecretStr] = Field(
        {}, description="Source name -> Standard Webhooks secret (whsec_...)."
    )
    admin_token: SecretStr | None = Field(None, description="Empty: generated at first start, kept in the data folder.")

    # worker and dispatcher
    workers: int | None = Field(
        None,
        ge=1,
        le=16,
        description="Workers that `serve` starts, all but the first spare; empty is one a core, at most two.",
    )
    worker_batch: int = Field(256, ge=1, le=512, description="Leads a run of the graph carries at the most.")
    checkpointer: Literal["none", "sqlite", "postgres"] = "none"
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given),
    ] = "INFO"
