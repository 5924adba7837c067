"""The matcher in use: the newest index of a folder, looked for now and then, exchanged between two asks.

    folder/current            the name of the newest index
    folder/20260302T101500-…  an index; the one before it stays for whoever still reads it

With no index yet it answers `none`; with a damaged one it keeps the last good one and says so in `fault`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from graph.domain.evidence import AccountMatch
from graph.ports import CompanyAsk
from tools.accounts.known import KnownAccount
from tools.accounts.matching.building import arrays_of
from tools.accounts.matching.files import MANIFEST, NotAnIndex, save
from tools.accounts.matching.index import AccountIndex
from tools.saving import write_atomically

LOOK_EVERY_S: Final = 2.0
KEPT: Final = 2
CURRENT: Final = "current"
NO_INDEX: Final = AccountMatch(None, "none", 0.0, "no account is known yet: nothing was imported")


def build(folder: Path, accounts: Iterable[KnownAccount]) -> int:
    """A new index of all accounts, read once; returns how many. Readers of the folder go over to it by themselves.

    Raises ValueError where two accounts have one key, OSError; then the index before stays in use.
    """
    arrays = arrays_of(accounts)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}"
    save(arrays, folder / name)
    write_atomically(folder / CURRENT, name + "\n")
    _sweep(folder, name)
    return len(arrays["records.starts"]) - 1


def _sweep(folder: Path, newest: str) -> None:
    """Older indexes than the one before. Whoever has one open keeps reading it: its files live until it is closed."""
    built = sorted((path.parent for path in folder.glob(f"*/{MANIFEST}") if path.parent.name != newest), reverse=True)
    for path in built[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


class LiveMatcher:
    """A `tools.accounts.known.Matcher`. clock: seconds that only grow (`time.monotonic`)."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder, self._clock = folder, clock
        self._looking = Lock()
        self._name: str | None = None
        self._index: AccountIndex | None = None
        self.fault: str | None = None
        self._looked_at = clock()
        self._look()

    @property
    def accounts(self) -> int:
        """How many are known."""
        return len(self._index) if self._index is not None else 0

    def match(self, asks: Sequence[CompanyAsk]) -> list[AccountMatch]:
        if self._clock() - self._looked_at >= LOOK_EVERY_S and self._looking.acquire(blocking=False):
            try:
                self._looked_at = self._clock()
                self._look()
            finally:
                self._looking.release()
        index = self._index
        return [NO_INDEX] * len(asks) if index is None else index.match(asks)

    def _look(self) -> None:
        try:
            name = (self._folder / CURRENT).read_text(encoding="utf-8").strip()
            if name == self._name:
                return
            self._index, self._name, self.fault = AccountIndex.open(self._folder / name), name, None
        except FileNotFoundError:
            if self._name is not None:
                self.fault = f"{self._folder / CURRENT} is gone; the accounts known before stay in use"
        except (OSError, NotAnIndex, UnicodeDecodeError) as error:
            self.fault = f"the index of accounts is not used: {error}"
