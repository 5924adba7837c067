"""Which company a company belongs to: from what each source claims of its direct parents to the ultimate parent.

Nothing is guessed: of claims that contradict each other on one level none is taken, and a circle has no head. No step
recurses, so that a line may be as long as there are companies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MAJORITY_PCT = 50.0
"""A share above it controls. At 50 each of two owners can say no, and neither can say yes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One source says that `parent` owns a company. rank: of the source, 0 is the highest, equal ones are equally
    believed. pct: share in percent, None where it is not said. A company that is its own parent says it has none."""

    parent: str
    source: str
    rank: int = 0
    pct: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the claims about one company come to. parent: None for nobody, or disputed; by: the claim that was believed,
    which may be the company's own. disputed: those between whom nothing decides; minority: owners of half or less, with
    their share; outranked: claims that lost against another."""

    parent: str | None = None
    disputed: tuple[Claim, ...] = ()
    minority: tuple[Claim, ...] = ()
    outranked: tuple[Claim, ...] = ()
    by: Claim | None = None


def standing(company: str, claims: Iterable[Claim]) -> Standing:
    """The direct parent. The share of an owner is the highest source's that states one; half or less makes no family.
    A stated majority wins over claims without one, then the higher source; two on one level are a dispute."""
    owners = [_joined(said) for said in _by_parent(claims)]
    minority = tuple(one for one in owners if one.pct is not None and one.pct <= MAJORITY_PCT and one.parent != company)
    in_control = [one for one in owners if one not in minority]
    if not in_control:
        return Standing(minority=minority)
    stated = [one for one in in_control if one.pct is not None and one.parent != company]
    among = stated or in_control
    highest = min(one.rank for one in among)
    first = tuple(one for one in among if one.rank == highest)
    lost = tuple(one for one in in_control if one not in first)
    if len(first) > 1:
        return Standing(None, first, minority, lost)
    parent = first[0].parent
    return Standing(None if parent == company else parent, (), minority, lost, first[0])


def _by_parent(claims: Iterable[Claim]) -> list[list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.parent, []).append(claim)
    return [sorted(found[parent], key=_order) for parent in sorted(found)]


def _order(claim: Claim) -> tuple[int, str, float]:
    """Of two shares that one source states for one owner the larger comes first."""
    return claim.rank, claim.source, -(claim.pct if claim.pct is not None else -1.0)


def _joined(said: list[Claim]) -> Claim:
    """What all say of one owner; `said` is in the order of belief."""
    share = next((claim.pct for claim in said if claim.pct is not None), None)
    return Claim(said[0].parent, said[0].source, said[0].rank, share)


@dataclass(slots=True)
class Families:
    """ultimate: the head of the family of each company that is below one or is one. circles: companies that own each other,
    each circle in the order of child to parent, beginning with its smallest name; none of them has a parent, and who
    hangs on one of them has that one for its head."""

    ultimate: dict[str, str] = field(default_factory=dict)
    circles: list[tuple[str, ...]] = field(default_factory=list)


def families(parents: Mapping[str, str]) -> Families:
    """parents: direct parent by company, without itself. One that has no parent of its own ends the line.

    Each company is visited once: time and memory grow with the number of links."""
    found = Families()
    heads = found.ultimate
    for company in parents:
        if company in heads:
            continue
        line: dict[str, None] = {company: None}  # in order, and quick to ask whether it holds one
        at = company
        while (above := parents.get(at)) is not None and above not in heads and above not in line:
            line[above] = None
            at = above
        if above is None:
            head = at
        elif above in heads:
            head = heads[above]
        else:
            head = above
            ring = _ring(above, parents)
            found.circles.append(ring)
            heads.update((one, one) for one in ring)
        for one in (*line, head):
            heads.setdefault(one, head)  # those of a circle have theirs already
    found.circles.sort()
    return found


def _ring(start: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    ring = [start]
    while (above := parents[ring[-1]]) != start:
        ring.append(above)
    first = ring.index(min(ring))
    return (*ring[first:], *ring[:first])
