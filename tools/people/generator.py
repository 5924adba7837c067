"""Invented people with known truth: realistic duplicates, and realistic people who are none of them.

Duplicates come as they do in forms: an alias at the same company, its other domain, work and private mail, a phone alone;
short forms, initials, swapped order, lost accents, slips, a middle name, a name after marriage, a new employer. Beside them:
namesakes in large companies (`j.smith2`), switchboards, assistants who give the phone of their office, fathers and sons on
one line (some with one name), siblings whose names differ by a letter, role addresses, private mailboxes of one name.
Every name, company and number is made up. The same seed gives the same people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from graph.rules.people.names import SHORT_FORMS
from graph.rules.text import fold


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FREE: Final = ("gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "gmx.de", "web.de")
ROLES: Final = ("info", "sales", "office", "contact", "hello")
FIRST: Final = _listed(
    """
    James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan
    Joseph Jessica Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Margaret
    Mark Sandra Donald Ashley Steven Kimberly Paul Emily Andrew Donna Joshua Michelle Kenneth Carol Kevin
    Amanda Brian Dorothy George Melissa Timothy Deborah Ronald Stephanie Edward Rebecca Jason Sharon Jeffrey
    Laura Ryan Cynthia Jacob Kathleen Gary Amy Nicholas Angela Eric Shirley Jonathan Anna Stephen Brenda Larry
    Pamela Justin Emma Scott Nicole Brandon Helen Benjamin Samantha Samuel Katherine Gregory Christine
    Alexander Debra Frank Rachel Patrick Carolyn Raymond Janet Jack Maria Dennis Olivia Jerry Heather José
    María Lukas Jürgen Björn Anneliese Søren Łukasz Małgorzata François Éléonore Zoë Jörg Käthe Wolfgang
    Sergei Olga Natalia Vladimir Wei Hiroshi Priya Arjun Fatima Omar Aisha Noah Mia Mario Mateo Daniela Andrea
    Christian Christina Jan Jana Giulia Luca
    """
)
_LAST: Final = _listed(
    """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
    Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis
    Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall
    Rivera Campbell Mitchell Carter Roberts Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz
    Hoffmann Núñez Peña Muñoz García Lefèvre Dubois Rossi Bianchi Ferrari
    """
)
_BEGIN: Final = _listed(
    """
    bar kal mor sten hol wen gar tra lin ber ros ak el dun fos hart klein brun sor vel zim pal ost ren gold
    sil tan
    """
)
_MIDDLE: Final = _listed(
    """
    a e i o en er an ing el or
    """
)
_END: Final = _listed(
    """
    mann berg stein son sen wicz ski ova dale ford well ton ley ham feld hoff ez ini etti aux ard low
    """
)
_WORDS: Final = _listed(
    """
    north blue iron cloud river data solar prime delta nova atlas vertex lumen quartz orbit cedar harbor
    summit pixel echo
    """
)
_KINDS: Final = _listed(
    """
    works labs systems group foods energy media health bank motors tech logistics partners robotics steel
    """
)
_AREAS = (212, 415, 312, 617, 206, 303, 512, 404, 713, 305)


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
class _Company:
    name: str
    domain: str
    other: str | None
    switchboard: str
    city: str
    taken: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Person:
    number: int
    first: str
    last: str
    company: _Company
    work: str
    private: str
    phone: str
    middle: str


class _World:
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
        self._last_of = self._cumulated(len(_LAST), 0.5)

    @staticmethod
    def _cumulated(count: int, power: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        weights = 1 / np.arange(1, count + 1) ** power
        return np.asarray(np.cumsum(weights / weights.sum()))

    def _one(self, choices: Sequence[str]) -> str:
        return str(choices[int(self.random.integers(len(choices)))])

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def number(self) -> str:
        """A number that no other call gives."""
        self._numbers += 1
        return f"+1{_AREAS[self._numbers % 10]}{200 + self._numbers // 10 % 799}{self._numbers // 7_990 % 10_000:04}"

    def _company(self, place: int) -> _Company:
        label = f"{self._one(_WORDS)}{self._one(_KINDS)}{place if place >= 20 else ''}"
        ending = self._one(("com", "com", "de", "io", "co.uk"))
        other = f"{label}.{self._one(('eu', 'net', 'us'))}" if self.chance(0.2) else None
        name = f"{label.title()} {self._one(('Inc', 'GmbH', 'Ltd', 'AG', ''))}".strip()
        return _Company(
            name, f"{label}.{ending}", other, self.number(), self._one(("Berlin", "Austin", "Leeds", "Lyon"))
        )

    def _place(self, cumulated: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
        return min(int(np.searchsorted(cumulated, self.random.random())), len(cumulated) - 1)

    def last_name(self) -> str:
        if self.chance(0.45):
            return _LAST[self._place(self._last_of)]
        return (self._one(_BEGIN) + self._one(_MIDDLE) * int(self.random.integers(0, 2)) + self._one(_END)).title()

    def person(self, **given: object) -> _Person:
        self._persons += 1
        company = given.get("company")
        if not isinstance(company, _Company):
            company = self.companies[self._place(self._company_of)]
        first = str(given.get("first") or FIRST[self._place(self._first_of)])
        last = str(given.get("last") or self.last_name())
        local = f"{fold(first)}.{fold(last)}"
        count = company.taken[local] = company.taken.get(local, 0) + 1
        work = f"{local}{count if count > 1 else ''}@{company.domain}"
        private = self._private(first, last)
        middle = f"{self._one(tuple('ABCDEFGHJKLM'))}." if self.chance(0.5) else ""
        phone = str(given.get("phone") or self.number())
        return _Person(self._persons, first, last, company, work, private, phone, middle)

    def _private(self, first: str, last: str) -> str:
        """A mailbox that nobody else has, as providers see to it: they put digits behind a name that is taken."""
        first, last = fold(first), fold(last)
        local, host = self._one((f"{first}.{last}", first + last, first[0] + last)), self._one(FREE)
        digits = "" if self.chance(0.3) else str(int(self.random.integers(1, 99)))
        while (taken := f"{local.replace('.', '')}{digits}@{host}") in self._mailboxes:
            digits = str(int(self.random.integers(100, 9_999_999)))
        self._mailboxes.add(taken)
        return f"{local}{digits}@{host}"

    def write(self, one: _Person, name: str | None, email: str | None, phone: str | None, company: str | None) -> None:
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


def generate(records: int, seed: int, duplicates: float = 0.2) -> People:
    """About `records` records (a few more at the end). duplicates: share of people with further records."""
    world = _World(records, seed, duplicates)
    while len(world.people) < records:
        draw = world.random.random()
        if draw < 0.02:
            _family(world)
        elif draw < 0.04:
            _office(world)
        else:
            one = world.person()
            _first_record(world, one)
            if world.chance(duplicates):
                for _ in range(1 if world.chance(0.8) else 2):
                    _again(world, one)
    return world.people


def _phone_of(world: _World, one: _Person, share: float) -> str | None:
    if not world.chance(share):
        return None
    return one.company.switchboard if world.chance(0.2) else one.phone


def _first_record(world: _World, one: _Person) -> None:
    name = f"{one.first} {one.last}"
    if world.chance(0.03):
        email = f"{world._one(ROLES)}@{one.company.domain}"  # noqa: SLF001 - one module
        world.write(one, name if world.chance(0.6) else None, email, _phone_of(world, one, 0.7), one.company.name)
    elif world.chance(0.2):
        typed = one.company.name if world.chance(0.5) else None
        world.write(one, name, one.private, _phone_of(world, one, 0.5), typed)
    else:
        world.write(one, name, one.work, _phone_of(world, one, 0.5), one.company.name if world.chance(0.8) else None)


def _again(world: _World, one: _Person) -> None:
    """The same person under another key."""
    company, name = one.company, _spelt(world, one)
    draw = world.random.random()
    if draw < 0.30:
        typed = company.name if world.chance(0.6) else None
        world.write(one, name, one.private, one.phone if world.chance(0.5) else None, typed)
    elif draw < 0.55:
        first, last = fold(one.first), fold(one.last)
        alias = world._one((f"{first[0]}.{last}", f"{first[0]}{last}", f"{last}.{first}"))  # noqa: SLF001
        world.write(one, name, f"{alias}@{company.domain}", _phone_of(world, one, 0.5), company.name)
    elif draw < 0.75:
        if company.other:
            address = f"{one.work.partition('@')[0]}@{company.other}"
            world.write(one, name, address, _phone_of(world, one, 0.5), company.name)
        else:
            world.write(one, name, one.private, one.phone, None)
    elif draw < 0.80:  # the very address again, as lists have it
        world.write(one, name if world.chance(0.8) else None, one.work, None, company.name)
    elif draw < 0.87:
        world.write(one, name, None, one.phone, company.name if world.chance(0.5) else None)
    elif draw < 0.95:
        other = world.person(first=one.first, last=one.last, phone=one.phone)
        other.number = one.number
        world.write(other, name, other.work, one.phone if world.chance(0.8) else None, other.company.name)
    else:
        world.write(one, name, f"{world._one(ROLES)}@{company.domain}", one.phone, company.name)  # noqa: SLF001


_SHORT: Final[dict[str, list[str]]] = {}
for _short, _full in SHORT_FORMS.items():
    _SHORT.setdefault(_full, []).append(_short)


def _spelt(world: _World, one: _Person) -> str:
    """The name as it is typed the second time."""
    first, last = one.first, one.last
    ways: tuple[Callable[[], str], ...] = (
        lambda: f"{first} {last}",
        lambda: f"{first} {last}",
        lambda: f"{world._one(_SHORT.get(fold(first), [first])).title()} {last}",  # noqa: SLF001
        lambda: f"{first[0]}. {last}",
        lambda: f"{last}, {first}",
        lambda: f"{first} {one.middle} {last}".replace("  ", " "),
        lambda: f"{fold(first).title()} {fold(last).title()}",
        lambda: f"{first} {_slipped(world, last)}",
        lambda: f"{_slipped(world, first)} {last}",
        lambda: f"{first} {last}".upper() if world.chance(0.5) else f"Dr. {first} {last}",
        lambda: f"{first} {world.last_name()}" if world.chance(0.3) else f"{first} {last}",  # a name after marriage
    )
    return ways[int(world.random.integers(len(ways)))]()


def _slipped(world: _World, word: str) -> str:
    if len(word) < 4:
        return word
    at = int(world.random.integers(1, len(word) - 1))
    kind = int(world.random.integers(3))
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + world._one(tuple("aeioulnrst")) + word[at + 1 :]  # noqa: SLF001


def _family(world: _World) -> None:
    """People of one line: father and son, a couple, siblings. Some bear one name, and only some of these say which they are."""
    line, last = world.number(), world.last_name()
    elder = world.person(last=last, phone=line)
    draw = world.random.random()
    if draw < 0.15:
        younger = world.person(first=elder.first, last=last, phone=line)
        says = world.chance(0.7)
        names = (f"{elder.first} {last}{' Sr.' if says else ''}", f"{elder.first} {last}{' Jr.' if says else ''}")
    elif draw < 0.3:
        pair = (("Mario", "Maria"), ("Christian", "Christina"), ("Jan", "Jana"))[int(world.random.integers(3))]
        elder.first = pair[0]
        younger = world.person(first=pair[1], last=last, phone=line)
        names = (f"{pair[0]} {last}", f"{pair[1]} {last}")
    else:
        younger = world.person(last=last, phone=line)
        names = (f"{elder.first} {last}", f"{younger.first} {last}")
    same = elder.first == younger.first and draw >= 0.3
    if same:
        return
    for one, name in ((elder, names[0]), (younger, names[1])):
        email = one.private if world.chance(0.7) else one.work
        world.write(
            one, name, email, line if world.chance(0.8) else None, one.company.name if world.chance(0.3) else None
        )


def _office(world: _World) -> None:
    """A boss and an assistant: one office number, one company; sometimes the assistant fills the form for the boss."""
    boss = world.person()
    helper = world.person(company=boss.company, phone=boss.phone)
    world.write(boss, f"{boss.first} {boss.last}", boss.work, boss.phone, boss.company.name)
    world.write(helper, f"{helper.first} {helper.last}", helper.work, boss.phone, boss.company.name)
    if world.chance(0.3):
        world.write(boss, f"{boss.first} {boss.last}", helper.work, boss.phone, boss.company.name)
