"""A stream server for the tests of this folder: one embedded server a session, emptied before each test that uses it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from pathlib import Path

import httpx
import pytest
import structlog
from redis.asyncio import Redis
from sqlalchemy import Engine

from graph.ports import Ports
from tests.fixtures.front import client_of, opened, settings_of
from tests.fixtures.router import Bench, ports_of, threads
from tools.embedded.valkey import EmbeddedValkey
from tools.settings import Settings
from tools.stream.connect import connect
from tools.stream.inbox import Inbox
from tools.web.server import FrontDoor


@pytest.fixture(autouse=True)
def _no_pictures_in_logs() -> None:
    """structlog's default for an unconfigured program draws every local variable of a traceback, which takes minutes. Anew
    for each test: a command run by the one before logs to a standard error that pytest has closed."""
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
    async with Inbox(redis, deadline_s=30.0) as running:
        yield running


@pytest.fixture
def executor() -> Iterator[Executor]:
    with threads() as running:
        yield running


@pytest.fixture
def ports(database: Engine, executor: Executor) -> Ports:
    """The embedded twins over the database."""
    return ports_of(database, executor)


@pytest.fixture
def bench(redis: Redis, inbox: Inbox, database: Engine, executor: Executor) -> Bench:
    """Stream, database (both kinds) and workers."""
    return Bench(redis, inbox, database, executor)


@pytest.fixture
def front_settings(tmp_path: Path, shared_valkey: EmbeddedValkey, sqlite_url: str) -> Settings:
    """For a front door on the shared stream server and a database of its own."""
    return settings_of(tmp_path, shared_valkey.url, sqlite_url)


@pytest.fixture
async def front(redis: Redis, front_settings: Settings) -> AsyncIterator[FrontDoor]:
    async with opened(front_settings) as running:
        yield running


@pytest.fixture
async def client(front: FrontDoor) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the front door. An exception that escapes the application fails the test."""
    async with client_of(front) as speaking:
        yield speaking
