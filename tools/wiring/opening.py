"""The database and the threads that talk to it."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import Engine

from tools.settings import Settings
from tools.store.engine import BATCH_CACHE_KIB, LOG_PAGES, open_engine


@dataclass(slots=True)
class Store:
    """The database and the threads that talk to it. Two: one may wait for a lock while the other works."""

    engine: Engine
    executor: Executor

    def close(self) -> None:
        self.executor.shutdown(wait=True)
        self.engine.dispose()


def open_store(
    settings: Settings, threads: int = 2, cache_kib: int = BATCH_CACHE_KIB, log_pages: int = LOG_PAGES
) -> Store:
    engine = open_engine(settings.database, cache_kib=cache_kib, log_pages=log_pages)
    return Store(engine, ThreadPoolExecutor(threads, thread_name_prefix="store"))
