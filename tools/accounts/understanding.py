"""Texts about one account, by field, as an entry of the book. What cannot be used is a fault with its fix; a place, an
industry, a phone or an owner that is not in our vocabulary is kept as typed and counted, and says nothing until it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from graph.domain.values import value
from graph.rules.aliases import NONE, Aliases, meaning
from graph.rules.countries import country_code, country_names
from graph.rules.emails import read_address
from graph.rules.firmographics import industry_names, industry_of
from graph.rules.phones import e164
from graph.rules.spelling import clear_meaning
from graph.rules.states import state_code, state_names
from graph.rules.text import choice, fold
from tools.accounts import cells
from tools.accounts.cells import Bad
from tools.accounts.scratch import Entry
from tools.accounts.telling import NAME, key_of

_PLAIN: Final = {"name": 200, "city": 100, "postal": 20, "street": 200, "funding_stage": 60, "id": 200}
_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "domains": cells.domains, "aliases": cells.names, "employees": cells.employees, "technologies": cells.listed,
    "hiring": cells.listed, "job_posts": cells.job_posts,
}  # fmt: skip
_SHOWN: Final = 60
_MOST_KINDS: Final = 10_000
_MOST_MEANINGS: Final = 200  # looked for: one takes some milliseconds


@value(frozen=True)
class Fault:
    """A cell that cannot be used; without a column the whole line. what: what is wrong and how to mend it."""

    line: int
    column: str
    typed: str
    what: str

    def __str__(self) -> str:
        cell = f"{self.column} {self.typed[:_SHOWN]!r} " if self.column else ""
        return f"line {self.line}: {cell}{self.what}"


@dataclass(slots=True)
class Unknown:
    """A spelling that was kept as typed. fix: what it may mean, or how it is written."""

    column: str
    typed: str
    first_line: int
    count: int = 1
    fix: str | None = None


@dataclass(slots=True)
class Understanding:
    """Reads texts, and keeps count of what it did not understand. revenue_unit: what a number of revenue counts, in US
    dollars; None: dollars, unless they look like something else. aliases: the routing file's. owners: e-mail address by
    name as `fold` has it. lenient: an account with a bad domain goes by its name."""

    revenue_unit: int | None = None
    aliases: Aliases = field(default_factory=lambda: NONE)
    owners: Mapping[str, str] = field(default_factory=dict)
    lenient: bool = False
    faults: list[Fault] = field(default_factory=list)
    unknown: dict[tuple[str, str], Unknown] = field(default_factory=dict)
    cheap: int = 0
    both: int = 0
    """Accounts with revenue and people, and those of them with less than 100 dollars for each: a slip of the unit."""

    def entry(self, texts: Mapping[str, str], line: int) -> Entry | None:
        """None where the account cannot be named; each fault is in `faults` then and otherwise."""
        fields: dict[str, Any] = {}
        for name, longest in _PLAIN.items():
            if (typed := texts.get(name)) and (text := choice(typed, longest)):
                fields[name] = text
        for name, read in _READ.items():
            self._cell(fields, name, texts, read, line)
        self._cell(fields, "revenue_usd", texts, partial(cells.revenue, unit=self.revenue_unit or 1), line)
        self._place(fields, texts, line)
        self._vocabulary(fields, texts, line)
        parent_number = self._parents(fields, texts, line)
        key = self._key(fields, texts, line)
        if (revenue := fields.get("revenue_usd")) and (people := fields.get("employees")):
            self.both += 1
            self.cheap += revenue < 100 * people
        return None if key is None else Entry(key, line, fields, fields.get("id"), parent_number)

    def unit_looks_wrong(self) -> bool:
        """A file in thousands or millions, and nobody said what it is in."""
        return self.revenue_unit is None and self.both >= 5 and self.cheap >= 0.8 * self.both

    def _cell(
        self, fields: dict[str, Any], name: str, texts: Mapping[str, str], read: Callable[[str], Any], line: int
    ) -> None:
        typed = texts.get(name)
        if not typed or (text := choice(typed, 20_000)) is None:
            return
        try:
            found = read(text)
        except Bad as error:
            self.faults.append(Fault(line, name, text, str(error)))
        else:
            if found not in (None, "", []):
                fields[name] = found

    def _key(self, fields: dict[str, Any], texts: Mapping[str, str], line: int) -> str | None:
        """Its domain; without one the first of its domains; without any its name."""
        before = len(self.faults)
        held: dict[str, Any] = {}
        self._cell(held, "domain", texts, cells.domain, line)
        if len(self.faults) > before and not self.lenient:
            return None
        further = fields.get("domains", [])
        own = held.get("domain") or (further[0] if further else None)
        if rest := [domain for domain in further if domain != own]:
            fields["domains"] = rest
        else:
            fields.pop("domains", None)
        key = key_of(own, fields.get("name"))
        if key is None:
            name = fields.get("name")
            what = "holds no letter or digit" if name else "and domain are blank"
            self.faults.append(Fault(line, "name", name or "", f"{what}; give the account a name or a domain"))
        return key

    def _place(self, fields: dict[str, Any], texts: Mapping[str, str], line: int) -> None:
        country = None
        if (typed := texts.get("country")) and (text := choice(typed, 100)):
            country = country_code(text) or meaning(self.aliases, "country", text)
            if country:
                fields["country"] = country
            else:
                self._not_understood(fields, "country", text, line, country_names)
        if (typed := texts.get("state")) and (text := choice(typed, 100)):
            known = country is not None or not texts.get("country")
            state = (state_code(text, country) or meaning(self.aliases, "state", text)) if known else None
            if state and country in (None, state[:2]):
                fields["state"] = state
                fields.setdefault("country", state[:2])
            else:
                self._not_understood(fields, "state", text, line, partial(state_names, country) if country else None)
        if (typed := texts.get("phone")) and (text := choice(typed, 60)):
            if phone := e164(text, fields.get("country")):
                fields["phone"] = phone
            else:
                self._not_understood(fields, "phone", text, line, None, "write it as +1 415 555 0132")

    def _vocabulary(self, fields: dict[str, Any], texts: Mapping[str, str], line: int) -> None:
        if (typed := texts.get("industry")) and (text := choice(typed, 100)):
            if industry := industry_of(text) or meaning(self.aliases, "industry", text):
                fields["industry"] = industry
            else:
                self._not_understood(fields, "industry", text, line, industry_names)
        if (typed := texts.get("owner")) and (text := choice(typed, 320)):
            address = read_address(text)
            if owner := address.email if address else self.owners.get(fold(text)):
                fields["owner"] = owner
            else:
                self._not_understood(fields, "owner", text, line, None, "write an e-mail address")

    def _parents(self, fields: dict[str, Any], texts: Mapping[str, str], line: int) -> str | None:
        """The parent's number. A domain says who is meant better than a name."""
        said = choice(texts.get("parent_domain"), 300) or choice(texts.get("parent"), 300)
        number = choice(texts.get("parent_id"), 200)
        held: dict[str, Any] = {}
        self._cell(held, "ownership_pct", texts, cells.ownership, line)
        share = held.get("ownership_pct")
        if said and key_of(None, said.removeprefix(NAME)) is None:
            self.faults.append(Fault(line, "parent", said, "holds no letter or digit; write its name or domain"))
        elif said or number:
            fields["parents"] = [[said or "", share]]
        elif share is not None:
            self.faults.append(
                Fault(
                    line, "ownership_pct", texts["ownership_pct"], "is a share of nobody; name the parent, or clear it"
                )
            )
        return number

    def _not_understood(
        self,
        fields: dict[str, Any],
        column: str,
        text: str,
        line: int,
        names: Callable[[], Mapping[str, str]] | None,
        fix: str | None = None,
    ) -> None:
        fields.setdefault("typed", {})[column] = text
        if (held := self.unknown.get((column, text))) is not None:
            held.count += 1
        elif len(self.unknown) < _MOST_KINDS:
            meant = clear_meaning(text, names()) if names and len(self.unknown) < _MOST_MEANINGS else None
            said = fix if meant is None else f"did you mean {meant}?"
            self.unknown[(column, text)] = Unknown(column, text, line, 1, said)
