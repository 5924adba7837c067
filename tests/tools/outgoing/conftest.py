"""A receiver and a sending side, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor

import pytest
from sqlalchemy import Engine

from tests.fixtures.webhooks import Receiver, Sending


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def sending(database: Engine, executor: Executor) -> Sending:
    return Sending(database, executor)
