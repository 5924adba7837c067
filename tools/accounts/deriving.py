"""Works the families of a version out of what it tells, and writes what is new of them.

The whole book at once: a parent told by a name means another account as soon as a second one bears that name. What a
million accounts keep in memory is a parent and a head for each link, nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine

from graph.rules.domains import registrable
from graph.rules.families import Claim, Standing, families, standing
from tools.accounts.merging import rank_of
from tools.accounts.telling import NAME, meant_by
from tools.store import book_links
from tools.store.book_writing import Writing

NAMED: Final = 50
"""Of disputes and circles that are named; all are counted. Also the most holdings that an owner's line lists."""
_ROWS: Final = 2_000
_SIGN: Final = 100_000  # claims between two signs of life

Row = tuple[Any, ...]
Said = tuple[str, float | None]


@dataclass(slots=True)
class Derived:
    """families: heads with somebody below them. disputes: (account, who is claimed to be its parent). circles: each a
    list of (account, parent, source of the claim), from child to parent."""

    families: int = 0
    links: int = 0
    disputed: int = 0
    minority: int = 0
    own_parents: int = 0
    own_parent_keys: list[str] = field(default_factory=list)
    disputes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    circles: list[list[tuple[str, str, str]]] = field(default_factory=list)
    changed: int = 0

    def figures(self) -> dict[str, int]:
        return {
            "families": self.families, "links": self.links, "disputed": self.disputed, "minority": self.minority,
            "circles": len(self.circles),
        }  # fmt: skip


class Deriving:
    """The families of one version; `work_out` first, `write` then. order: of sources, the most believed first."""

    def __init__(self, engine: Engine, version: int, order: Sequence[str], alive: Callable[[], None]) -> None:
        self._engine, self._version, self._order, self._alive = engine, version, order, alive
        self._same: dict[str, str] = {}  # key of a name without a domain -> the account that it means
        self._meant: dict[tuple[str, str], tuple[str, ...]] = {}  # (parent as said, source) -> who it may be
        self._names: dict[str, str] = {}  # of parents that are no accounts, as said
        self._parents: dict[str, str] = {}
        self._by: dict[str, tuple[str, float | None]] = {}  # (source, share) of the parent; few different ones
        self._odd: dict[str, Standing] = {}  # accounts of which more is to say than their parent
        self._holds: dict[str, list[tuple[str, float | None]]] = defaultdict(list)
        self._heads: dict[str, str] = {}
        self.found = Derived()

    def work_out(self) -> Derived:
        with self._engine.connect() as connection:
            self._find_same(connection)
            self._find_meant(connection)
            self._decide(connection)
        self._break_circles()
        self._heads = families(self._parents).ultimate
        below = (head for key, head in self._heads.items() if key != head)
        self.found.families = len(set(below))
        self.found.links = len(self._parents)
        return self.found

    def write(self, writing: Writing) -> None:
        """Ends the lines that no longer hold and adds those that now do; others are left alone."""
        rows = self._rows()
        with self._engine.connect() as connection:
            some_before = next(book_links.open_line_keys(connection), None) is not None
        while page := list(islice(rows, _ROWS)):
            if some_before:
                page = self._only_new(page, writing)
            writing.line_up(page)
            self.found.changed += len(page)
        if some_before:
            self._end_the_rest(writing)

    # who is meant

    def _find_same(self, connection: Connection) -> None:
        """A name without a domain means the only account that bears it and is not told to be in another country."""
        bearers: dict[str, dict[str, bool]] = {}
        for key, other, country, its_country in book_links.names_with_bearers(connection, self._version):
            fits = country is None or its_country is None or country == its_country
            held = bearers.setdefault(key, {})
            held[other] = held.get(other, True) and fits
        for key, others in bearers.items():
            fitting = [other for other, fits in others.items() if fits]
            if len(fitting) == 1:
                self._same[key] = fitting[0]

    def _find_meant(self, connection: Connection) -> None:
        claimed = book_links.claimed(connection, self._version)
        said = {(text, source) for _, source, parents in claimed for text, _ in orjson.loads(parents)}
        self._alive()
        words = {text: meant_by(text) for text, _ in said}
        domains = {one for domain, _ in words.values() if domain for one in (domain, registrable(domain) or domain)}
        there = book_links.existing(connection, self._version, sorted(domains))
        bearers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        names = sorted({name for _, name in words.values() if name})
        for bare, key, source in book_links.named(connection, self._version, names):
            bearers[bare][self._same.get(key, key)].add(source)
        open_words = {
            text: (domain, name)
            for text, (domain, name) in words.items()
            if not {domain, registrable(domain or "")} & there and name not in bearers
        }
        also = self._also(connection, open_words.values())
        for text, source in said:
            domain, name = words[text]
            own = _own(bearers.get(name or "", {}), source)
            self._meant[text, source] = self._who(text, domain, name, there, own, also)

    def _also(self, connection: Connection, words: Any) -> dict[str, set[str]]:
        """Accounts by further domain or name, of those that somebody names as a parent."""
        wanted = {word for domain, name in words for word in (domain, NAME + name if name else None) if word}
        found: dict[str, set[str]] = defaultdict(set)
        if wanted:
            for key, further in book_links.further(connection, self._version):
                for word in wanted.intersection(orjson.loads(further)):
                    found[word].add(self._same.get(key, key))
        return found

    def _who(
        self,
        text: str,
        domain: str | None,
        name: str | None,
        there: set[str],
        bearers: set[str],
        also: dict[str, set[str]],
    ) -> tuple[str, ...]:
        """The account meant, or those that it may be; a key of its own for somebody who is no account."""
        above = registrable(domain) if domain else None
        for key in (domain, above):
            if key is not None and key in there:
                return (key,)
        for known in (bearers, also.get(domain or ""), also.get(NAME + (name or ""))):
            if known:
                return tuple(sorted(known))
        if above is not None:
            return (above,)
        if name is None:
            return ()
        if not text.startswith(NAME):
            self._names[NAME + name] = min(text, self._names.get(NAME + name, text))
        return (NAME + name,)

    # who is whose

    def _decide(self, connection: Connection) -> None:
        """Account by account; those that several keys tell of wait until all of it was read."""
        several = set(self._same.values())
        waiting: dict[str, list[Claim]] = defaultdict(list)
        rows = enumerate(book_links.claimed(connection, self._version))
        for key, group in groupby(rows, lambda row: row[1][0]):
            account, claims = self._same.get(key, key), []
            for number, (_, source, parents) in group:
                claims += self._claims(source, orjson.loads(parents))
                if number % _SIGN == 0:
                    self._alive()
            if account in several:
                waiting[account] += claims
            else:
                self._settle(account, claims)
        for account in sorted(waiting):
            self._settle(account, waiting[account])

    def _claims(self, source: str, parents: list[list[Any]]) -> list[Claim]:
        rank = rank_of(source, self._order)
        return [Claim(one, source, rank, pct) for said, pct in parents for one in self._meant[said, source]]

    def _settle(self, account: str, claims: Sequence[Claim]) -> None:
        found = standing(account, claims)
        if found.parent is not None and found.by is not None:
            self._parents[account] = found.parent
            self._by[account] = _shared((found.by.source, found.by.pct))
        elif found.by is not None:
            self.found.own_parents += 1
            if len(self.found.own_parent_keys) < NAMED:
                self.found.own_parent_keys.append(account)
        if found.disputed:
            self.found.disputed += 1
            if len(self.found.disputes) < NAMED:
                self.found.disputes.append((account, tuple(one.parent for one in found.disputed)))
        for one in found.minority:
            self.found.minority += 1
            if len(self._holds[one.parent]) < NAMED:
                self._holds[one.parent].append((account, one.pct))
        if found.disputed or found.minority or found.outranked:
            self._odd[account] = found

    def _break_circles(self) -> None:
        """Nobody in a circle has a parent: no link of it is more to be doubted than another."""
        for members in families(self._parents).circles:
            self.found.circles.append([(one, self._parents[one], self._by[one][0]) for one in members])
            for one in members:
                del self._parents[one]

    # what is written

    def _rows(self) -> Iterator[Row]:
        """(key, account, parent, ultimate, state, name, links), each key once."""
        in_circle = {one: ring for ring in self.found.circles for one, _, _ in ring}
        seen = self._heads
        for key, account in self._same.items():
            yield (key, account, None, None, "", None, None)
        for key, head in seen.items():
            yield self._row(key, head, in_circle)
        for key in sorted(self._alone()):
            yield self._row(key, key, in_circle)

    def _alone(self) -> set[str]:
        """Who is in no family, and yet there is something to say of it."""
        named = {
            one.parent
            for odd in self._odd.values()
            for one in (*odd.disputed, *odd.minority, *odd.outranked)
            if one.parent in self._names
        }
        circled = {one for ring in self.found.circles for one, _, _ in ring}
        return {*self._odd, *self._holds, *named, *circled} - self._heads.keys()

    def _row(self, key: str, head: str, in_circle: dict[str, list[tuple[str, str, str]]]) -> Row:
        odd = self._odd.get(key)
        links: dict[str, Any] = {}
        state = "circle" if key in in_circle else "disputed" if odd and odd.disputed else ""
        if key in self._parents:
            links["parent"] = self._by[key]
        if odd is not None:
            for name in ("disputed", "minority", "outranked"):
                if said := getattr(odd, name):
                    links[name] = [(one.parent, one.source, one.pct) for one in said]
        if key in self._holds:
            links["holds"] = self._holds[key]
        if key in in_circle:
            links["circle"] = [(one, source, None) for one, _, source in in_circle[key][:NAMED]]
        told = orjson.dumps(links, option=orjson.OPT_SORT_KEYS).decode() if links else None
        return (key, None, self._parents.get(key), head, state, self._names.get(key), told)

    def _only_new(self, page: list[Row], writing: Writing) -> list[Row]:
        with self._engine.connect() as connection:
            held = book_links.open_lines(connection, [row[0] for row in page])
        writing.end_lines([row[0] for row in page if row[0] in held and held[row[0]] != row])
        return [row for row in page if held.get(row[0]) != row]

    def _end_the_rest(self, writing: Writing) -> None:
        alone = self._alone()
        with self._engine.connect() as connection:
            gone = (
                key
                for key in book_links.open_line_keys(connection)
                if key not in self._heads and key not in alone and key not in self._same
            )
            while page := list(islice(gone, 500)):
                writing.end_lines(page)
                self.found.changed += len(page)


def _own(bearers: dict[str, set[str]], source: str) -> set[str]:
    """Who bears a name; of several the one that the source itself tells of, if that is one: it means its own."""
    own = {key for key, sources in bearers.items() if source in sources}
    return own if len(own) == 1 else set(bearers)


_SHARES: dict[Said, Said] = {}


def _shared(share: Said) -> Said:
    """One object for all that are equal: a million links have a handful of (source, share)."""
    return _SHARES.setdefault(share, share) if len(_SHARES) < 10_000 else share
