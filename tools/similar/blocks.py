"""Accounts side by side: a direction for each, columns to filter by, and the rest as details. Pure arithmetic over arrays.

    Growing   in memory; takes and drops single accounts; directions by row
    (a snapshot, see there, is the other kind: files that are opened and never change; dropped rows are only marked)

A filter is a mask over the columns, so that a search under it is as exact as one without. A category (industry) is a
number of the block's own list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from graph.domain.account import Outcome
from graph.rules.text import fold
from tools.account_metadata import OUTCOMES, PastAccount, Wanted

Directions = NDArray[np.float32]
Mask = NDArray[np.bool_]
UNKNOWN = -1
COLUMNS: dict[str, Any] = {
    "outcome": np.int8,  # place in OUTCOMES
    "industry": np.int32,  # place in the block's industries
    "country": np.int32,  # its two letters as a number
    "employees": np.int64,
    "deal_usd": np.int64,
    "closed_on": np.int32,  # days since year 1
}
_FIRST = 64


class Block(Protocol):
    """What a search needs. Rows are counted from 0; a row that is not `alive` is no account any more."""

    columns: dict[str, NDArray[Any]]
    industries: dict[str, int]
    alive: Mask
    dead: int
    dimensions: int

    def __len__(self) -> int: ...

    def likeness(self, direction: Directions) -> NDArray[np.float32]:
        """Cosine of the direction with each row, in float32: good enough to propose by."""
        ...

    def directions(self, rows: Sequence[int] | NDArray[np.intp]) -> Directions: ...

    def past(self, row: int) -> PastAccount: ...


def mask_of(block: Block, wanted: Wanted) -> Mask | None:
    """The rows that are asked for; None where that is all of them."""
    of, masks = block.columns, []
    if wanted.outcomes:
        masks.append(np.isin(of["outcome"], [OUTCOMES.index(one) for one in wanted.outcomes]))
    if wanted.industry is not None:
        masks.append(of["industry"] == block.industries.get(fold(wanted.industry), UNKNOWN - 1))
    if wanted.country is not None:
        masks.append(of["country"] == country_number(wanted.country))
    for name, least, most in (
        ("employees", wanted.min_employees, wanted.max_employees),
        ("deal_usd", wanted.min_deal_usd, wanted.max_deal_usd),
        ("closed_on", wanted.since and wanted.since.toordinal(), None),
    ):
        if least is not None or most is not None:
            masks.append(of[name] >= max(least or 0, 0))  # what is unknown is less than nothing
        if most is not None:
            masks.append(of[name] <= most)
    if block.dead:
        masks.append(block.alive)
    return np.logical_and.reduce(masks) if masks else None


def country_number(country: str | None) -> int:
    return UNKNOWN if country is None or len(country) != 2 else ord(country[0]) << 8 | ord(country[1]) & 0xFF


def numbers_of(past: PastAccount, industries: dict[str, int]) -> dict[str, int]:
    """A value for each of COLUMNS. A new industry is added to the list."""
    key = fold(past.account.industry or "")
    return {
        "outcome": OUTCOMES.index(past.outcome),
        "industry": industries.setdefault(key, len(industries)) if key else UNKNOWN,
        "country": country_number(past.account.country),
        "employees": UNKNOWN if past.account.employees is None else past.account.employees,
        "deal_usd": UNKNOWN if past.deal_usd is None else past.deal_usd,
        "closed_on": UNKNOWN if past.closed_on is None else past.closed_on.toordinal(),
    }


class Growing:
    """A block in memory. An account costs some 2 kB with 384 numbers; room doubles, so that one more costs no copy."""

    def __init__(self) -> None:
        self.industries: dict[str, int] = {}
        self.dead = self.dimensions = 0
        self._count = 0
        self._rows: dict[str, int] = {}
        self._pasts: list[PastAccount | None] = []
        self._matrix: Directions = np.empty((0, 0), np.float32)
        self._kept = {name: np.empty(0, kind) for name, kind in COLUMNS.items()}
        self._alive: Mask = np.empty(0, np.bool_)
        self.columns: dict[str, NDArray[Any]] = dict(self._kept)
        self.alive = self._alive

    def __len__(self) -> int:
        return self._count

    def put(self, key: str, past: PastAccount, direction: Directions) -> None:
        """In place of what was kept of this key."""
        row = self._rows.get(key)
        if row is None:
            row = self._room(len(direction))
            self._rows[key] = row
            self._pasts.append(past)
        self._pasts[row], self._matrix[row] = past, direction
        for name, number in numbers_of(past, self.industries).items():
            self._kept[name][row] = number

    def drop(self, key: str) -> None:
        row = self._rows.pop(key, None)
        if row is not None:
            self._alive[row], self._pasts[row] = False, None
            self.dead += 1

    def _room(self, dimensions: int) -> int:
        """The next row, with room made for it."""
        if self._count == len(self._matrix):
            size = max(_FIRST, 2 * self._count)
            self.dimensions = dimensions
            self._matrix = _longer(self._matrix.reshape(self._count, dimensions), size)
            self._kept = {name: _longer(column, size) for name, column in self._kept.items()}
            self._alive = _longer(self._alive, size)
        self._alive[self._count] = True
        self._count += 1
        self.columns = {name: column[: self._count] for name, column in self._kept.items()}
        self.alive = self._alive[: self._count]
        return self._count - 1

    @property
    def matrix(self) -> Directions:
        return self._matrix[: self._count]

    def likeness(self, direction: Directions) -> NDArray[np.float32]:
        """By `vecdot`, not by a matrix product: BLAS spreads a product over threads, which costs 20 times as much as it
        saves where workers already use the cores."""
        found: NDArray[np.float32] = np.vecdot(self.matrix, direction)
        return found

    def directions(self, rows: Sequence[int] | NDArray[np.intp]) -> Directions:
        return self._matrix[np.asarray(rows, np.intp)]

    def past(self, row: int) -> PastAccount:
        past = self._pasts[row]
        if past is None:
            raise LookupError(f"row {row} was dropped")
        return past


def _longer(held: NDArray[Any], size: int) -> NDArray[Any]:
    longer = np.empty((size, *held.shape[1:]), held.dtype)
    longer[: len(held)] = held
    return longer


def of_outcome(block: Block, outcome: Outcome, mask: Mask | None) -> NDArray[np.intp]:
    """The rows of an outcome among those asked for."""
    theirs = block.columns["outcome"] == OUTCOMES.index(outcome)
    found: NDArray[np.intp] = (theirs if mask is None else theirs & mask).nonzero()[0]
    return found
