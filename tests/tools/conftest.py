"""A stream server for the tests of this folder: one embedded server a session, emptied before each test that uses it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest
import structlog
from redis.asyncio import Redis
from sqlalchemy import Engine

from tests.fixtures.router import Bench, threads
from tools.embedded.valkey import EmbeddedValkey
from tools.stream.connect import connect
from tools.stream.inbox import Inbox


@pytest.fixture(scope="session", autouse=True)
def _no_pictures_in_logs() -> None:
    """structlog's default for an unconfigured program draws every local variable of a traceback, which takes minutes."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=repr)],
        logger_factory=structlog.ReturnLoggerFactory(),
    )


@pytest.fixture(scope="session")
def shared_valkey() -> Iterator[EmbeddedValkey]:
    folder = Path(tempfile.mkdtemp(prefix="lead-router-kv-"))  # a socket's path must be short
    server = EmbeddedValkey(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_valkey() -> Iterator[EmbeddedValkey]:
    """A server that the test may stop, freeze and start again."""
    folder = Path(tempfile.mkdtemp(prefix="lead-router-kv-"))
    server = EmbeddedValkey(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def redis(shared_valkey: EmbeddedValkey) -> AsyncIterator[Redis]:
    """A client of the empty shared server."""
    client = connect(shared_valkey.url, timeout_s=None)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture
async def inbox(redis: Redis) -> AsyncIterator[Inbox]:
    async with Inbox(redis) as running:
        yield running


@pytest.fixture
def executor() -> Iterator[Executor]:
    with threads() as running:
        yield running


@pytest.fixture
def bench(redis: Redis, inbox: Inbox, database: Engine, executor: Executor) -> Bench:
    """Stream, database (both kinds) and workers."""
    return Bench(redis, inbox, database, executor)
