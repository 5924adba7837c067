"""What the commands that change the book share: the store with a book that is ready, and what a refusal looks like."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tools.settings import Settings


@dataclass(slots=True)
class Outcome:
    """code: of the command; 0: done, 1: refused and nothing written, 2: a file that is not there."""

    code: int = 0


@contextmanager
def changing(settings: Settings) -> Iterator[tuple[Engine, Outcome]]:
    """The store with the book as the settings want it. A refusal is printed, and then the outcome's code says so."""
    from tools.accounts.changing import Refused
    from tools.accounts.opening import ready_book
    from tools.cli.accounts.results import counted
    from tools.cli.rules.editing import store_of
    from tools.planning.showing import plain
    from graph.ports import VendorError
    from tools.store.book_writing import Busy

    outcome = Outcome()
    with store_of(settings) as engine:
        try:
            ready_book(engine, settings.source_order)
            yield engine, outcome
        except Refused as refused:
            print("\n".join(plain(problem, 1_000) for problem in refused.problems), file=sys.stderr)
            more = refused.count - len(refused.problems)
            shown = f", {more:,} of them not shown" if more > 0 else ""
            print(f"{counted(refused.count, 'problem')}{shown}; nothing was written", file=sys.stderr)
            outcome.code = 1
        except (Busy, VendorError) as error:
            print(f"accounts: {error}; nothing was written", file=sys.stderr)
            outcome.code = 1
        except OSError as error:
            print(f"{error.filename or 'accounts'}: {error.strerror or error}", file=sys.stderr)
            outcome.code = 2


def indexed(engine: Engine, settings: Settings) -> int | None:
    """The match index is of the book's version; how many accounts a new one holds, None where the old one is good."""
    from tools.accounts.indexing import index_book

    return index_book(engine, settings.match_index)
