"""Asks the store a short question from within an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from sqlalchemy import Engine

T = TypeVar("T")


async def ask(engine: Engine, executor: Executor | None, question: Callable[[], T]) -> T:
    """What `question`, which blocks, answers. A file is read where we are: a lead's five questions take SQLite less time than
    it takes to wake a thread for each, and readers of a write-ahead log wait for nobody. A server is waited for in a
    thread of `executor`. Raises what the question raises."""
    if engine.dialect.name == "sqlite":
        return question()
    return await asyncio.get_running_loop().run_in_executor(executor, question)
