"""Look-up tables as two arrays: sorted 64-bit digests of texts, and the numbers that belong to them.

A table lies in a file and is read where it lies, by several processes at once. Two texts could share a digest (once in
some million books of a million accounts), so that who looks up compares what it finds with what it asked for.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_BYTES = 8


def digest(text: str) -> bytes:
    """Eight bytes of BLAKE2b. Lone surrogates, which no UTF-8 has, count as question marks."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=_BYTES).digest()


class Writer:
    """Gathers (text, number) pairs."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._numbers = array("I")

    def add(self, text: str, number: int) -> None:
        self._digests += digest(text)
        self._numbers.append(number)

    def arrays(self, renumbered: NDArray[np.uint32] | None = None) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """(digests, numbers) sorted by digest, then number; pairs that come twice are one. renumbered: new numbers by old."""
        digests = np.frombuffer(bytes(self._digests), dtype="<u8")
        numbers = np.array(self._numbers, dtype=np.uint32)
        if renumbered is not None and len(numbers):
            numbers = renumbered[numbers]
        order = np.lexsort((numbers, digests))
        digests, numbers = digests[order], numbers[order]
        if len(digests):
            new = np.r_[True, (digests[1:] != digests[:-1]) | (numbers[1:] != numbers[:-1])]
            digests, numbers = digests[new], numbers[new]
        return digests.astype(np.uint64), numbers.astype(np.uint32)


class Table:
    """Numbers by text."""

    def __init__(self, digests: NDArray[np.uint64], numbers: NDArray[np.uint32]) -> None:
        self._digests, self._numbers = digests, numbers

    def find(self, text: str) -> NDArray[np.uint32]:
        """The numbers of a text, rising; empty where it is not there."""
        [found] = self.find_all((text,))
        return found

    def find_all(self, texts: Sequence[str]) -> list[NDArray[np.uint32]]:
        """The numbers of each text."""
        low, high = self.spans(texts)
        return [self._numbers[start:end] for start, end in zip(low, high, strict=True)]

    def spans(self, texts: Iterable[str]) -> tuple[list[int], list[int]]:
        """(first, after the last) position of each text, for `at`."""
        asked = np.frombuffer(b"".join(map(digest, texts)), dtype="<u8")
        low, high = np.searchsorted(self._digests, asked, "left"), np.searchsorted(self._digests, asked, "right")
        return low.tolist(), high.tolist()

    def at(self, position: int) -> int:
        return int(self._numbers[position])
