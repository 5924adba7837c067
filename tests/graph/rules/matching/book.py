"""A book that knows no index: every account is weighed against every ask. What the index is compared with."""

from __future__ import annotations

from collections.abc import Sequence

from graph.domain.evidence import AccountMatch
from graph.ports import CompanyAsk
from graph.rules.matching.asked import Asked
from graph.rules.matching.deciding import decide
from graph.rules.matching.evidence import weigh
from graph.rules.matching.places import address_key
from graph.rules.matching.tokens import initials, name_words
from graph.rules.matching.words import weight
from tools.accounts.known import KnownAccount


class PlainBook:
    def __init__(self, accounts: Sequence[KnownAccount]) -> None:
        self.accounts = accounts
        self._words = [{word for name in one.names for word in name_words(name)} for one in accounts]
        self._initials = [{initials(name_words(name)) for name in one.names} for one in accounts]

    def weight(self, word: str) -> float:
        families = {
            one.parent or one.key for one, words in zip(self.accounts, self._words, strict=True) if word in words
        }
        return weight(word, len(families), len(self.accounts))

    def knows(self, word: str) -> bool:
        return any(word in words for words in self._words)

    def with_initials(self, short: str) -> int:
        return sum(short in words or short in own for words, own in zip(self._words, self._initials, strict=True))

    def at_phone(self, phone: str) -> int:
        return sum(one.phone == phone for one in self.accounts)

    def at_address(self, key: str) -> int:
        return sum(address_key(one.street, one.postal, one.city) == key for one in self.accounts)

    def match(self, ask: CompanyAsk) -> AccountMatch:
        asked = Asked(ask)
        found = [piece for account in self.accounts if (piece := weigh(asked, account, self)) is not None]
        return decide(found, claimed=ask.claimed and bool(ask.name))
