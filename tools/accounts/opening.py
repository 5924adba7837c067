"""Makes the book ready when the store opens: the bundled table is in it as its file says, families follow the order of the
settings, and the match index is of its version. Cheap where nothing changed; safe from several processes at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

import tools.embedded
from tools.accounts.importing import BUNDLED as _BUNDLED
from tools.accounts.importing import forget_bundled, keep_bundled, keep_order
from tools.accounts.indexing import index_book

TABLE: Final = Path(tools.embedded.__path__[0]) / "data" / "companies.csv"


def open_book(engine: Engine, order: Sequence[str], index_folder: Path, table: Path = TABLE) -> None:
    """order: of sources, the most believed first; without `bundled` the shipped table's companies leave the book.

    Raises Refused for a table that contradicts itself, OSError, and Busy when another process has been changing the book
    for a minute."""
    ready_book(engine, order, table)
    index_book(engine, index_folder)


def ready_book(engine: Engine, order: Sequence[str], table: Path = TABLE) -> None:
    """The same without the index, for who builds it afterwards."""
    if _BUNDLED in order:
        keep_bundled(engine, table, order)
    else:
        forget_bundled(engine, order)
    keep_order(engine, order)
