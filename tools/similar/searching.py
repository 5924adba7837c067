"""The nearest past accounts of some blocks: float32 proposes, float64 decides.

What is reported is computed pair by pair in float64 and rounded, and ties go by account id. So the same query has the
same answer in any batch, over any division of the accounts into blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graph.domain.account import Outcome
from tools.account_metadata import ANY, OUTCOMES, TOLD, PastAccount, Wanted, shown
from tools.similar.blocks import Block, Directions, Mask, mask_of, of_outcome

REACH = 0.7
"""Farther accounts are not similar: with nothing known but the same country, a structured vector lies 0.71 away."""
FEW = 512
"""Accounts up to which comparing with all of them costs less than deciding with which."""
_DECIMALS = 6
_SLACK = 1e-5  # more than rounding to so many decimals can hide
_ERROR = 6e-8  # of a float32 product, relative to the lengths, which are 1; sums of n err by n times as much at most

Propose: TypeAlias = Callable[[Block, Directions, int], Iterable[int] | None]
"""Rows that may be among the k nearest of any outcome, where a graph can tell; None where it cannot."""


class Hit(NamedTuple):
    """An account near a query; past() reads the rest."""

    distance: float
    account_id: str
    outcome: Outcome
    past: PastAccount


def nearest(
    blocks: Sequence[Block],
    direction: Directions,
    k: int,
    *,
    wanted: Wanted,
    reach: float = REACH,
    propose: Propose | None = None,
    told: bool = True,
) -> tuple[Hit, ...]:
    """The k nearest of the accounts asked for within reach, nearest first. told: among them one of each of TOLD, where
    one is within reach and k is at least 2. direction: float32, length 1; all zero is near to nothing."""
    [found] = nearest_each(blocks, (direction,), k, wanted=wanted, reach=reach, propose=propose, told=told)
    return found


def nearest_each(
    blocks: Sequence[Block],
    directions: Sequence[Directions],
    k: int,
    *,
    wanted: Wanted,
    reach: float = REACH,
    propose: Propose | None = None,
    told: bool = True,
) -> list[tuple[Hit, ...]]:
    """The same for each of several directions. Blocks of few accounts are compared with all of them at once."""
    hits: list[list[Hit]] = [[] for _ in directions]
    asked = [at for at, direction in enumerate(directions) if direction.any()] if k > 0 else []
    if not asked:
        return [()] * len(directions)
    exact = np.stack([directions[at] for at in asked]).astype(np.float64)
    for block in blocks:
        if not len(block):
            continue
        if propose is None and len(block) <= FEW:
            found: Iterable[list[Hit]] = _hits_of_few(block, exact, k, wanted, reach, told)
        else:
            found = (
                _hits(block, _rows(block, directions[at], k, wanted, propose, told), one, reach, k)
                for at, one in zip(asked, exact, strict=True)
            )
        for at, more in zip(asked, found, strict=True):
            hits[at] += more
    for each in hits:
        each.sort(key=lambda hit: (hit.distance, hit.account_id))
    return [shown(each, k) if told else tuple(each[:k]) for each in hits]


def _hits_of_few(
    block: Block, exact: NDArray[np.float64], k: int, wanted: Wanted, reach: float, told: bool
) -> list[list[Hit]]:
    """For each direction all rows that may be shown: of so few accounts float64 compares every one, and nothing is
    proposed first."""
    hits: list[list[Hit]] = [[] for _ in exact]
    mask = None if wanted is ANY and not block.dead else mask_of(block, wanted)
    rows = np.arange(len(block)) if mask is None else mask.nonzero()[0]
    if not len(rows):
        return hits
    products = np.vecdot(block.directions(rows).astype(np.float64), exact[:, np.newaxis])
    least = np.partition(products, -k, axis=1)[:, [-k]] if len(rows) > k else products.min(axis=1, keepdims=True)
    may = products >= least - _SLACK
    for outcome in TOLD if told and k > 1 else ():
        theirs = block.columns["outcome"][rows] == OUTCOMES.index(outcome)
        if theirs.any():
            may |= theirs & (products >= products[:, theirs].max(axis=1, keepdims=True) - _SLACK)
    may &= products >= 1.0 - reach - _SLACK
    at, places = may.nonzero()
    for one, row, product in zip(at.tolist(), rows[places].tolist(), products[at, places].tolist(), strict=True):
        distance = max(0.0, round(1.0 - product, _DECIMALS))
        if distance <= reach:
            past = block.past(row)
            hits[one].append(Hit(distance, past.account_id, past.outcome, past))
    return hits


def _rows(
    block: Block, direction: Directions, k: int, wanted: Wanted, propose: Propose | None, told: bool
) -> NDArray[np.intp]:
    mask = None if wanted is ANY and not block.dead else mask_of(block, wanted)
    if propose is not None and wanted == ANY:
        proposed = propose(block, direction, k)
        if proposed is not None:
            rows = np.fromiter(proposed, np.intp)
            return rows if mask is None else rows[mask[rows]]
    return candidates(block, block.likeness(direction), k, mask, told)


def candidates(
    block: Block, likeness: NDArray[np.float32], k: int, mask: Mask | None, told: bool = True
) -> NDArray[np.intp]:
    """Every row that may be among the k nearest, or the nearest of an outcome, whatever the last bits say."""
    slack = max(_SLACK, _ERROR * block.dimensions)
    rows: NDArray[np.intp] | None = None if mask is None else mask.nonzero()[0]
    among = likeness if rows is None else likeness[rows]
    if len(among) <= k:
        return np.arange(len(likeness)) if rows is None else rows
    ordered = among.copy()
    ordered.partition(-k)
    least = ordered[-k]
    found: NDArray[np.intp] = (among >= least - slack).nonzero()[0]
    found = found if rows is None else rows[found]
    if not told or k < 2:
        return found
    outcomes = block.columns["outcome"]
    surely = outcomes[found[likeness[found] >= least]].tolist()
    for outcome in TOLD:
        if OUTCOMES.index(outcome) in surely:
            continue  # so its nearest is found
        theirs = of_outcome(block, outcome, mask)
        if len(theirs):
            of_theirs = likeness[theirs]
            nearest_of_them = theirs[of_theirs >= of_theirs.max() - slack]
            found = np.union1d(found, nearest_of_them)
    return found


def _hits(block: Block, rows: NDArray[np.intp], exact: NDArray[np.float64], reach: float, k: int) -> list[Hit]:
    """Within reach, the k nearest of these rows and of each outcome the nearest, with all that tie: what may be shown. Only
    their details are read, which costs more than all the rest where a graph proposed a hundred."""
    if not len(rows):
        return []
    products = np.vecdot(block.directions(rows).astype(np.float64), exact)
    distances = np.array([max(0.0, round(1.0 - product, _DECIMALS)) for product in products.tolist()])
    outcomes = block.columns["outcome"][rows]
    keep = distances <= (np.partition(distances, k - 1)[k - 1] if len(rows) > k else np.inf)
    for outcome in range(len(OUTCOMES)):
        of_it = outcomes == outcome
        if of_it.any():
            keep |= of_it & (distances == distances[of_it].min())
    keep &= distances <= reach
    hits = []
    for row, distance in zip(rows[keep].tolist(), distances[keep].tolist(), strict=True):
        past = block.past(row)
        hits.append(Hit(distance, past.account_id, past.outcome, past))
    return hits
