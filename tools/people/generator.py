"""Invented people with known truth: realistic duplicates, and realistic people who are none of them.

Duplicates come as they do in forms: an alias at the same company, its other domain, work and private mail, a phone alone;
short forms, initials, swapped order, lost accents, slips, a middle name, a name after marriage, a new employer. Beside them:
namesakes in large companies (`j.smith2`), switchboards, assistants who give the phone of their office, fathers and sons on
one line (some with one name), siblings whose names differ by a letter, role addresses, private mailboxes of one name.
Every name, company and number is made up. The same seed gives the same people.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from graph.rules.people.names import SHORT_FORMS
from graph.rules.text import fold
from tools.people.made_words import ROLES
from tools.people.world import People, Person, World


def generate(records: int, seed: int, duplicates: float = 0.2) -> People:
    """About `records` records (a few more at the end). duplicates: share of people with further records."""
    world = World(records, seed, duplicates)
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


def _phone_of(world: World, one: Person, share: float) -> str | None:
    if not world.chance(share):
        return None
    return one.company.switchboard if world.chance(0.2) else one.phone


def _first_record(world: World, one: Person) -> None:
    name = f"{one.first} {one.last}"
    if world.chance(0.03):
        email = f"{world.one_of(ROLES)}@{one.company.domain}"
        world.write(one, name if world.chance(0.6) else None, email, _phone_of(world, one, 0.7), one.company.name)
    elif world.chance(0.2):
        typed = one.company.name if world.chance(0.5) else None
        world.write(one, name, one.private, _phone_of(world, one, 0.5), typed)
    else:
        world.write(one, name, one.work, _phone_of(world, one, 0.5), one.company.name if world.chance(0.8) else None)


def _again(world: World, one: Person) -> None:
    """The same person under another key."""
    company, name = one.company, _spelt(world, one)
    draw = world.random.random()
    if draw < 0.30:
        typed = company.name if world.chance(0.6) else None
        world.write(one, name, one.private, one.phone if world.chance(0.5) else None, typed)
    elif draw < 0.55:
        first, last = fold(one.first), fold(one.last)
        alias = world.one_of((f"{first[0]}.{last}", f"{first[0]}{last}", f"{last}.{first}"))
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
        world.write(one, name, f"{world.one_of(ROLES)}@{company.domain}", one.phone, company.name)


_SHORT: Final[dict[str, list[str]]] = {}
for _short, _full in SHORT_FORMS.items():
    _SHORT.setdefault(_full, []).append(_short)


def _spelt(world: World, one: Person) -> str:
    """The name as it is typed the second time."""
    first, last = one.first, one.last
    ways: tuple[Callable[[], str], ...] = (
        lambda: f"{first} {last}",
        lambda: f"{first} {last}",
        lambda: f"{world.one_of(_SHORT.get(fold(first), [first])).title()} {last}",
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


def _slipped(world: World, word: str) -> str:
    if len(word) < 4:
        return word
    at = int(world.random.integers(1, len(word) - 1))
    kind = int(world.random.integers(3))
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + world.one_of(tuple("aeioulnrst")) + word[at + 1 :]


def _family(world: World) -> None:
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


def _office(world: World) -> None:
    """A boss and an assistant: one office number, one company; sometimes the assistant fills the form for the boss."""
    boss = world.person()
    helper = world.person(company=boss.company, phone=boss.phone)
    world.write(boss, f"{boss.first} {boss.last}", boss.work, boss.phone, boss.company.name)
    world.write(helper, f"{helper.first} {helper.last}", helper.work, boss.phone, boss.company.name)
    if world.chance(0.3):
        world.write(boss, f"{boss.first} {boss.last}", helper.work, boss.phone, boss.company.name)
