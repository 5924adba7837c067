from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tools.store.engine import open_engine


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """For what does not depend on the database."""
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()
