"""Look-up tables as two arrays: sorted 64-bit digests of texts, and the numbers that belong to them.

A table lies in a file and is read where it lies, by several processes at once. Two texts could share a digest (once in
some million books of a million accounts), so that who looks up compares what it finds with what it asked for.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

_BYTES = 8
Span: TypeAlias = tuple[int, int]
"""First and last + 1 of the positions in a table that belong to a text."""
Spans: TypeAlias = dict[str, Span]
NOWHERE: Final[Span] = (0, 0)


def digest(text: str) -> bytes:
    """Eight bytes of BLAKE2b. Lone surrogates, which no UTF-8 has, count as question marks."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=_BYTES).digest()


def digests(texts: Iterable[str]) -> bytes:
    """Of all of them one after the other, at half the price."""
    try:
        return b"".join([blake2b(text.encode(), digest_size=_BYTES).digest() for text in texts])
    except UnicodeEncodeError:  # a lone surrogate
        return b"".join(map(digest, texts))


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
        self._digests, self.numbers = digests, numbers
        self._numbers = memoryview(numbers)  # type: ignore[arg-type] # numpy's types know no buffers before 3.12

    def spans(self, texts: Collection[str]) -> Spans:
        """Where those of the texts stand that are there. One look-up for all of them: what a few hundred searches cost by
        themselves is mostly the calls."""
        if not texts or not len(self._digests):
            return {}
        asked = np.frombuffer(digests(texts), dtype="<u8")
        low = np.searchsorted(self._digests, asked, "left")
        there = (self._digests.take(low, mode="clip") == asked).nonzero()[0]
        if not len(there):
            return {}
        high = np.searchsorted(self._digests, asked[there], "right")
        found = zip(there.tolist(), low[there].tolist(), high.tolist(), strict=True)
        known = texts if isinstance(texts, Sequence) else list(texts)
        return {known[at]: (first, end) for at, first, end in found}

    def count(self, text: str) -> int:
        """How many numbers a text has."""
        first, end = self.spans((text,)).get(text, NOWHERE)
        return end - first

    def at(self, span: Span, most: int | None = None) -> list[int]:
        """The numbers there, rising; at most the first so many."""
        first, end = span
        return self._numbers[first : end if most is None else min(end, first + most)].tolist()
