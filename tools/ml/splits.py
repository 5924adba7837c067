"""Divides rows into train, calibration and held out, and into folds. What stays together has one key (a lead's id, or its
account), and a key's side depends on its text alone: not on the order of the file, the other rows or the process. Where
times are given, what is held out came last. Nothing here looks at outcomes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
SHARES = (0.6, 0.2, 0.2)
"""Of train, calibration and held out."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Three masks (n,), no row in two of them."""

    train: Mask
    calibration: Mask
    held_out: Mask

    def __post_init__(self) -> None:
        if np.any(self.train & self.calibration | self.train & self.held_out | self.calibration & self.held_out):
            raise ValueError("parts: a row may be in one of train, calibration and held_out only")

    @property
    def known(self) -> Mask:
        """Train and calibration: all that fitting may look at."""
        return self.train | self.calibration


def split(
    keys: Sequence[str], times: NDArray[np.float64] | None = None, shares: tuple[float, float, float] = SHARES
) -> Parts:
    """By time where times are given, else by the hash of the keys."""
    return by_hash(keys, shares) if times is None else by_time(times, shares)


def by_time(times: NDArray[np.float64], shares: tuple[float, float, float] = SHARES) -> Parts:
    """The first rows train, the last are held out. times: (n,) in any unit, NaN unknown. Rows of one time stay together
    (the order of a file is no time); a row without a time trains and measures nothing. Raises ValueError where a part
    stays empty."""
    known = times[~np.isnan(times)]
    if not len(known):
        raise ValueError("times: none is known; leave the time column out to split by hash")
    at = np.sort(known)
    first, second = (at[min(len(at) - 1, round(len(at) * share))] for share in (shares[0], shares[0] + shares[1]))
    parts = Parts(~(times >= first), (times >= first) & (times < second), times >= second)
    for name in ("train", "calibration", "held_out"):
        if not getattr(parts, name).any():
            raise ValueError(f"times: too few different times for {name}; leave the time column out to split by hash")
    return parts


def by_hash(keys: Sequence[str], shares: tuple[float, float, float] = SHARES, salt: str = "parts") -> Parts:
    """A key's place in 0..1 decides: train first, then calibration, then held out."""
    place = places(keys, salt)
    first, second = shares[0], shares[0] + shares[1]
    return Parts(place < first, (place >= first) & (place < second), place >= second)


def folds(keys: Sequence[str], count: int, salt: str = "folds") -> NDArray[np.int64]:
    """(n,) the fold of each row, 0..count - 1; equal keys share a fold. Of nearly equal size even for few rows: keys are
    dealt out in the order of their hashes."""
    unique, row = np.unique(np.asarray(keys, dtype=np.str_), return_inverse=True)
    rank = np.argsort(np.argsort(places(unique.tolist(), salt), kind="stable"), kind="stable")
    return (rank[row] % count).astype(np.int64)


def forward(times: NDArray[np.float64], shares: Sequence[float]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(earlier, later) for each block of time, as places: later is the block, earlier all before it. times: (n,), NaN where
    unknown; shares: of the rows before each block, rising. Equal times stay together, so there may be fewer blocks than
    shares; a row without a time is earlier than all. Empty where there are fewer than two times."""
    known = np.sort(times[~np.isnan(times)])
    if not len(known) or known[0] == known[-1]:
        return []
    cuts = np.unique([known[min(len(known) - 1, round(len(known) * share))] for share in shares])
    cuts = cuts[cuts > known[0]]
    if not len(cuts):
        cuts = known[np.searchsorted(known, known[0], side="right")][None]
    ends = np.append(cuts[1:], np.inf)
    return [
        (np.flatnonzero(~(times >= first)), np.flatnonzero((times >= first) & (times < end)))
        for first, end in zip(cuts, ends, strict=True)
    ]


def places(keys: Sequence[str], salt: str) -> NDArray[np.float64]:
    """(n,) in [0, 1): 53 bits of a keyed BLAKE2b, the same on every machine. Another salt is an independent draw."""
    key = salt.encode()[:64]
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8, key=key).digest() for text in keys)
    return (np.frombuffer(digests, dtype=">u8") >> np.uint64(11)).astype(np.float64) * 2.0**-53
