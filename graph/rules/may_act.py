"""Who may do what with a lead. One rule for every way in; who somebody is was found out before.

    ask, judge the score   everybody whom the routing file names
    accept                 the owner, their manager, the members of the pool that gave the lead
    pass                   the owner, their manager
    touch, close           the owner, their manager, whoever accepted it

A lead whose owner is no person of the file (a team's mailbox) may be worked on by everybody whom the file names: nobody
can be that address. Whoever acts for the owner does not become the owner.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from graph.domain.table import RoutingTable, Target
from graph.rules.wording import first_name

Act: TypeAlias = Literal["accept", "pass", "touch", "close"]
_WORDS: Final[dict[Act, str]] = {
    "accept": "may accept this lead",
    "pass": "may pass this lead on",
    "touch": "may log its first touch",
    "close": "may close it",
}


def refusal(
    act: Act, by: str, owner: str, table: RoutingTable, pool: str | None = None, accepted_by: str | None = None
) -> str | None:
    """None where `by` may; else a sentence that says who may. pool: that gave the lead; accepted_by: who took it on."""
    person = table.people_by_email.get(owner)
    if by == owner or (person is None and by in named(table)):
        return None
    allowed = {person.manager} if person is not None and person.manager else set()
    if act == "accept" and pool in table.pools:
        allowed |= {member.email for member in table.pools[pool].members if member.active}
    if act in ("touch", "close") and accepted_by:
        allowed.add(accepted_by)
    if by in allowed:
        return None
    others = sorted(first_name(one) for one in allowed - {owner})
    who = [first_name(owner), *others]
    return f"Only {_or(who)} {_WORDS[act]}: it is {first_name(owner)}'s."


def _or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


@lru_cache(maxsize=16)
def named(table: RoutingTable) -> frozenset[str]:
    """Every address that the file names, in lower case."""
    return frozenset(email for email in _named(table) if email)


def _named(table: RoutingTable) -> Iterator[str | None]:
    for person in table.people.values():
        yield from (person.email if person.active else None, person.manager)
    for pool in table.pools.values():
        yield from (member.email for member in pool.members if member.active)
        yield _email(pool.if_none)
    yield from (_email(rule.to) for rule in table.rules)
    yield from (_email(account.owner) for account in table.accounts)
    yield from (_email(entry.to) for entry in (*table.map, table.default))


def _email(target: Target | None) -> str | None:
    return None if target is None else target.email
