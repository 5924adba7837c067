"""What speaks for one known account being the company that a lead asks about: the strongest kind of evidence and how
strong it is. Chooses nothing, and knows no confidence: see `deciding` and `confidence`.

    ask      acme.de, "Acme Deutschland GmbH"
    account  acme.com, "Acme Inc."          ->  kind domain_family/label+name, strength .8
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graph.domain.evidence import MatchCode
from graph.rules.matching.asked import Account, Ask, Asked, Book
from graph.rules.matching.likeness import family_of, name_likeness
from graph.rules.matching.names import Alike
from graph.rules.matching.places import CITY, address_key, nearness, one_head_office
from graph.rules.matching.saying import domain_said, family_said, name_said

SHARED: Final = 3
"""Accounts at one phone number or address above which it is a switchboard, a virtual office, a registered agent."""
_AGREE: Final = frozenset(("whole", "spelt", "inside", "part", "initials"))


@dataclass(frozen=True, slots=True)
class Evidence:
    """kind: a row of the table of confidence, as `name/whole+place`. near: how near the account is (see `places`).
    rank: of a domain, 0 is best: a deeper one comes before one above it, the account whose key it is before those that are
    known under it too. said: the evidence in words, as a sentence without its stop."""

    key: str
    parent: str | None
    code: MatchCode
    kind: str
    strength: float
    near: int
    said: str
    rank: int = 0

    @property
    def root(self) -> str:
        """The family it belongs to."""
        return self.parent or self.key


def weigh(asked: Asked, account: Account, book: Book) -> Evidence | None:
    """The strongest evidence for this account; None where there is none."""
    for depth, host in enumerate(asked.hosts):
        if host in account.domains:
            return of_domain(asked.hosts[0], host, depth, asked.ask, account)
    near = nearness(asked.ask, account)
    phone = _phone(asked, account, book)
    address = asked.address is not None and asked.address == address_key(account.street, account.postal, account.city)
    alike, name = name_likeness(asked, account, book)
    family = family_of(asked, account, book)
    if family is not None:
        relation, strength, domain = family
        kind = f"domain_family/{relation if strength else 'weak'}"
        said = family_said(asked, relation, domain)
        if phone is not None or address:
            more, said = "+phone", f"{said}, with {phone or 'its address'}"
        elif alike is not None and alike.kind in _AGREE:
            more, said = "+name", f"{said}, and {name_said(asked, alike, name)}"
        else:
            more = "-name" if asked.words and account.names else ""
            said += ", but the name is another" if more else ""
        return Evidence(account.key, account.parent, "domain_family", kind + more, strength, near, said)
    return _by_name(asked, account, alike, name, phone, address, near) or _by_place(asked, account, book, address, near)


def of_domain(host: str, domain: str, depth: int, ask: Ask, account: Account) -> Evidence:
    """The account's own domain was asked for, or a host below it."""
    said = domain_said(host, domain, depth)
    rank = 2 * depth + (domain != account.key)
    return Evidence(account.key, account.parent, "domain", "domain", 1.0, nearness(ask, account), said, rank)


def _by_name(
    asked: Asked,
    account: Account,
    alike: Alike | None,
    name: str,
    phone: str | None,
    address: bool,
    near: int,
) -> Evidence | None:
    if alike is None or (asked.ask.claimed and not phone and not address):
        return None
    said = name_said(asked, alike, name)
    code: MatchCode = "name"
    extra = ""
    if phone is not None:
        code, extra, said = "name_phone", "+phone", f"{said}, and {phone}"
    elif address or near >= CITY:
        where = "address" if address else "place"
        code, extra, said = "name_place", f"+{where}", f"{said}, at the same {where}"
    elif asked.ask.domain and account.domains:
        extra, said = "-domain", f"{said}, but its domains are others"
    return Evidence(account.key, account.parent, code, f"name/{alike.kind}{extra}", alike.strength, near, said)


def _by_place(asked: Asked, account: Account, book: Book, address: bool, near: int) -> Evidence | None:
    """A phone number or an address alone, where few enough have it."""
    if asked.ask.phone is not None and asked.ask.phone == account.phone:
        count = book.at_phone(asked.ask.phone)
        if count <= SHARED:
            return Evidence(account.key, account.parent, "phone", "phone", 1 / count, near, "its phone number")
    if address and asked.address is not None:
        count = book.at_address(asked.address)
        if count <= SHARED:
            return Evidence(account.key, account.parent, "address", "address", 1 / count, near, "its address")
    return None


def _phone(asked: Asked, account: Account, book: Book) -> str | None:
    """What the number has to do with the account's, in words."""
    number = asked.ask.phone
    if number is None or account.phone is None:
        return None
    if number == account.phone:
        return "its phone number" if book.at_phone(number) <= SHARED else None
    return "an extension of its phone number" if one_head_office(number, account.phone) else None
