"""Company facts from the book of known accounts: what imports, the CRM and the bundled table say, merged, with the family.

An account that is not in the book is Absent; nothing is estimated. What was read is kept in the process until the book has
another version, so that a lead of a known company costs a look into a dictionary.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from graph.domain.account import CompanyProfile, JobPost
from graph.domain.evidence import Dispute, Origin
from graph.domain.facts import Absent, Fact, Found, Unavailable
from graph.ports import CompanyAsk
from graph.rules.company_names import company_key
from tools.accounts.book import Kin, kin_of
from tools.accounts.merging import Account
from tools.accounts.telling import NAME
from tools.embedded.performing import DOWN
from tools.store.book import Line, State, accounts_meant, bearers, state_of

LARGEST_FAMILY: Final = 500
"""Keys that a profile lists of its family: the first so many in their order, and in any case the account's own."""
_KEPT: Final = 10_000
_FACTS: Final = (
    "name", "employees", "revenue_usd", "industry", "country", "state", "city", "funding_stage", "owner",
)  # fmt: skip
_OF_PARENT: Final = {
    "parent_name": "name", "parent_employees": "employees", "parent_revenue_usd": "revenue_usd", "parent_owner": "owner",
}  # fmt: skip


@dataclass(slots=True)
class _Kept:
    """What was read of one state of the book. names: by name for comparing, the only account that bears it."""

    state: State
    profiles: dict[str, CompanyProfile | None] = field(default_factory=dict)
    names: dict[str, str | None] = field(default_factory=dict)


class BookEnrichment:
    """Implements `Enrichment` over the book.

    An ask is answered by its domain, which may be the key of an account without one (`name:...`); without a domain by the
    company's name, where only one account bears it and the name was not merely claimed. refresh_s: how often the book is
    asked for its version, and so how late a change is seen.
    """

    source = "accounts"

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        *,
        refresh_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._executor, self._refresh_s, self._clock = engine, executor, refresh_s, clock
        self._kept = _Kept(State(-1))
        self._looked_at = float("-inf")

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        """One fact for each ask, in order. The database is asked only for accounts that are new to this process."""
        wanted = [_wanted(ask) for ask in asks]
        kept = self._kept
        missing = {one for one in wanted if one and not _is_kept(kept, one)}
        if missing or self._clock() - self._looked_at >= self._refresh_s:
            try:
                kept = await asyncio.get_running_loop().run_in_executor(self._executor, self._read, set(wanted), kept)
            except DOWN:
                return [self._known(kept, one, now, Unavailable(self.source, now, "unreachable")) for one in wanted]
            if kept.state.version >= self._kept.state.version:  # another batch may have seen a newer one meanwhile
                self._kept, self._looked_at = kept, self._clock()
        absent = Absent(self.source, now)
        return [self._known(kept, one, now, absent) for one in wanted]

    def _known(
        self, kept: _Kept, wanted: str | None, now: datetime, otherwise: Absent | Unavailable
    ) -> Fact[CompanyProfile]:
        if wanted is None:
            return Absent(self.source, now)
        key = kept.names.get(wanted[1:]) if wanted[0] == "?" else wanted
        profile = kept.profiles.get(key) if key is not None else None
        return otherwise if profile is None else Found(profile, self.source, now)

    def _read(self, wanted: set[str | None], kept: _Kept) -> _Kept:
        """What is kept, or a new one for a new state of the book, with what is wanted in it."""
        with self._engine.connect() as connection:
            state = state_of(connection)
            if state != kept.state or len(kept.profiles) > _KEPT:
                kept = _Kept(state)
            missing = [one for one in wanted if one and not _is_kept(kept, one)]
            names = [one[1:] for one in missing if one[0] == "?"]
            keys = {one for one in missing if one[0] != "?"}
            found = bearers(connection, state.version, names)
            only = {name: found[name][0] if len(found.get(name, ())) == 1 else None for name in names}
            keys |= {key for key in only.values() if key is not None}
            meant = accounts_meant(connection, state.version, [key for key in keys if key.startswith(NAME)])
            kin = kin_of(connection, state, sorted({meant.get(key, key) for key in keys}), LARGEST_FAMILY)
        for key in keys:
            account = kin.accounts.get(meant.get(key, key))
            kept.profiles[key] = None if account is None else profile_of(account, kin)
        kept.names.update(only)  # at last: who sees a name must find its account
        return kept


def _wanted(ask: CompanyAsk) -> str | None:
    """A key; a name for comparing behind `?`, which no key begins with; None for nothing to look for."""
    if ask.domain is not None:
        return ask.domain.casefold() or None
    name = company_key(ask.name) if ask.name and not ask.claimed else ""
    return f"?{name}" if name else None


def _is_kept(kept: _Kept, wanted: str) -> bool:
    return wanted[1:] in kept.names if wanted[0] == "?" else wanted in kept.profiles


def profile_of(account: Account, kin: Kin) -> CompanyProfile:
    """As `Enrichment` answers it: the parent is the ultimate one, None for who belongs to nobody else; the family is who
    stands under the same head, itself included, sorted; see LARGEST_FAMILY."""
    head = kin.head_of(account.key)
    values: dict[str, Any] = {name: account.fields.get(name) for name in _FACTS}
    origins = [Origin(name, said.source, said.at) for name, said in account.said_by.items() if name in _SHOWN]
    if head != account.key:
        parent, line = kin.accounts.get(head), kin.lines.get(head)
        values |= {"parent_domain": head, **_parent(parent, line)}
        if parent is not None:
            origins += [
                Origin(name, parent.said_by[of].source, parent.said_by[of].at)
                for name, of in _OF_PARENT.items()
                if of in parent.said_by
            ]
    return CompanyProfile(
        domain=account.key,
        technologies=tuple(account.fields.get("technologies", ())),
        hiring=tuple(account.fields.get("hiring", ())),
        job_posts=tuple(map(_post, account.fields.get("job_posts", ()))),
        family=_family(account.key, kin.members.get(head, [account.key])),
        origins=tuple(origins),
        disputes=tuple(
            Dispute(name, said.source, _text(said.fields[name])) for name, said in account.others if name in _SHOWN
        ),
        **values,
    )


_SHOWN: Final = frozenset((*_FACTS, "technologies", "hiring", "job_posts"))


def _parent(parent: Account | None, line: Line | None) -> dict[str, Any]:
    """A head that is no account is known by its key, and by the name under which it was said to be a parent."""
    if parent is None:
        return {"parent_name": line.name if line else None}
    return {name: parent.fields.get(of) for name, of in _OF_PARENT.items()}


def _family(key: str, members: list[str]) -> tuple[str, ...]:
    if key in members or len(members) < LARGEST_FAMILY:
        return tuple(members)
    return tuple(sorted([*members[:-1], key]))


def _post(post: list[Any]) -> JobPost:
    title, posted_at, text = post
    return JobPost(title, datetime.fromisoformat(posted_at) if posted_at else None, text)


def _text(said: Any) -> str:
    return ";".join(map(str, said)) if isinstance(said, list) else str(said)
