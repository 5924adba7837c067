"""An account as 384 numbers, so that accounts alike point the same way. Pure arithmetic: no model, no download.

    [  0, 64)  industry, hashed              weight 1.0
    [ 64, 96)  country, hashed               weight 0.5
    [ 96,128)  head-count, on a log scale    weight 0.8
    [128,160)  revenue, on a log scale       weight 0.5
    [160,288)  technologies, hashed          weight 0.9
    [288,384)  name, three letters at a time weight 0.35

Each block that is known has the length of its weight, an unknown one is zero; the whole has length 1. So the cosine of
two vectors is the weighted share of what they have in common, and what is unknown speaks neither for nor against.

Anything that would change a single number needs another EMBEDDER_ID: vectors of two definitions may never meet.
"""

from __future__ import annotations

import math
import zlib
from array import array
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.ports import AccountQuery
from graph.rules.text import fold

EMBEDDER_ID = "structured-384-v1"
DIMENSIONS = 384

_CACHE = 2_048  # 5 MB at most, with the accounts they stand for
_NAME_FROM, _NAME_WEIGHT = 288, 0.35
_EMPLOYEES_MAX = 1e7
_REVENUE_MAX = 1e12
_STEPS = 32
_SPREAD = 2.0  # width of a size in steps of its scale: twice the size is near, ten times is far
_TAIL = 6  # spreads after which the bell is nothing


def vector(account: AccountQuery) -> NDArray[np.float32]:
    """The account's direction: float32, shape (384,), length 1; all zero where nothing is known. Not writable."""
    return _vector(
        account.name or "",
        account.industry or "",
        account.country or "",
        account.employees or 0,
        account.revenue_usd or 0,
        account.technologies,
    )


@lru_cache(_CACHE)
def _vector(  # by all that a vector is made of: a domain is not
    name: str, industry: str, country: str, employees: int, revenue_usd: int, technologies: tuple[str, ...]
) -> NDArray[np.float32]:
    block = _block(_hashed(_triples(fold(name)), DIMENSIONS - _NAME_FROM))
    rest, length = _without_name(industry, country, employees, revenue_usd, technologies, bool(block.numbers))
    numbers = [0.0] * (DIMENSIONS - _NAME_FROM)
    if block.numbers:
        scale = _NAME_WEIGHT / length / block.length
        for place, number in block.numbers:
            numbers[place] = number * scale
    return np.frombuffer(rest + array("f", numbers).tobytes(), np.float32)


@lru_cache(_CACHE // 4)
def _without_name(
    industry: str, country: str, employees: int, revenue_usd: int, technologies: tuple[str, ...], named: bool
) -> tuple[bytes, float]:
    """(the blocks before the name, the length of all). Leads of many companies share these. named: a name is known."""
    blocks = (
        (0, 1.0, _category(industry, 64)),
        (64, 0.5, _category(country, 32)),
        (96, 0.8, _size(employees, _EMPLOYEES_MAX)),
        (128, 0.5, _size(revenue_usd, _REVENUE_MAX)),
        (160, 0.9, _technologies(technologies)),
    )
    known = [weight * weight for _, weight, block in blocks if block.numbers]
    length = math.sqrt(math.fsum([*known, _NAME_WEIGHT * _NAME_WEIGHT] if named else known))
    numbers = [0.0] * _NAME_FROM
    for start, weight, block in blocks:
        if block.numbers:
            scale = weight / length / block.length
            for place, number in block.numbers:
                numbers[start + place] = number * scale
    return array("f", numbers).tobytes(), length


class _Block(NamedTuple):
    """(place, number) of what is not zero, and its length. Categories and sizes come again and again: they are kept."""

    numbers: tuple[tuple[int, float], ...]
    length: float


def _block(numbers: dict[int, float]) -> _Block:
    return _Block(tuple(numbers.items()), math.sqrt(math.fsum(number * number for number in numbers.values())))


@lru_cache(_CACHE)
def _category(name: str, size: int) -> _Block:
    return _block(_hashed(_copies(fold(name)), size))


@lru_cache(_CACHE)
def _technologies(names: tuple[str, ...]) -> _Block:
    return _block(_hashed(sorted({folded for name in names if (folded := fold(name))}), 128))


def _hashed(words: Iterable[str], size: int) -> dict[int, float]:
    """Each word adds or takes one at a place of its own, so that words that meet by chance cancel out on average."""
    block: dict[int, float] = {}
    for word in words:
        place, sign = _place(word, size)
        block[place] = block.get(place, 0.0) + sign
    return block if any(block.values()) else {}


@lru_cache(2 * _CACHE)
def _place(word: str, size: int) -> tuple[int, float]:
    """CRC-32 is the same everywhere and for ever; the multiplication (Knuth) spreads its low bits over all."""
    mixed = zlib.crc32(word.encode("utf-8", "surrogatepass")) * 2_654_435_761 & 0xFFFFFFFF
    return (mixed >> 8) % size, 1.0 if mixed >> 31 else -1.0


@lru_cache(_CACHE)
def _size(count: int, largest: float) -> _Block:
    """A bell around the size on a logarithmic scale: sizes near each other overlap."""
    if count <= 0:
        return _Block((), 0.0)
    middle = (_STEPS - 1) * min(1.0, math.log(count) / math.log(largest))
    reach = _SPREAD * _TAIL
    steps = range(max(0, math.ceil(middle - reach)), min(_STEPS, math.floor(middle + reach) + 1))
    return _block({step: math.exp(-(((step - middle) / _SPREAD) ** 2)) for step in steps})


def _copies(category: str) -> tuple[str, ...]:
    """One category at four places: two of them rarely share more than one."""
    return tuple(f"{n}{category}" for n in range(4)) if category else ()


def _triples(name: str) -> tuple[str, ...]:
    padded = f"^{name}$"
    return tuple(padded[i : i + 3] for i in range(len(padded) - 2)) if name else ()
