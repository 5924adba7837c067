"""Groups of records that are one person: pairs joined surest first; what tells two people apart keeps their groups apart."""

from __future__ import annotations

from collections.abc import Iterable

from tools.people.bulk import Pair


class Clusters:
    """Disjoint sets. A father and a son (`Sr.`, `Jr.`) never meet in one, whoever stands between them."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self._said: dict[str, set[str]] = {}

    def root(self, one: str) -> str:
        above = self._above.setdefault(one, one)
        while above != self._above[above]:
            self._above[above] = self._above[self._above[above]]
            above = self._above[above]
        self._above[one] = above
        return above

    def join(self, pair: Pair) -> bool:
        """False where the two groups hold different generations."""
        one, other = self.root(pair.one), self.root(pair.other)
        said = self._said.get(one, set()) | self._said.get(other, set()) | ({pair.apart} - {""})
        if len(said) > 1:
            return False
        low, high = min(one, other), max(one, other)
        self._above[high] = low
        self._said[low] = said
        return True

    def groups(self) -> list[list[str]]:
        found: dict[str, list[str]] = {}
        for one in self._above:
            found.setdefault(self.root(one), []).append(one)
        return sorted(sorted(group) for group in found.values() if len(group) > 1)


def clusters_of(pairs: Iterable[Pair]) -> list[list[str]]:
    """The groups that the sure ones of these pairs make, in the order given."""
    made = Clusters()
    for pair in pairs:
        if pair.sure:
            made.join(pair)
    return made.groups()
