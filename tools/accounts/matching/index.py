"""The index of known accounts: finds those that any evidence could speak for, and has them weighed.

    words -> names that hold them (postings), whole names, domain labels, phones, addresses, initials -> a few dozen
    accounts -> `graph.rules.matching.evidence` weighs each -> `graph.rules.matching.deciding` chooses

What it finds never decides: of the accounts that share words with the asked name those are weighed that share most, and none
is left out that could be sure enough while there are no more than CANDIDATES. Reads alone; safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from graph.domain.evidence import AccountMatch
from graph.ports import CompanyAsk
from graph.rules.matching.confidence import confidence, least_strength
from graph.rules.matching.deciding import decide
from graph.rules.matching.evidence import SHARED, Asked, Evidence, hosts_of, of_domain, weigh
from graph.rules.matching.labels import stems
from graph.rules.matching.names import FULL, misspelt
from graph.rules.matching.tokens import INITIALS, initials
from graph.rules.matching.words import weight
from tools.accounts.known import KnownAccount
from tools.accounts.matching import files
from tools.accounts.matching.building import TABLES, Arrays, arrays_of, place_codes, slips
from tools.accounts.matching.records import Records
from tools.accounts.matching.tables import Table

CANDIDATES: Final = 64
"""Accounts weighed for one ask at the most: some twenty microseconds each."""
MOST_POSTINGS: Final = 50_000
"""Names looked at for the words of one ask; words that more have are only counted where a rarer one is there too."""
_NEAR: Final = (1e-3, 4e-3, 8e-3)  # same country, city, postal code: between candidates that are else alike


class AccountIndex:
    """Matches asks against the accounts it was built of."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._records = Records(arrays["records.content"], arrays["records.starts"])  # type: ignore[arg-type]
        self._tables = {name: self._table(name) for name in (*TABLES, "words", "slips")}
        self._domains = self._tables["domains"]
        self._content = memoryview(arrays["words.content"])  # type: ignore[arg-type]
        self._counts, self._weights = arrays["words.counts"], arrays["words.weights"]
        self._rows, self._starts = arrays["postings.rows"], arrays["postings.starts"]
        self._row_accounts, self._row_weights = arrays["rows.accounts"], arrays["rows.weights"]
        self.weight = lru_cache(16_384)(self._weight)

    def _table(self, name: str) -> Table:
        return Table(self._arrays[f"{name}.digests"], self._arrays[f"{name}.numbers"])  # type: ignore[arg-type]

    @classmethod
    def build(cls, accounts: Iterable[KnownAccount]) -> Self:
        """Of accounts in any order, read once. Raises ValueError where two have one key."""
        return cls(arrays_of(accounts))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Mapped, not read. Raises OSError or `files.NotAnIndex`."""
        return cls(files.load(folder))

    def save(self, folder: Path) -> None:
        """Raises OSError; a folder that is there already is never written over."""
        files.save(self._arrays, folder)

    def __len__(self) -> int:
        return len(self._records)

    def match(self, asks: Sequence[CompanyAsk]) -> list[AccountMatch]:
        """One match for each ask, in order; what one is answered never depends on the others."""
        hosts = [hosts_of(ask) for ask in asks]
        low, high = self._domains.spans([host for each in hosts for host in each])
        found, at = [], 0
        for ask, own in zip(asks, hosts, strict=True):
            end = at + len(own)
            found.append(self._by_domain(ask, own, low[at:end], high[at:end]) or self._weighed(ask))
            at = end
        return found

    def _by_domain(
        self, ask: CompanyAsk, hosts: tuple[str, ...], low: list[int], high: list[int]
    ) -> AccountMatch | None:
        """The common case: one account has the domain. None where none or several have it."""
        for depth, host in enumerate(hosts):
            if (count := high[depth] - low[depth]) == 0:
                continue
            if count > 1:
                return None
            account = self._records[self._domains.at(low[depth])]
            if host in account.domains:
                piece = of_domain(hosts[0], host, depth, ask, account)
                return AccountMatch(piece.key, piece.code, confidence(piece.kind, piece.strength), piece.said)
        return None

    def _weighed(self, ask: CompanyAsk) -> AccountMatch:
        return decide(self.evidence(ask), claimed=ask.claimed and bool(ask.name))

    def evidence(self, ask: CompanyAsk, least: float | None = None) -> list[Evidence]:
        """All that speaks for any account, at most one piece each, before anything is chosen. least: the strength below
        which a name need not be weighed; by default what could never be sure enough."""
        asked = Asked(ask)
        candidates = self._candidates(asked, least_strength() if least is None else least)
        pieces = (weigh(asked, self._records[number], self) for number in candidates)
        return [piece for piece in pieces if piece is not None]

    # what the book is like: `graph.rules.matching.evidence.Book`

    def _weight(self, word: str) -> float:
        ids = self._tables["words"].find(word)
        return weight(word, int(self._counts[ids[0]]) if len(ids) else 0, len(self))

    def knows(self, word: str) -> bool:
        return len(self._tables["words"].find(word)) > 0

    def with_initials(self, short: str) -> int:
        return len(self._accounts_with_initials(short))

    def at_phone(self, phone: str) -> int:
        return len(self._tables["phones"].find(phone))

    def at_address(self, key: str) -> int:
        return len(self._tables["addresses"].find(key))

    # candidates

    def _candidates(self, asked: Asked, least: float) -> list[int]:
        """Numbers of the accounts to weigh, rising."""
        tables = self._tables
        found = [each[:CANDIDATES] for each in self._domains.find_all(asked.hosts)]
        if asked.label is not None:
            found += [each[:CANDIDATES] for each in tables["labels"].find_all(tuple(stems(asked.label)))]
            found.append(tables["names"].find(asked.label.replace("-", ""))[:CANDIDATES])
        if asked.ask.phone and self.at_phone(asked.ask.phone) <= SHARED:
            found.append(tables["phones"].find(asked.ask.phone))
        if asked.address and self.at_address(asked.address) <= SHARED:
            found.append(tables["addresses"].find(asked.address))
        if asked.words and (not asked.ask.claimed or asked.ask.phone or asked.address):
            found.append(self._nearest(asked, tables["names"].find(asked.name_key)))
            labels = (asked.name_key, *(word for word in asked.words if len(word) in INITIALS))
            found += [each[:CANDIDATES] for each in tables["labels"].find_all(labels)]
            found += self._by_initials(asked.words)
            found.append(self._by_words(asked, least))
        return np.unique(np.concatenate(found)).tolist() if found else []

    def _nearest(self, asked: Asked, numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The first CANDIDATES of accounts that fit alike, by place."""
        if len(numbers) <= CANDIDATES:
            return numbers
        return numbers[np.argsort(-self._near(asked, numbers), kind="stable")[:CANDIDATES]]

    def _near(self, asked: Asked, numbers: NDArray[np.uint32]) -> NDArray[np.float64]:
        near = np.zeros(len(numbers))
        codes = place_codes(asked.ask.country, asked.ask.city, asked.ask.postal)
        for code, marks, worth in zip(codes, self._arrays["places"], _NEAR, strict=True):
            if code:
                near += worth * (marks[numbers] == code)
        return near

    def _accounts_with_initials(self, short: str) -> NDArray[np.uint32]:
        """Accounts whose name has these initials or holds this word; more than two are not told apart."""
        by_word = [self._row_accounts[self._postings(word)[:3]] for word in self._tables["words"].find(short)]
        return np.unique(np.concatenate([self._tables["initials"].find(short)[:3], *by_word]))  # type: ignore[no-any-return]

    def _by_initials(self, parts: tuple[str, ...]) -> list[NDArray[np.uint32]]:
        shorts = {short for short in (*parts, initials(parts)) if short}
        found = [self._accounts_with_initials(short) for short in sorted(shorts)]
        return [numbers for numbers in found if len(numbers) == 1]

    def _postings(self, word: int) -> NDArray[np.uint32]:
        start, end = self._starts[word : word + 2].tolist()
        return self._rows[start:end]  # type: ignore[return-value]

    def _by_words(self, asked: Asked, least: float) -> NDArray[np.uint32]:
        """The CANDIDATES accounts that share the most of their name with the asked one."""
        weights = self._word_ids(asked.words)
        ranked = sorted(weights, key=lambda word: (int(self._counts[word]), word))
        rows, scores = self._gathered(ranked, weights)
        if not len(rows):
            return rows
        known = self._row_weights[rows]
        share = np.minimum(scores / np.maximum(known, 1e-9), 1.0)
        bound = np.minimum(scores / FULL, 1.0) * share
        accounts = self._row_accounts[rows]
        enough = bound >= min(least - 1e-3, float(bound.max()))
        accounts, bound = accounts[enough], bound[enough]
        order = np.argsort(-(bound + self._near(asked, accounts)), kind="stable")
        return accounts[order[:CANDIDATES]]  # type: ignore[no-any-return]

    def _gathered(self, ranked: list[int], weights: dict[int, float]) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
        """(rows that hold any of the words, the weight that they share). Rarest words first, up to MOST_POSTINGS; a
        commoner word adds to rows that are there already."""
        taken, late, total = [], [], 0
        for word in ranked:
            rows = self._postings(word)
            if taken and total + len(rows) > MOST_POSTINGS:
                late.append((rows, weights[word]))
            else:
                total += len(rows)
                taken.append((rows, weights[word]))
        if not taken:
            return self._rows[:0], np.zeros(0)  # type: ignore[return-value]
        if len(taken) == 1 and late and total > MOST_POSTINGS:  # all of them are common: those that hold the rarest two
            both = np.intersect1d(taken[0][0], late[0][0], assume_unique=True)
            taken = [(both, taken[0][1])]
        every = np.concatenate([rows for rows, _ in taken])
        shares = np.concatenate([np.full(len(rows), share) for rows, share in taken])
        rows, places = np.unique(every, return_inverse=True)
        scores = np.bincount(places, weights=shares, minlength=len(rows))
        for more, share in late:
            at = np.searchsorted(more, rows)
            at[at == len(more)] = 0
            scores += share * (more[at] == rows) if len(more) else 0.0
        return rows, scores

    def _word_ids(self, parts: tuple[str, ...]) -> dict[int, float]:
        """Words of the book that the asked ones may stand for, with the weight that a name gains by holding them: the
        same, two run together, one taken apart, one slip away."""
        exact = dict.fromkeys((*parts, *(one + other for one, other in zip(parts, parts[1:], strict=False))))
        for part in parts:
            exact |= dict.fromkeys(half for at in range(2, len(part) - 1) for half in (part[:at], part[at:]))
        texts = [*exact]
        found: dict[int, float] = {}
        apart = set(texts[len(parts) :])
        for text, numbers in zip(texts, self._tables["words"].find_all(texts), strict=True):
            for word in numbers.tolist():
                if self._text(word) == text and (text not in apart or text in parts or self._weights[word]):
                    found[word] = float(self._weights[word])
        for part in parts:
            for numbers in self._tables["slips"].find_all(tuple(slips(part))):
                for word in numbers.tolist():
                    if word not in found and misspelt(part, self._text(word)):
                        found[word] = float(self._weights[word])
        return found

    def _text(self, word: int) -> str:
        start, end = self._arrays["words.starts"][word : word + 2].tolist()
        return bytes(self._content[start:end]).decode()
