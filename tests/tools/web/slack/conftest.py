from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fixtures.router import Bench
from tests.fixtures.slack import Office, office_of
from tests.servers.slack_workspace import SlackWorkspace
from tools.embedded.valkey import EmbeddedValkey


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace() as running:
        yield running


@pytest.fixture
async def office(
    tmp_path: Path, shared_valkey: EmbeddedValkey, database_url: str, bench: Bench, slack: SlackWorkspace
) -> AsyncIterator[Office]:
    """On both databases."""
    async with office_of(tmp_path, shared_valkey.url, database_url, bench, slack) as running:
        yield running
