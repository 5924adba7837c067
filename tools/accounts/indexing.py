"""The match index follows the book: built anew when the book has another version, by whoever sees it first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from tools.accounts.book import known_accounts
from tools.accounts.matching import build
from tools.locking import file_lock
from tools.saving import write_atomically
from tools.store.book import state_of

_VERSION: Final = "version"
_LOCK: Final = "lock"


def index_book(engine: Engine, folder: Path) -> int | None:
    """How many accounts the new index holds, None where the newest one is of the book's version already. Several processes
    may ask at once: one builds, the others wait. A reader of the folder goes over by itself.

    Raises OSError."""
    if _is_current(engine, folder):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / _LOCK):
        with engine.connect() as connection:
            state = state_of(connection)
        if _indexed(folder) == _name_of(state.version, state.sources):
            return None
        count = build(folder, known_accounts(engine))
        write_atomically(folder / _VERSION, _name_of(state.version, state.sources))
    return count


def _is_current(engine: Engine, folder: Path) -> bool:
    with engine.connect() as connection:
        state = state_of(connection)
    return _indexed(folder) == _name_of(state.version, state.sources)


def _indexed(folder: Path) -> str | None:
    try:
        return (folder / _VERSION).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _name_of(version: int, sources: tuple[str, ...]) -> str:
    return f"{version} {','.join(sources)}\n"
