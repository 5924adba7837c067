"""A block as files: what all processes of a host open together, by mapping it into memory. Written once (`writing`), never
changed.

    FOLDER/current                    the name of the newest
    FOLDER/NAME/manifest.json         embedder, rows, the number of the last change in it, how it is searched
    FOLDER/NAME/rows.f32, or columns.f32   directions, an account after the other, or a dimension after the other
    FOLDER/NAME/COLUMN.npy            for each of blocks.COLUMNS
    FOLDER/NAME/details.bin, offsets.npy   an account's details as JSON
    FOLDER/NAME/key_hashes.npy, key_rows.npy   where an account stands, by the hash of its key, sorted
    FOLDER/NAME/OUTCOME.usearch       a graph for each outcome, where one is used

By columns, a search reads only the dimensions that its query has: of a structured vector some 60 of 384. By rows, single
accounts are quickly read, which is what a graph needs. The files hold nothing that the store does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from graph.ports import AccountQuery
from tools.account_metadata import OUTCOMES, PastAccount
from tools.similar.blocks import COLUMNS, Directions

Layout: TypeAlias = Literal["rows", "columns"]
FORMAT = 1
_CHUNK = 16_384  # likenesses that stay in the processor's cache while dimensions are added


class SnapshotError(ValueError):
    """Files that do not fit together, or are of another format."""


class Snapshot:
    """A block that is opened from its folder. Rows can be dropped, in this process' memory."""

    def __init__(self, folder: Path) -> None:
        """Raises SnapshotError, or OSError where a file is missing."""
        self.folder = folder
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        if self.manifest.get("format") != FORMAT:
            raise SnapshotError(f"{folder.name}: format {self.manifest.get('format')!r}, this release reads {FORMAT}")
        rows, dimensions, self._layout = (self.manifest[name] for name in ("rows", "dimensions", "layout"))
        self.dimensions: int = dimensions
        shape = (rows, dimensions) if self._layout == "rows" else (dimensions, rows)
        self._matrix = mapped(folder / f"{self._layout}.f32", shape)
        self.columns: dict[str, NDArray[Any]] = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in COLUMNS
        }
        self._offsets = np.load(folder / "offsets.npy", mmap_mode="r")
        self._details = np.memmap(folder / "details.bin", np.uint8, "r")
        self._hashes = np.load(folder / "key_hashes.npy", mmap_mode="r")
        self._hash_rows = np.load(folder / "key_rows.npy", mmap_mode="r")
        lengths = {len(self._offsets) - 1, len(self._hashes), *(len(column) for column in self.columns.values())}
        if lengths != {rows} or self._offsets[-1] != len(self._details):
            raise SnapshotError(f"{folder.name}: its files are not of one length")
        self.industries = {name: place for place, name in enumerate(self.manifest["industries"])}
        self.alive = np.ones(rows, np.bool_)
        self.dead = 0

    @property
    def number(self) -> int:
        """Of the last change that is in it."""
        return int(self.manifest["number"])

    def __len__(self) -> int:
        return len(self.alive)

    def drop(self, key: str) -> None:
        row = self._row_of(key)
        if row is not None and self.alive[row]:
            self.alive[row] = False
            self.dead += 1

    def likeness(self, direction: Directions) -> NDArray[np.float32]:
        if self._layout == "rows":
            by_row: NDArray[np.float32] = np.vecdot(self._matrix, direction)
            return by_row
        found = np.zeros(len(self), np.float32)
        product = np.empty(min(_CHUNK, len(self)), np.float32)
        runs = _runs(direction.nonzero()[0].tolist())
        for start in range(0, len(self), _CHUNK):
            part = found[start : start + _CHUNK]
            of_part = product[: len(part)]
            for first, last in runs:
                columns = self._matrix[first:last, start : start + _CHUNK]
                if last - first == 1:
                    np.multiply(columns[0], direction[first], out=of_part)
                else:
                    np.matmul(direction[first:last], columns, out=of_part)
                part += of_part
        return found

    def directions(self, rows: Sequence[int] | NDArray[np.intp]) -> Directions:
        wanted = np.asarray(rows, np.intp)
        return self._matrix[wanted] if self._layout == "rows" else np.ascontiguousarray(self._matrix[:, wanted].T)

    def past(self, row: int) -> PastAccount:
        return _read(self._detail(row))[1]

    def items(self) -> Iterator[tuple[str, PastAccount, Directions]]:
        """Every account that is alive."""
        for row in np.flatnonzero(self.alive).tolist():
            key, past = _read(self._detail(row))
            yield key, past, self.directions([row])[0]

    def _detail(self, row: int) -> bytes:
        return self._details[self._offsets[row] : self._offsets[row + 1]].tobytes()

    def _row_of(self, key: str) -> int | None:
        wanted = key_hash(key)
        place = int(np.searchsorted(self._hashes, wanted))
        while place < len(self) and self._hashes[place] == wanted:
            row = int(self._hash_rows[place])
            if _read(self._detail(row))[0] == key:
                return row
            place += 1
        return None


def current(root: Path) -> Snapshot | None:
    """The newest snapshot, or None where there is none that can be used: it is only quicker than the store."""
    for _ in range(3):  # another process may put a newer one in its place meanwhile
        try:
            return Snapshot(root / (root / "current").read_text().strip())
        except (OSError, ValueError, KeyError):
            continue
    return None


def newest_name(root: Path) -> str | None:
    try:
        return (root / "current").read_text().strip()
    except OSError:
        return None


def slug(embedder: str) -> str:
    """A folder's name for an embedder's id."""
    readable = "".join(c if c.isalnum() or c in "-." else "-" for c in embedder)[:60]
    return f"{readable}-{hashlib.sha256(embedder.encode()).hexdigest()[:8]}"


def key_hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """First and last + 1 of each run of places that follow each other."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found


def mapped(path: Path, shape: tuple[int, int]) -> Directions:
    if path.stat().st_size != 4 * shape[0] * shape[1]:
        raise SnapshotError(f"{path.parent.name}: {path.name} has not the length that its manifest says")
    return np.asarray(np.memmap(path, "<f4", "r", shape=shape))  # a plain array: a memmap's slices cost 10 us each


def _read(held: bytes) -> tuple[str, PastAccount]:
    key, (*facts, technologies), (account_id, outcome, reason, deal_usd, days, closed_on) = orjson.loads(held)
    account = AccountQuery(facts[0], facts[1], facts[2], facts[3], facts[4], facts[5], tuple(technologies))
    ended = None if closed_on is None else date.fromordinal(closed_on)
    return key, PastAccount(account_id, account, OUTCOMES[outcome], reason, deal_usd, days, ended)
