"""From the claims of a file to what a person wants to know: dead lines, partly dead rules, gaps, owners out of reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from graph.domain.table import Account, RoutingTable
from graph.rules.proof.claims import Claim, claims_of
from graph.rules.proof.clashes import clashing_keys
from graph.rules.proof.order import Order
from graph.rules.proof.presence import PoolGaps, Presence, calendar_gaps
from graph.rules.proof.reach import unreached
from graph.rules.proof.results import Dead, Falls, Gap, Partly, Proof, Witness
from graph.rules.proof.space import Space
from graph.rules.proof.spans import common, without


def prove(table: RoutingTable, now: datetime, gaps: PoolGaps = calendar_gaps) -> Proof:
    """All that can be said about the file from `now` on; who works is looked at for the next 90 days.

    now: with a time zone. A rule or an account that starts later counts: it is dead only when its last day is over.
    """
    conditions = {f"rules.{rule.id}": rule.condition for rule in table.rules}
    space = Space(
        conditions.values(),
        [spot.place for entry in table.map for spot in entry.spots],
        [spot.place.country for region in table.regions.values() for spot in region.spots],
    )
    presence = Presence(table, now, gaps)
    claims = claims_of(table, space, presence)
    empty = list(_empty_pools(table, presence))
    absent = presence.person(table.default.to.email or "")
    times = [common(claim.due, gap.spans) for gap in empty for claim in claims if claim.to.pool == gap.name]
    order = Order(claims, space, now, [absent, *times])
    alive = [bool(claim.may) and order.left(number) is not None for number, claim in enumerate(claims)]
    dead = [
        _dead(number, claims, order, lambda name: clashing_keys(space, conditions[name]))
        for number in range(len(claims))
        if not alive[number]
    ]
    accounts, live_accounts = _accounts(table, presence)
    targets = [claim.to for number, claim in enumerate(claims) if alive[number]] + [table.default.to]
    gone = order.unclaimed(spans=absent) if absent else None
    return Proof(
        dead=(*dead, *accounts),
        partly=tuple(_partly(claims, alive, order)),
        gaps=(
            *([Gap("DEFAULT", "DEFAULT", absent, table.default.to.email, gone)] if gone else []),
            *(replace(gap, witness=_left_alone(gap, claims, order)) for gap in empty),
        ),
        unreached=tuple(unreached(table, presence, [*targets, *(account.owner for account in live_accounts)])),
        falls=tuple(_falls(space, order)),
    )


def _dead(number: int, claims: Sequence[Claim], order: Order, clash: Callable[[str], tuple[str, ...]]) -> Dead:
    claim = claims[number]
    if not claim.asked:
        return Dead(claim.name, "contradiction", clash(claim.name))
    if not claim.may:
        return Dead(claim.name, "gone" if claim.due else "ended", witness=order.asked_for(number))
    taken = order.loses(number)
    assert taken is not None, "a dead claim that has leads loses them"
    by = tuple(claims[other].name for other in order.covering(number))
    return Dead(claim.name, "covered", by, taken[2], claims[taken[0]].name)


def _accounts(table: RoutingTable, presence: Presence) -> tuple[list[Dead], list[Account]]:
    """Those that are over or whose owner is gone, and the others: a company that is named is reached by its own leads."""
    dead, alive = [], []
    for account in table.accounts:
        due = presence.window(account.window)
        if due and without(due, presence.closed(account.owner)):
            alive.append(account)
        else:
            dead.append(Dead(f"accounts.{account.domain}", "gone" if due else "ended"))
    return dead, alive


def _partly(claims: Sequence[Claim], alive: Sequence[bool], order: Order) -> Iterator[Partly]:
    """Rules that lose some leads; for a key of the map that is what rules are for."""
    for number, claim in enumerate(claims):
        if alive[number] and claim.name.startswith("rules."):
            lost = order.loses(number)
            if lost is not None:
                first, more, witness = lost
                yield Partly(claim.name, claims[first].name, witness, more)


def _empty_pools(table: RoutingTable, presence: Presence) -> Iterator[Gap]:
    """Pools with nobody at some time, and those that hand leads on to somebody who is not there. A pool that only runs
    out of caps passes its leads to the lines behind, as it says."""
    for pool in table.pools.values():
        heir = pool.if_none
        if heir is None:
            if spans := presence.empty(pool):
                yield Gap("pool", pool.name, spans)
        elif heir.pool is None and (away := presence.person(heir.email or "")):
            spans = common(presence.handing_on(pool), away)
            if spans:
                yield Gap("if_none", pool.name, spans, heir.email)


def _left_alone(gap: Gap, claims: Sequence[Claim], order: Order) -> Witness | None:
    """A lead that comes to the pool while nobody is there."""
    for number, claim in enumerate(claims):
        if claim.to.pool == gap.name:
            witness = order.comes(number, common(claim.due, gap.spans))
            if witness is not None:
                return witness
    return None


def _falls(space: Space, order: Order) -> Iterator[Falls]:
    """A lead that comes to DEFAULT from each country of the file, from any other, and from an unknown one."""
    places = space.places
    for country, mask in ((None, 1), *places.of_country.items(), ("*", places.elsewhere)):
        witness = order.unclaimed(place=mask) if mask else None
        if witness is not None:
            yield Falls(country, witness)
