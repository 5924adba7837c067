"""From the claims of a file to what a person wants to know: dead lines, partly dead rules, gaps, owners out of reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from graph.domain.table import Account, Pool, RoutingTable
from graph.rules.proof.claims import Claim, claims_of
from graph.rules.proof.order import Order
from graph.rules.proof.presence import PoolGaps, Presence
from graph.rules.proof.reach import unreached
from graph.rules.proof.results import Dead, Falls, Gap, Partly, Proof
from graph.rules.proof.space import Space
from graph.rules.proof.spans import Spans, common, without


def prove(table: RoutingTable, now: datetime, gaps: PoolGaps) -> Proof:
    """All that can be said about the file from `now` on; who works is looked at for the next 90 days.

    now: with a time zone. gaps: the calendar of pools. An account or a rule with dates in the future counts: it is not
    dead before its last day is over.
    """
    space = Space([rule.condition for rule in table.rules], [spot.place for key in table.map for spot in key.spots])
    presence = Presence(table, now, gaps)
    claims = claims_of(table, space, presence)
    absent = presence.person(table.default.to.email or "")
    order = Order(claims, space, now, [absent])
    alive = [bool(claim.may) and order.left(number) is not None for number, claim in enumerate(claims)]
    dead = [_dead(number, claims, order) for number in range(len(claims)) if not alive[number]]
    accounts, live_accounts = _accounts(table, presence)
    targets = [claim.to for number, claim in enumerate(claims) if alive[number]] + [table.default.to]
    return Proof(
        dead=(*dead, *accounts),
        partly=tuple(_partly(claims, alive, order)),
        gaps=tuple(_gaps(table, presence, order, absent)),
        unreached=tuple(unreached(table, presence, [*targets, *(account.owner for account in live_accounts)])),
        falls=tuple(_falls(space, order)),
    )


def _dead(number: int, claims: Sequence[Claim], order: Order) -> Dead:
    claim = claims[number]
    if not claim.asked:
        return Dead(claim.name, "contradiction")
    if not claim.due:
        return Dead(claim.name, "ended")
    if not claim.may:
        return Dead(claim.name, "gone")
    return Dead(claim.name, "covered", tuple(claims[other].name for other in order.covering(number)))


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


def _gaps(table: RoutingTable, presence: Presence, order: Order, absent: Spans) -> Iterator[Gap]:
    if absent and (witness := order.unclaimed(spans=absent)):
        yield Gap("DEFAULT", "DEFAULT", absent, table.default.to.email, witness)
    for pool in table.pools.values():
        yield from _pool_gaps(pool, presence)


def _pool_gaps(pool: Pool, presence: Presence) -> Iterator[Gap]:
    heir = pool.if_none
    if heir is None:
        if spans := presence.empty(pool):
            yield Gap("pool", pool.name, spans)
    elif heir.pool is None and (away := presence.person(heir.email or "")):
        spans = common(presence.handing_on(pool), away)
        if spans:
            yield Gap("if_none", pool.name, spans, heir.email)


def _falls(space: Space, order: Order) -> Iterator[Falls]:
    """A lead that comes to DEFAULT from each country of the file, from any other, and from an unknown one."""
    places = space.places
    for country, mask in ((None, 1), *places.of_country.items(), ("*", places.elsewhere)):
        witness = order.unclaimed(place=mask) if mask else None
        if witness is not None:
            yield Falls(country, witness)
