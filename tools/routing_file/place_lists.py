"""Places of one list that say the same thing twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from graph.domain.table import Place
from graph.rules.places import above

T = TypeVar("T")


def in_text(place: Place) -> str:
    """As the file writes it: `US-NY:100-104`."""
    area = place.subdivision or place.country
    if place.low is None:
        return area
    return f"{area}:{place.low}" if place.low == place.high else f"{area}:{place.low}-{place.high}"


def repeated(items: Sequence[T], key: Callable[[T], Place]) -> Iterator[tuple[T, T, bool]]:
    """Items whose place shares something with that of another: (item, the other, whether it lies wholly in it)."""
    plain: dict[str, T] = {}
    for item in items:
        place = key(item)
        if place.low is None:
            area = place.subdivision or place.country
            if area in plain:
                yield item, plain[area], True
            else:
                plain[area] = item
    postal: defaultdict[str, list[T]] = defaultdict(list)
    for item in items:
        place = key(item)
        around = (
            area for area in (place.subdivision, *above(place.subdivision or ""), place.country) if area is not None
        )
        wider = next((plain[area] for area in around if area in plain and plain[area] is not item), None)
        if wider is not None and key(wider) != place:
            yield item, wider, True
        elif place.low is not None:
            postal[place.country].append(item)
    for group in postal.values():
        yield from _overlaps(group, key)


def _overlaps(items: list[T], key: Callable[[T], Place]) -> Iterator[tuple[T, T, bool]]:
    """Of items with prefixes in one country. Sorted as text, the prefixes inside a range follow it; of equal ones the
    longer range and the wider area come first."""
    items.sort(key=lambda item: key(item).high or "", reverse=True)
    items.sort(
        key=lambda item: (key(item).low or "", 0 if (area := key(item).subdivision) is None else 1 + len(above(area)))
    )
    open_: list[T] = []
    for item in items:
        place = key(item)
        low, high = place.low or "", place.high or ""
        open_ = [other for other in open_ if low <= _end(key(other))]
        for other in open_:
            wider = key(other)
            if _areas_meet(place, wider) and _begins_in(low, wider):
                last = high.ljust(len(wider.low or ""), "9")
                yield item, other, last <= _end(wider) and _area_in(place, wider)
                break
        open_.append(item)


def _end(place: Place) -> str:
    """Not before any code with the last prefix of the place."""
    return (place.high or "") + "\uffff"


def _begins_in(low: str, wider: Place) -> bool:
    """Whether codes that begin with `low` are in the range, which begins no later."""
    first, last = wider.low or "", wider.high or ""
    start = low[: len(first)].ljust(len(first), "0")
    return start == first or (first < start <= last and len(start) == len(first) and start.isdecimal())


def _areas_meet(one: Place, other: Place) -> bool:
    return _area_in(one, other) or _area_in(other, one)


def _area_in(one: Place, other: Place) -> bool:
    """Whether the area of the first lies in that of the second, which is the whole country where it has none."""
    area, wider = one.subdivision, other.subdivision
    return wider is None or area == wider or (area is not None and wider in above(area))
