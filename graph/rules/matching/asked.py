"""What is asked, of which accounts, in what book: the shapes that weighing looks at, and what an ask is derived into once."""

from __future__ import annotations

from typing import Protocol

from graph.rules.matching.labels import label_of
from graph.rules.matching.names import Vocabulary
from graph.rules.matching.places import Placed, address_key
from graph.rules.matching.tokens import name_key, name_words


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


class Asked:
    """An ask with what is derived from it once.

    hosts: see `hosts_of`; words, name_key: of its name; label: of its domain; address: of its place, for comparing."""

    __slots__ = ("address", "ask", "hosts", "label", "name_key", "words")

    def __init__(self, ask: Ask, hosts: tuple[str, ...] | None = None) -> None:
        """hosts: where they are known already."""
        name, domain = ask.name, ask.domain
        self.ask = ask
        self.hosts = hosts_of(ask) if hosts is None else hosts
        self.words = name_words(name) if name else ()
        self.name_key = name_key(name) if name else ""
        self.label = label_of(domain) if domain else None
        self.address = address_key(ask.street, ask.postal, ask.city) if ask.street else None


def hosts_of(ask: Ask) -> tuple[str, ...]:
    """The host asked for, then the domains above it down to the company's own: `eu.labs.acme.com, labs.acme.com,
    acme.com`."""
    domain, host = ask.domain, ask.host
    if domain is None:
        return ()
    if host is None or host == domain or not host.endswith(f".{domain}"):
        return (domain,)
    inner = host[: -len(domain) - 1].split(".")
    return (*(".".join((*inner[at:], domain)) for at in range(len(inner))), domain)
