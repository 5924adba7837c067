"""The invented world that `tools.people.generator` tells stories in: companies, people in them, and the records they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from graph.rules.text import fold
from tools.people.made_words import AREAS, BEGIN, END, FIRST, FREE, KINDS, LAST, MIDDLE, WORDS


@dataclass(slots=True)
class People:
    """Columns of equal length. person: the truth, equal for one person's records."""

    record_id: list[str] = field(default_factory=list)
    person: list[int] = field(default_factory=list)
    full_name: list[str | None] = field(default_factory=list)
    email: list[str | None] = field(default_factory=list)
    phone: list[str | None] = field(default_factory=list)
    company: list[str | None] = field(default_factory=list)
    city: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.record_id)


@dataclass(slots=True)
class Company:
    name: str
    domain: str
    other: str | None
    switchboard: str
    city: str
    taken: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    number: int
    first: str
    last: str
    company: Company
    work: str
    private: str
    phone: str
    middle: str


class World:
    """Companies and people as they are needed, and their records so far. The same seed gives the same."""

    def __init__(self, records: int, seed: int, duplicates: float) -> None:
        self.random = np.random.default_rng(seed)
        self.people, self.records, self.duplicates = People(), records, duplicates
        self._numbers, self._persons = 0, 0
        self._mailboxes: set[str] = set()
        # a few large employers and many small ones, as forms come from
        self.companies = [self._company(place) for place in range(max(4, records // 12))]
        weights = 1 / np.arange(1, len(self.companies) + 1) ** 0.8
        self._company_of = np.cumsum(weights / weights.sum())
        self._first_of = self._cumulated(len(FIRST), 0.6)
        self._last_of = self._cumulated(len(LAST), 0.5)

    @staticmethod
    def _cumulated(count: int, power: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        weights = 1 / np.arange(1, count + 1) ** power
        return np.asarray(np.cumsum(weights / weights.sum()))

    def one_of(self, choices: Sequence[str]) -> str:
        """Each as likely as the others."""
        return str(choices[int(self.random.integers(len(choices)))])

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def number(self) -> str:
        """A number that no other call gives."""
        self._numbers += 1
        return f"+1{AREAS[self._numbers % 10]}{200 + self._numbers // 10 % 799}{self._numbers // 7_990 % 10_000:04}"

    def _company(self, place: int) -> Company:
        label = f"{self.one_of(WORDS)}{self.one_of(KINDS)}{place if place >= 20 else ''}"
        ending = self.one_of(("com", "com", "de", "io", "co.uk"))
        other = f"{label}.{self.one_of(('eu', 'net', 'us'))}" if self.chance(0.2) else None
        name = f"{label.title()} {self.one_of(('Inc', 'GmbH', 'Ltd', 'AG', ''))}".strip()
        return Company(
            name, f"{label}.{ending}", other, self.number(), self.one_of(("Berlin", "Austin", "Leeds", "Lyon"))
        )

    def _place(self, cumulated: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
        return min(int(np.searchsorted(cumulated, self.random.random())), len(cumulated) - 1)

    def last_name(self) -> str:
        if self.chance(0.45):
            return LAST[self._place(self._last_of)]
        return (self.one_of(BEGIN) + self.one_of(MIDDLE) * int(self.random.integers(0, 2)) + self.one_of(END)).title()

    def person(self, **given: object) -> Person:
        self._persons += 1
        company = given.get("company")
        if not isinstance(company, Company):
            company = self.companies[self._place(self._company_of)]
        first = str(given.get("first") or FIRST[self._place(self._first_of)])
        last = str(given.get("last") or self.last_name())
        local = f"{fold(first)}.{fold(last)}"
        count = company.taken[local] = company.taken.get(local, 0) + 1
        work = f"{local}{count if count > 1 else ''}@{company.domain}"
        private = self._private(first, last)
        middle = f"{self.one_of(tuple('ABCDEFGHJKLM'))}." if self.chance(0.5) else ""
        phone = str(given.get("phone") or self.number())
        return Person(self._persons, first, last, company, work, private, phone, middle)

    def _private(self, first: str, last: str) -> str:
        """A mailbox that nobody else has, as providers see to it: they put digits behind a name that is taken."""
        first, last = fold(first), fold(last)
        local, host = self.one_of((f"{first}.{last}", first + last, first[0] + last)), self.one_of(FREE)
        digits = "" if self.chance(0.3) else str(int(self.random.integers(1, 99)))
        while (taken := f"{local.replace('.', '')}{digits}@{host}") in self._mailboxes:
            digits = str(int(self.random.integers(100, 9_999_999)))
        self._mailboxes.add(taken)
        return f"{local}{digits}@{host}"

    def write(self, one: Person, name: str | None, email: str | None, phone: str | None, company: str | None) -> None:
        held = self.people
        held.record_id.append(f"r{len(held.record_id):07}")
        held.person.append(one.number)
        held.full_name.append(name)
        held.email.append(email)
        held.phone.append(None if phone is None else self._written(phone))
        held.company.append(company)
        held.city.append(one.company.city if self.chance(0.6) else None)

    def _written(self, phone: str) -> str:
        """As people type it."""
        kind = int(self.random.integers(3))
        if kind == 0:
            return phone
        area, exchange, rest = phone[2:5], phone[5:8], phone[8:]
        return f"+1 ({area}) {exchange}-{rest}" if kind == 1 else f"+1 {area} {exchange} {rest}"
