"""The accounts that any evidence could speak for, of a whole batch of asks at once.

    words -> names that hold them, whole names, domain labels, phones, addresses, initials -> a few dozen accounts an ask

All texts that the asks are looked up by go to each table together. What an ask finds does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.rules.matching.asked import Asked
from graph.rules.matching.evidence import SHARED
from graph.rules.matching.labels import stems
from graph.rules.matching.places import Placed
from graph.rules.matching.tokens import INITIALS, initials
from tools.accounts.matching.building import Arrays, place_codes, slips
from tools.accounts.matching.sharing import Numbers, Scores, Sharing, spelt
from tools.accounts.matching.tables import NOWHERE, Span, Spans, Table

CANDIDATES: Final = 64
"""Accounts weighed for one ask at the most: some twenty microseconds each."""
_NEAR: Final = (1e-3, 4e-3, 8e-3)  # same country, city, postal code: between candidates that are else alike
_BEARERS: Final = 3  # accounts of some initials: more than two are not told apart
LOOKED_UP: Final = ("domains", "labels", "names", "phones", "addresses", "initials", "words", "slips")


class Sought:
    """The texts that one ask is looked up by, under the names of the tables."""

    __slots__ = ("asked", "named", "texts", *LOOKED_UP)

    def __init__(self, asked: Asked) -> None:
        ask, label = asked.ask, asked.label
        self.asked, self.domains = asked, asked.hosts
        self.labels: Collection[str] = stems(label) if label is not None else ()
        self.names: Collection[str] = (label.replace("-", ""),) if label is not None else ()
        self.phones = (ask.phone,) if ask.phone else ()
        self.addresses = (asked.address,) if asked.address else ()
        self.named = bool(asked.words) and (not ask.claimed or bool(self.phones) or bool(self.addresses))
        self.texts: dict[str, None] = {}
        self.initials: Collection[str] = ()
        self.words: Collection[str] = ()
        self.slips: Collection[str] = ()
        if self.named:
            self._add_name(asked.words, asked.name_key)

    def _add_name(self, parts: tuple[str, ...], key: str) -> None:
        short = initials(parts)
        self.initials = {*parts, short} if short else set(parts)
        self.labels = (*self.labels, key, *[word for word in parts if len(word) in INITIALS])
        self.names = (*self.names, key)
        self.texts = spelt(parts)
        self.words = (*self.texts, short) if short else self.texts
        self.slips = [slip for part in parts for slip in slips(part)]


class Candidates:
    """Reads alone; safe to share between threads."""

    def __init__(self, arrays: Arrays, tables: Mapping[str, Table]) -> None:
        self._tables, self._places = tables, arrays["places"]
        self._sharing = Sharing(arrays, tables["words"], tables["slips"])

    def of(self, asked: Sequence[Asked], least: float) -> list[list[int]]:
        """Numbers of the accounts to weigh for each, rising. least: the strength below which a name need not be weighed."""
        sought = [Sought(one) for one in asked]
        found = {
            name: self._tables[name].spans(set().union(*[getattr(one, name) for one in sought])) for name in LOOKED_UP
        }
        return [sorted(self._chosen(one, found, least)) for one in sought]

    def bearers(self, short: str, of_initials: Span | None = None, of_word: Span | None = None) -> set[int]:
        """Accounts whose name has these initials or holds this word, some of them where they are many. of_initials,
        of_word: where the text is in the tables, where that is known."""
        initials_, words = self._tables["initials"], self._tables["words"]
        of_initials = initials_.spans((short,)).get(short, NOWHERE) if of_initials is None else of_initials
        of_word = words.spans((short,)).get(short, NOWHERE) if of_word is None else of_word
        found = set(initials_.at(of_initials, _BEARERS))
        for word in words.at(of_word):
            found.update(self._sharing.holders(word, _BEARERS))
        return found

    def _chosen(self, one: Sought, found: Mapping[str, Spans], least: float) -> set[int]:
        chosen: set[int] = set()
        for name, most in (("domains", CANDIDATES), ("labels", CANDIDATES), ("phones", None), ("addresses", None)):
            table, spans = self._tables[name], found[name]
            for text in getattr(one, name) if spans else ():
                span = spans.get(text)
                if span is not None and (most is not None or span[1] - span[0] <= SHARED):
                    chosen.update(table.at(span, most))
        names, spans = self._tables["names"], found["names"]
        if (label := one.asked.label) is not None:
            chosen.update(names.at(spans.get(label.replace("-", ""), NOWHERE), CANDIDATES))
        if one.named:
            first, end = spans.get(one.asked.name_key, NOWHERE)
            chosen.update(self._nearest(one.asked.ask, names.numbers[first:end]))
            self._add_by_words(chosen, one, found, least)
        return chosen

    def _add_by_words(self, chosen: set[int], one: Sought, found: Mapping[str, Spans], least: float) -> None:
        parts, words = one.asked.words, found["words"]
        for short in one.initials:
            at = found["initials"].get(short, NOWHERE), words.get(short, NOWHERE)
            if at != (NOWHERE, NOWHERE) and len(bearers := self.bearers(short, *at)) == 1:
                chosen |= bearers
        weights = self._sharing.meant(parts, one.texts, words, found["slips"])
        if weights:
            sharing = self._sharing.accounts(weights, least)
            chosen.update(sharing if isinstance(sharing, list) else self._nearest(one.asked.ask, *sharing))

    def _nearest(self, ask: Placed, numbers: Numbers, worth: Scores | float = 0.0) -> list[int]:
        """The first CANDIDATES of accounts, by worth, and by place where they are alike."""
        if len(numbers) > CANDIDATES:
            numbers = numbers[np.argsort(-(worth + self._near(ask, numbers)), kind="stable")[:CANDIDATES]]
        found: list[int] = numbers.tolist()
        return found

    def _near(self, ask: Placed, numbers: Numbers) -> NDArray[np.float64]:
        near = np.zeros(len(numbers))
        codes = place_codes(ask.country, ask.city, ask.postal)
        for code, marks, worth in zip(codes, self._places, _NEAR, strict=True):
            if code:
                near += worth * (marks[numbers] == code)
        return near
