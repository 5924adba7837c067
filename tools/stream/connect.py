"""Connections to the stream's server, and what is known of how well it keeps what it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import NoPermissionError, RedisError

from tools.embedded.valkey import EmbeddedValkey
from tools.settings import Settings


def socket_url(settings: Settings) -> str:
    """The server's URL: the configured one, else the embedded server's socket in the data folder."""
    return settings.redis_url or EmbeddedValkey(settings.data_dir / "valkey", settings.redis_fsync).url


def connect(url: str, *, timeout_s: float | None = 5.0) -> Redis:
    """One client. A connection that broke is replaced once within a call; waiting longer is the caller's decision.
    timeout_s: for one answer; None for a client that blocks (a subscription, a blocking read)."""
    client = Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=1.0,
        retry=Retry(NoBackoff(), 1),
        protocol=2,
        health_check_interval=0,
    )
    pool = client.connection_pool
    pool.connection_class = type("PackedInC", (_PackedInC, pool.connection_class), {})
    return client


class _PackedInC:
    """redis-py uses hiredis for commands only where it is not asynchronous. A round of acceptance has seven arguments a
    lead: 0.6 us of processor each lead instead of 4.6."""

    _packer = HiredisRespSerializer()

    def pack_command(self, *args: Any) -> list[bytes]:
        return self._packer.pack(*args)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Persistence:
    """What survives the server's death. level: always | everysec | no | none | unknown."""

    level: str

    @property
    def warning(self) -> str | None:
        """None for what a 202 promises; else what may be lost."""
        match self.level:
            case "always":
                return None
            case "everysec":
                return (
                    "the stream's server syncs once a second: a power loss may lose the last second of accepted leads"
                )
            case "unknown":
                return "the stream's server does not say how it keeps data: make sure appendfsync is always"
            case _:
                return "the stream's server does not keep accepted leads on disk: a restart loses those that wait"


async def persistence(redis: Redis) -> Persistence:
    """Raises RedisError when the server is away; a server that hides its configuration is `unknown`."""
    try:
        held = await redis.config_get("append*")
    except RedisError as error:
        if isinstance(error, NoPermissionError) or "unknown command" in str(error).lower():
            return Persistence("unknown")
        raise
    values = {_text(k or ""): _text(v or "") for k, v in held.items()}
    if values.get("appendonly") != "yes":
        return Persistence("none")
    return Persistence(values.get("appendfsync", "unknown"))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
