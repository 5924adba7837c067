"""Known accounts, one after the other, into the arrays of an index. Holds digests and numbers while it runs, and of the
accounts nothing but their packed bytes: a million take some hundred megabytes beside the index itself.

The order of the accounts leaves no trace: they are numbered by their keys.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graph.rules.matching.labels import affix_stems, label_of, plain_label
from graph.rules.matching.names import SHORTEST_MISSPELT
from graph.rules.matching.places import address_key, folded, postal_key
from graph.rules.matching.tokens import initials, name_key, name_words
from graph.rules.matching.words import weight
from tools.accounts.known import KnownAccount
from tools.accounts.matching.records import packed
from tools.accounts.matching.tables import Writer, digest

Arrays: TypeAlias = "dict[str, NDArray[Any]]"
TABLES: Final = ("domains", "labels", "names", "initials", "phones", "addresses")


def slips(word: str) -> list[str]:
    """What a word and its misspellings have in common: itself, and itself without one letter but the first."""
    if len(word) < SHORTEST_MISSPELT:
        return []
    return [word, *[word[:at] + word[at + 1 :] for at in range(1, len(word))]]


def place_codes(country: str | None, city: str | None, postal: str | None) -> tuple[int, int, int]:
    """32-bit marks of a place, 0 where unknown: enough to sort candidates by, not to decide."""
    return _mark(country), _mark(folded(city) if city else None), _mark(postal_key(postal) if postal else None)


def _mark(text: str | None) -> int:
    return int.from_bytes(digest(text)[:4], "little") | 1 if text else 0


class Building:
    """Add every account, then take the arrays."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._content = bytearray()
        self._starts = array("Q", [0])
        self._tables = {name: Writer() for name in TABLES}
        self._words: dict[str, int] = {}
        self._families = bytearray()
        self._rows_account, self._rows_start, self._rows_words = array("I"), array("Q", [0]), array("I")
        self._places = array("I")

    def add(self, account: KnownAccount) -> None:
        number = len(self._keys)
        self._keys.append(account.key)
        self._families += digest(account.parent or account.key)
        self._content += packed(account)
        self._starts.append(len(self._content))
        for domain in account.domains:
            self._tables["domains"].add(domain, number)
            if label := label_of(domain):
                for stem in {plain_label(label), *affix_stems(label)}:
                    self._tables["labels"].add(stem, number)
        self._add_names(account.names, number)
        if account.phone:
            self._tables["phones"].add(account.phone, number)
        if address := address_key(account.street, account.postal, account.city):
            self._tables["addresses"].add(address, number)
        self._places.extend(place_codes(account.country, account.city, account.postal))

    def _add_names(self, names: tuple[str, ...], number: int) -> None:
        for name in names:
            parts = name_words(name)
            if not parts:
                continue
            self._tables["names"].add(name_key(name), number)
            if short := initials(parts):
                self._tables["initials"].add(short, number)
            ids = [self._words.setdefault(word, len(self._words)) for word in parts]
            self._rows_account.append(number)
            self._rows_words.extend(dict.fromkeys(ids))
            self._rows_start.append(len(self._rows_words))

    def arrays(self) -> Arrays:
        """Raises ValueError where two accounts have one key."""
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        for one, other in pairwise(order):
            if self._keys[one] == self._keys[other]:
                raise ValueError(f"two known accounts have the key {self._keys[one][:80]!r}; merge them first")
        ordered = np.array(order, dtype=np.int64)
        rank = np.empty(len(order), dtype=np.uint32)
        rank[ordered] = np.arange(len(order), dtype=np.uint32)
        found: Arrays = {}
        for name, writer in self._tables.items():
            found[f"{name}.digests"], found[f"{name}.numbers"] = writer.arrays(rank)
        starts = np.array(self._starts, dtype=np.uint64)
        content = memoryview(bytes(self._content))
        found["records.content"] = np.frombuffer(
            b"".join(content[self._starts[at] : self._starts[at + 1]] for at in order), dtype=np.uint8
        )
        found["records.starts"] = np.r_[np.uint64(0), np.cumsum(np.diff(starts)[ordered])].astype(np.uint64)
        places = np.array(self._places, dtype=np.uint32).reshape(-1, 3)
        found["places"] = np.ascontiguousarray(places[ordered].T)
        found |= self._word_arrays()
        return found | self._row_arrays(rank, found["words.weights"])

    def _counted(self) -> NDArray[np.uint32]:
        """How many families have each word in a name: a group that names all its companies alike is one owner."""
        words = np.array(self._rows_words, dtype=np.uint32)
        if not len(words):
            return words
        starts = np.array(self._rows_start, dtype=np.int64)
        accounts = np.repeat(np.array(self._rows_account, dtype=np.uint32), starts[1:] - starts[:-1])
        families = np.frombuffer(bytes(self._families), dtype="<u8")[accounts]
        order = np.lexsort((families, words))
        words, families = words[order], families[order]
        new = np.r_[True, (words[1:] != words[:-1]) | (families[1:] != families[:-1])]
        return np.bincount(words[new], minlength=len(self._words)).astype(np.uint32)

    def _word_arrays(self) -> Arrays:
        counts = self._counted()
        ids, near = Writer(), Writer()
        for word, number in self._words.items():
            ids.add(word, number)
            for slip in slips(word):
                near.add(slip, number)
        texts = [word.encode("utf-8", "replace") for word in self._words]
        found: Arrays = {
            "words.content": np.frombuffer(b"".join(texts), dtype=np.uint8),
            "words.starts": np.r_[0, np.cumsum([len(text) for text in texts], dtype=np.int64)].astype(np.uint32),
            "words.counts": counts,
            "words.weights": np.array(
                [weight(word, int(counts[at]), len(self._keys)) for word, at in self._words.items()], dtype=np.float32
            ),
        }
        found["words.digests"], found["words.numbers"] = ids.arrays()
        found["slips.digests"], found["slips.numbers"] = near.arrays()
        return found

    def _row_arrays(self, rank: NDArray[np.uint32], weights: NDArray[np.float32]) -> Arrays:
        """A row is a name of an account. Rows stand in the order of the accounts, postings in the order of the rows."""
        accounts = rank[np.array(self._rows_account, dtype=np.uint32)]
        starts = np.array(self._rows_start, dtype=np.int64)
        lengths = np.diff(starts)
        order = np.argsort(accounts, kind="stable")
        place = np.empty(len(order), dtype=np.uint32)
        place[order] = np.arange(len(order), dtype=np.uint32)
        words = np.array(self._rows_words, dtype=np.uint32)
        rows = np.repeat(place, lengths)
        by_word = np.lexsort((rows, words))
        counts = np.bincount(words, minlength=len(self._words))
        return {
            "rows.accounts": accounts[order].astype(np.uint32),
            "rows.weights": np.bincount(rows, weights=weights[words], minlength=len(order)).astype(np.float32),
            "postings.rows": rows[by_word].astype(np.uint32),
            "postings.starts": np.r_[0, np.cumsum(counts)].astype(np.uint32),
        }


def arrays_of(accounts: Iterable[KnownAccount]) -> Arrays:
    building = Building()
    for account in accounts:
        building.add(account)
    return building.arrays()
