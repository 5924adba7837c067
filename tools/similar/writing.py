"""Writes a block's files (see `snapshot`), and puts the newest in the place of the one before."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import uuid
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from tools.account_metadata import OUTCOMES, PastAccount
from tools.similar.blocks import COLUMNS, Directions, numbers_of
from tools.similar.snapshot import FORMAT, Layout, key_hash, mapped

_WRITTEN = 4_096  # accounts a write


@contextmanager
def only_one(root: Path) -> Iterator[bool]:
    """Whether this process may write here now. The system lets go for a process that was killed."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def write(
    root: Path,
    accounts: Iterable[tuple[str, PastAccount, Directions]],
    *,
    embedder: str,
    dimensions: int,
    number: int,
    exact_up_to: int,
) -> Path:
    """Write a block's files into a new folder and return it; `publish` makes it the current one. number: of a change,
    so that every later one is still to come. By columns up to so many accounts, by rows above."""
    folder = root / f"{number}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    industries: dict[str, int] = {}
    columns = {name: array("q") for name in COLUMNS}
    offsets, hashes = array("q", [0]), array("Q")
    with (folder / "rows.f32").open("wb") as matrix, (folder / "details.bin").open("wb") as details:
        held: list[Directions] = []
        for key, past, direction in accounts:
            held.append(direction)
            offsets.append(offsets[-1] + details.write(_written(key, past)))
            hashes.append(key_hash(key))
            for name, value in numbers_of(past, industries).items():
                columns[name].append(value)
            if len(held) == _WRITTEN:
                matrix.write(np.stack(held).astype("<f4").tobytes())
                held.clear()
        if held:
            matrix.write(np.stack(held).astype("<f4").tobytes())
    rows = len(hashes)
    for name, kind in COLUMNS.items():
        np.save(folder / f"{name}.npy", np.array(columns[name], kind))
    np.save(folder / "offsets.npy", np.array(offsets, np.int64))
    order = np.argsort(np.array(hashes, np.uint64), kind="stable")
    np.save(folder / "key_hashes.npy", np.array(hashes, np.uint64)[order])
    np.save(folder / "key_rows.npy", order.astype(np.int64))
    layout: Layout = "columns" if rows <= exact_up_to else "rows"
    if layout == "columns":
        _turn(folder, rows, dimensions)
    note(
        folder,
        {
            "format": FORMAT,
            "embedder": embedder,
            "dimensions": dimensions,
            "rows": rows,
            "number": number,
            "layout": layout,
            "industries": list(industries),
            "search": {"by": "exact"},
        },
    )
    return folder


def note(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))


def publish(root: Path, folder: Path) -> None:
    """Make this folder the current one; the ones before go, which whoever has them open does not notice."""
    fresh = root / f"current.{uuid.uuid4().hex[:8]}"
    fresh.write_text(folder.name)
    fresh.replace(root / "current")
    for other in root.iterdir():
        if other.is_dir() and other != folder:
            with contextlib.suppress(OSError):
                shutil.rmtree(other)


def _turn(folder: Path, rows: int, dimensions: int) -> None:
    """From rows to columns, a part at a time."""
    if rows:
        by_row = mapped(folder / "rows.f32", (rows, dimensions))
        by_column = np.memmap(folder / "columns.f32", "<f4", "w+", shape=(dimensions, rows))
        for start in range(0, rows, _WRITTEN):
            by_column[:, start : start + _WRITTEN] = by_row[start : start + _WRITTEN].T
        by_column.flush()
        del by_row, by_column
    (folder / "rows.f32").unlink()


def _written(key: str, past: PastAccount) -> bytes:
    of = past.account
    facts = (of.domain, of.name, of.industry, of.country, of.employees, of.revenue_usd, of.technologies)
    outcome, closed_on = OUTCOMES.index(past.outcome), past.closed_on and past.closed_on.toordinal()
    told = (past.account_id, outcome, past.reason, past.deal_usd, past.days_to_close, closed_on)
    return orjson.dumps((key, facts, told))
