"""The front door with every vendor's secret set, and a worker beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from tests.fixtures.form_vendors import SECRETS
from tests.fixtures.router import Bench, threads
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.stream.connect import connect
from tools.stream.inbox import Inbox


@pytest.fixture
def front_settings(front_settings: Settings) -> Settings:
    held = {name: SecretStr(secret) for name, secret in SECRETS.items()}
    return front_settings.model_copy(update={"form_secrets": held, "form_verify_token": SecretStr("our-own-word")})


@pytest.fixture
async def worker(redis: Redis, front_settings: Settings) -> AsyncIterator[Bench]:
    """Decides what the front door accepted, from the same stream into the same database."""
    engine, client = open_engine(front_settings.database), connect(front_settings.redis_url, timeout_s=None)
    with threads(2) as executor:
        async with Inbox(client, deadline_s=30.0) as inbox:
            yield Bench(redis, inbox, engine, executor)
    await client.aclose()
    engine.dispose()
