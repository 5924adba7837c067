"""The index of known accounts: finds those that any evidence could speak for, and has them weighed.

    an account's own domain, else
    `candidates` finds a few dozen -> `graph.rules.matching.evidence` weighs each -> `graph.rules.matching.deciding` chooses

What it finds never decides: of the accounts that share words with the asked name those are weighed that share most, and none
is left out that could be sure enough while there are no more than CANDIDATES. Reads alone; safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

from graph.domain.evidence import AccountMatch
from graph.ports import CompanyAsk
from graph.rules.matching.asked import Asked, hosts_of
from graph.rules.matching.confidence import confidence, least_strength
from graph.rules.matching.deciding import decide
from graph.rules.matching.evidence import Evidence, weigh
from graph.rules.matching.saying import domain_said
from graph.rules.matching.words import weight
from tools.accounts.known import KnownAccount
from tools.accounts.matching import files
from tools.accounts.matching.building import TABLES, Arrays, arrays_of
from tools.accounts.matching.candidates import Candidates
from tools.accounts.matching.records import Records
from tools.accounts.matching.tables import NOWHERE, Spans, Table

_WEIGHTS_KEPT: Final = 16_384
_ACCOUNTS_KEPT: Final = 512


class AccountIndex:
    """Matches asks against the accounts it was built of."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._records = Records(arrays["records.content"], arrays["records.starts"])
        self._tables = {
            name: Table(arrays[f"{name}.digests"], arrays[f"{name}.numbers"]) for name in (*TABLES, "words", "slips")
        }
        self._domains, self._words = self._tables["domains"], self._tables["words"]
        self._candidates = Candidates(arrays, self._tables)
        self.weight = lru_cache(_WEIGHTS_KEPT)(self._weight)
        self._account = lru_cache(_ACCOUNTS_KEPT)(self._records.__getitem__)

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
        spans = self._domains.spans({host for each in hosts for host in each})
        found = [self._by_domain(each, spans) if spans else None for each in hosts]
        rest = [Asked(ask, own) for ask, own, match in zip(asks, hosts, found, strict=True) if match is None]
        weighed = iter(self._weighed(rest, least_strength()) if rest else ())
        return [
            decide(next(weighed), claimed=ask.claimed and bool(ask.name)) if match is None else match
            for ask, match in zip(asks, found, strict=True)
        ]

    def _by_domain(self, hosts: tuple[str, ...], spans: Spans) -> AccountMatch | None:
        """The common case: one account has the domain. None where none or several have it."""
        for depth, host in enumerate(hosts):
            first, end = spans.get(host, NOWHERE)
            if first == end:
                continue
            if end - first > 1:
                return None
            [number] = self._domains.at((first, end))
            key, domains = self._records.key_and_domains(number)
            if host in domains:
                return AccountMatch(key, "domain", confidence("domain", 1.0), domain_said(hosts[0], host, depth))
        return None

    def evidence(self, ask: CompanyAsk, least: float | None = None) -> list[Evidence]:
        """All that speaks for any account, at most one piece each, before anything is chosen. least: the strength below
        which a name need not be weighed; by default what could never be sure enough."""
        [found] = self._weighed([Asked(ask)], least_strength() if least is None else least)
        return found

    def _weighed(self, asked: Sequence[Asked], least: float) -> list[list[Evidence]]:
        return [
            [piece for number in numbers if (piece := weigh(one, self._account(number), self)) is not None]
            for one, numbers in zip(asked, self._candidates.of(asked, least), strict=True)
        ]

    # what the book is like: `graph.rules.matching.evidence.Book`

    def _weight(self, word: str) -> float:
        ids = self._words.at(self._words.spans((word,)).get(word, NOWHERE))
        return weight(word, int(self._arrays["words.counts"][ids[0]]) if ids else 0, len(self))

    def knows(self, word: str) -> bool:
        return self._words.count(word) > 0

    def with_initials(self, short: str) -> int:
        return len(self._candidates.bearers(short))

    def at_phone(self, phone: str) -> int:
        return self._tables["phones"].count(phone)

    def at_address(self, key: str) -> int:
        return self._tables["addresses"].count(key)
