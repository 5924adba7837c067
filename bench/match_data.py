"""Real companies to measure the matcher with, from the folder of development data (LEAD_DATA): subsidiaries named in SEC
Exhibit 21 with their parents, and domains that belong to one owner. None of it is part of the project.

Each is cut in two by parent or family: the table of confidence is measured on the even half, the tests print both.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graph.ports import CompanyAsk
from graph.rules.domains import company_domain, host_of
from graph.rules.matching.tokens import name_key, name_words
from tools.accounts.known import KnownAccount

FOLDER: Final = Path(os.environ.get("LEAD_DATA", Path(__file__).parents[2] / "shared" / "data"))
EX21: Final = FOLDER / "ex21"
FAMILIES: Final = FOLDER / "domain_families" / "shared-credentials.json"
DISPOSABLE: Final = FOLDER / "email_domains" / "disposable_email_blocklist.conf"
SHORTEST_BRAND: Final = 4


@dataclass(frozen=True, slots=True)
class Case:
    """An ask with the key of the account that it belongs to. group: its parent or family, which is never cut in two."""

    ask: CompanyAsk
    key: str
    group: str


def registered() -> list[KnownAccount]:
    """One account for each company of the register, under its number, with all titles it has there, and the parents."""
    titles: dict[str, dict[str, None]] = {}
    for row in json.loads((EX21 / "sec_company_tickers.json").read_text(encoding="utf-8")).values():
        titles.setdefault(str(row["cik_str"]), {})[row["title"]] = None
    for row in _edges():
        titles.setdefault(row["parent_cik"], {}).setdefault(row["parent_name"], None)
    return [KnownAccount(key, tuple(names)) for key, names in titles.items()]


def subsidiaries() -> list[Case]:
    """The subsidiaries; the account is the parent."""
    return [Case(CompanyAsk(None, row["subsidiary_name"]), row["parent_cik"], row["parent_cik"]) for row in _edges()]


def _edges() -> list[dict[str, str]]:
    with (EX21 / "subsidiary_to_parent_ship.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def families() -> list[tuple[str, ...]]:
    """The domains of each owner, the one that the others lead to first, else a .com."""
    found = []
    for entry in json.loads(FAMILIES.read_text(encoding="utf-8")):
        hosts = [*entry.get("to", ()), *entry.get("from", ()), *entry.get("shared", ())]
        if "shared" in entry:
            hosts.sort(key=lambda host: not host.endswith(".com"))
        found.append(tuple(hosts))
    return found


def family_cases(owners: Iterable[tuple[str, ...]]) -> tuple[list[KnownAccount], list[Case]]:
    """The first domain of each family as its account, the others as asks."""
    accounts, cases = [], []
    for hosts in owners:
        key = company_domain(hosts[0]) or hosts[0]
        if all(account.key != key for account in accounts):
            accounts.append(KnownAccount(key, (), (key,)))
        for host in hosts[1:]:
            bare = host_of(host)
            cases.append(Case(CompanyAsk(company_domain(bare), None, host=bare), key, hosts[0]))
    return accounts, cases


def others(taken: set[str]) -> list[KnownAccount]:
    """Thousands of other owners: the domains that registered companies would have, and disposable ones that are real."""
    found: dict[str, KnownAccount] = {}
    for account in registered():
        parts, title = name_words(account.names[0]), account.names[0]
        for label in dict.fromkeys((name_key(title), parts[0] if parts else "")):
            if len(label) >= SHORTEST_BRAND and label.isascii() and (domain := f"{label}.com") not in taken:
                found.setdefault(domain, KnownAccount(domain, (title,), (domain,)))
    for line in DISPOSABLE.read_text(encoding="utf-8").split():
        if line not in taken and (domain := company_domain(line)) is not None and domain not in taken:
            found.setdefault(domain, KnownAccount(domain, (), (domain,)))
    return list(found.values())


def halves(groups: Iterable[str]) -> dict[str, int]:
    """0 or 1 for each group: every second one, numbers in their order, names in that of their letters."""
    ordered = sorted({*groups}, key=lambda group: (len(group), group) if group.isdecimal() else (0, group))
    return {group: at % 2 for at, group in enumerate(ordered)}


def half(cases: Iterable[Case], wanted: int) -> Iterator[Case]:
    cases = list(cases)
    side = halves(case.group for case in cases)
    return (case for case in cases if side[case.group] == wanted)
