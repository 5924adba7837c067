"""What speaks for one known account being the company that a lead asks about: the strongest kind of evidence and how
strong it is. Chooses nothing, and knows no confidence: see `deciding` and `confidence`.

    ask      acme.de, "Acme Deutschland GmbH"
    account  acme.com, "Acme Inc."          ->  kind domain_family/label+name, strength .8
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

from graph.domain.evidence import MatchCode
from graph.rules.matching.labels import label_of, plain_label, related, stands_alone
from graph.rules.matching.names import FULL, Alike, Likeness, Vocabulary, compare
from graph.rules.matching.places import CITY, Placed, address_key, nearness, one_head_office
from graph.rules.matching.tokens import initials, name_key, name_words

SHARED: Final = 3
"""Accounts at one phone number or address above which it is a switchboard, a virtual office, a registered agent."""
COMMON: Final = 0.72
"""Weight of a label in the book's names below which too many have it to be recognised by it."""


class Ask(Placed, Protocol):
    """What a lead says of its company, as `graph.ports.CompanyAsk` describes it."""

    @property
    def domain(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def host(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def street(self) -> str | None: ...
    @property
    def claimed(self) -> bool: ...


class Account(Placed, Protocol):
    """A known account, as `tools.accounts.known` describes it."""

    @property
    def key(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def domains(self) -> tuple[str, ...]: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def street(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...


class Book(Vocabulary, Protocol):
    """What the known accounts are like together."""

    def with_initials(self, short: str) -> int:
        """Accounts whose name has these initials, or is or holds this word."""
        ...

    def at_phone(self, phone: str) -> int: ...

    def at_address(self, key: str) -> int: ...


@dataclass(frozen=True)
class Asked:
    """An ask with what is derived from it once."""

    ask: Ask

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The host asked for, then the domains above it down to the company's own: `eu.labs.acme.com, labs.acme.com,
        acme.com`."""
        return hosts_of(self.ask)

    @cached_property
    def words(self) -> tuple[str, ...]:
        return name_words(self.ask.name) if self.ask.name else ()

    @cached_property
    def name_key(self) -> str:
        return name_key(self.ask.name) if self.ask.name else ""

    @cached_property
    def label(self) -> str | None:
        return label_of(self.ask.domain) if self.ask.domain else None

    @cached_property
    def address(self) -> str | None:
        return address_key(self.ask.street, self.ask.postal, self.ask.city)


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


def hosts_of(ask: Ask) -> tuple[str, ...]:
    domain, host = ask.domain, ask.host
    if domain is None:
        return ()
    if host is None or host == domain or not host.endswith(f".{domain}"):
        return (domain,)
    inner = host[: -len(domain) - 1].split(".")
    return (*(".".join((*inner[at:], domain)) for at in range(len(inner))), domain)


def weigh(asked: Asked, account: Account, book: Book) -> Evidence | None:
    """The strongest evidence for this account; None where there is none."""
    for depth, host in enumerate(asked.hosts):
        if host in account.domains:
            return of_domain(asked.hosts[0], host, depth, asked.ask, account)
    near = nearness(asked.ask, account)
    phone = _phone(asked, account, book)
    address = asked.address is not None and asked.address == address_key(account.street, account.postal, account.city)
    alike, name = _name(asked, account, book)
    family = _family(asked, account, book)
    if family is not None:
        relation, strength, domain = family
        kind = f"domain_family/{relation if strength else 'weak'}"
        said = _family_said(asked, relation, domain)
        if phone is not None or address:
            more, said = "+phone", f"{said}, with {phone or 'its address'}"
        elif alike is not None and alike.kind in _AGREE:
            more, said = "+name", f"{said}, and {_name_said(asked, alike, name)}"
        else:
            more = "-name" if asked.words and account.names else ""
            said += ", but the name is another" if more else ""
        return Evidence(account.key, account.parent, "domain_family", kind + more, strength, near, said)
    return _by_name(asked, account, book, alike, name, phone, address, near) or _by_place(
        asked, account, book, phone, address, near
    )


def of_domain(host: str, domain: str, depth: int, ask: Ask, account: Account) -> Evidence:
    """The account's own domain was asked for, or a host below it."""
    said = f"{host} lies below its domain {domain}" if depth else f"{domain} is its domain"
    rank = 2 * depth + (domain != account.key)
    return Evidence(account.key, account.parent, "domain", "domain", 1.0, nearness(ask, account), said, rank)


def _by_name(
    asked: Asked,
    account: Account,
    book: Book,
    alike: Alike | None,
    name: str,
    phone: str | None,
    address: bool,
    near: int,
) -> Evidence | None:
    if alike is None or (asked.ask.claimed and not phone and not address):
        return None
    said = _name_said(asked, alike, name)
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


def _by_place(
    asked: Asked, account: Account, book: Book, phone: str | None, address: bool, near: int
) -> Evidence | None:
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


def _name(asked: Asked, account: Account, book: Book) -> tuple[Alike | None, str]:
    """The best likeness to one of its names, and that name."""
    best, best_name = None, ""
    if not asked.words:
        return None, ""
    for name in account.names:
        alike = compare(asked.words, name_words(name), book)
        if asked.name_key == name_key(name):  # run together or apart as a whole: `G T X Pro`, `GTXPro`
            alike = Alike(
                "whole", max(alike.strength if alike else 0.0, min(1.0, sum(map(book.weight, name_words(name)))))
            )
        if alike is not None and alike.kind == "initials" and not _only_one(asked, name, book):
            alike = None
        if alike is not None and (best is None or _order(alike) > _order(best)):
            best, best_name = alike, name
    for label in filter(None, map(label_of, account.domains)):
        alike = _by_label(asked, plain_label(label), account)
        if alike is not None and (best is None or _order(alike) > _order(best)):
            best, best_name = alike, label
    return best, best_name


_KINDS: Final[dict[Likeness, int]] = {
    "whole": 7, "spelt": 6, "inside": 5, "initials": 4, "part": 3, "slipped": 2, "brand": 1, "begins": 0,
}  # fmt: skip


def _order(alike: Alike) -> tuple[float, int]:
    return alike.strength, _KINDS[alike.kind]


def _by_label(asked: Asked, label: str, account: Account) -> Alike | None:
    """The name typed is the label of its domain, or holds it where it is the initials of its name: aep.com says that
    American Electric Power calls itself AEP."""
    if label == asked.name_key and stands_alone(label):
        return Alike("whole", 1 / FULL)
    if label in asked.words and any(initials(name_words(name)) == label for name in account.names):
        return Alike(
            "whole" if len(asked.words) == 1 else "inside", 1 / FULL * (1.0 if asked.words[0] == label else 0.8)
        )
    return None


def _only_one(asked: Asked, name: str, book: Book) -> bool:
    """Initials stand for a name where one account alone could be meant."""
    short = initials(name_words(name))
    if short is None or short not in asked.words:
        short = initials(asked.words)
    return short is not None and book.with_initials(short) == 1


def _family(asked: Asked, account: Account, book: Book) -> tuple[str, float, str] | None:
    """(relation, strength, the account's domain or name) of the asked domain's label."""
    if asked.label is None:
        return None
    best: tuple[str, float, str] | None = None
    for domain in account.domains:
        label = label_of(domain)
        found = related(asked.label, label) if label else None
        if found is not None and (best is None or _RELATIONS[found[0]] > _RELATIONS[best[0]]):
            best = found[0], label_strength(found[1], book), domain
    if best is None:
        plain = plain_label(asked.label)
        name = next((name for name in account.names if name_key(name) == plain), None)
        best = None if name is None else ("name", label_strength(plain, book), name)
    return best


_AGREE: Final = frozenset(("whole", "spelt", "inside", "part", "initials"))
_RELATIONS: Final = {"label": 2, "affix": 1, "subbrand": 0}


def label_strength(label: str, book: Book) -> float:
    """0..1: how sure one owner has this label under every ending. 0 where it is short or common: then only together with
    a name, a phone number or an address."""
    if not stands_alone(label) or book.weight(label) < COMMON:
        return 0.0
    return min(1.0, len(label) / 10)


def _name_said(asked: Asked, alike: Alike | None, name: str) -> str:
    if alike is None:
        return ""
    typed = asked.ask.name or ""
    match alike.kind:
        case "whole":
            return f'"{_short(typed)}" is its name'
        case "spelt":
            return f'"{_short(typed)}" is its name "{_short(name)}" but for the spelling'
        case "inside":
            return f'its name "{_short(name)}" stands in "{_short(typed)}"'
        case "slipped":
            return f'its name "{_short(name)}" stands in "{_short(typed)}" but for the spelling'
        case "initials":
            return f'"{_short(typed)}" has the initials of "{_short(name)}", and no other account has'
        case "part":
            return f'"{_short(typed)}" is part of its name "{_short(name)}"'
        case _:
            return f'"{_short(typed)}" begins like its name "{_short(name)}"'


def _family_said(asked: Asked, relation: str, known: str) -> str:
    match relation:
        case "label":
            return f"{asked.ask.domain} is its domain {known} under another ending"
        case "affix":
            return f"{asked.ask.domain} is its domain {known} with a word that says nothing"
        case "subbrand":
            return f"{asked.ask.domain} begins like its domain {known}"
        case _:
            return f'{asked.ask.domain} is made of its name "{_short(known)}"'


def _short(text: str) -> str:
    text = " ".join(text[:200].split())
    return text if len(text) <= 60 else f"{text[:57]}..."
