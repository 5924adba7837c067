"""A file is asked where we are, a server from a thread."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from tools.store.asking import ask


async def test_only_a_server_is_asked_from_a_thread(database: Engine):
    with ThreadPoolExecutor(1, thread_name_prefix="reads") as executor:
        name = await ask(database, executor, lambda: threading.current_thread().name)
    assert name.startswith("reads") == (database.dialect.name == "postgresql")


async def test_what_the_question_raises_is_raised(database: Engine):
    def question() -> None:
        raise LookupError("gone")

    with ThreadPoolExecutor(1) as executor, pytest.raises(LookupError, match="gone"):
        await ask(database, executor, question)
