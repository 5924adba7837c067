"""What is compared of a person, made once a lead: name, phone, mailbox, company; and the keys under which one is looked up.

A key joins a part of the name with something that few share (a phone, a company), so that a look-up never has to read all
people of a common name. Two people may share a key: it finds candidates, `evidence` judges them.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from graph.domain.person import Who
from graph.rules.company_names import company_key
from graph.rules.domains import mailbox_type, registrable
from graph.rules.mailboxes import reader_of
from graph.rules.people.names import Name, read_name

_SHORTEST_COMPANY = 3


class Traits(NamedTuple):
    """mailbox: letters and digits of what stands before the @ (without a `+tag`), None for role addresses; digits: the digits
    behind its letters; host: all behind the @; free: a private address. domains: company domains that the lead stands for;
    labels: what these and the company's typed name come down to (`acme`); typed: the company's name as a key."""

    who: Who
    name: Name | None
    phone: str | None
    mailbox: str | None
    digits: str
    host: str
    free: bool
    domains: frozenset[str]
    labels: frozenset[str]
    typed: str


class Mailbox(NamedTuple):
    """What an address says of its person, as `Traits` has it."""

    mailbox: str | None
    digits: str
    host: str
    free: bool


@lru_cache(1_024)
def mailbox_of(email: str | None) -> Mailbox:
    """The address taken apart; empty where there is none."""
    local, _, host = (email or "").rpartition("@")
    plain = local.partition("+")[0]
    if not plain.isalnum():
        plain = "".join(filter(str.isalnum, plain))
    letters = plain.rstrip("0123456789")
    persons = bool(letters) and reader_of(f"{local.lower()}@{host}") == "person"
    free = bool(host) and mailbox_type(host) == "free"
    return Mailbox(letters if persons else None, plain[len(letters) :], host, free)


def domains_of(who: Who, box: Mailbox) -> set[str]:
    """The company domains that a lead stands for: its own, its parent's, and its work address's."""
    domains = {domain for domain in (who.domain, who.parent_domain) if domain}
    if box.host and not box.free and (own := registrable(box.host)):
        domains.add(own)
    return domains


@lru_cache(1_024)  # a batch's own, and whoever shares a key with many and is compared again and again
def traits_of(who: Who) -> Traits:
    box = mailbox_of(who.email)
    domains = domains_of(who, box)
    typed = company_key(who.company) if who.company else ""
    labels = {_label(domain) for domain in domains}
    if len(typed) >= _SHORTEST_COMPANY:
        labels.add(typed)
    else:
        typed = ""
    return Traits(who, read_name(who.full_name), who.phone, *box, frozenset(domains), frozenset(labels), typed)


@lru_cache(1_024)
def _label(domain: str) -> str:
    """`acme` of acme.com and of acme.co.uk; a key that has no dots is itself."""
    return domain.removeprefix("name:").partition(".")[0].replace("-", "")


def keys_of(traits: Traits) -> tuple[int, ...]:
    """The keys under which this person is found, as 64-bit integers: each word of the name with the initial of the other,
    and the mailbox's name, beside the phone, and beside each company. Keys beside the same company or phone are
    neighbours, so that an index has them on one page."""
    name, made = traits.name, list[tuple[str, str]]()
    labels = sorted(traits.labels)
    if name is not None:
        around = [traits.phone, *labels] if traits.phone else labels
        # whichever order is typed, the two words give the same two keys
        parts = {f"{name.last} {name.first[:1]}", f"{name.first} {name.last[:1]}"} if name.last else {name.first}
        made = [(at, f"n|{part}") for part in sorted(parts) if not _initials(part) for at in around]
    if traits.mailbox is not None and not traits.free and len(traits.mailbox) >= _SHORTEST_COMPANY:
        made += [(at, f"m|{traits.mailbox}") for at in labels]
    return tuple(dict.fromkeys([_key(at, part) for at, part in made]))


def _initials(part: str) -> bool:
    return len(part) == 3 and part[1] == " "


def _key(at: str, part: str) -> int:
    return int.from_bytes(_hashed(at) + _hashed(part), signed=True)


@lru_cache(1_024)
def _hashed(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=4).digest()
