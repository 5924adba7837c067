"""From the claims of a file to what a person wants to know: dead lines, partly dead rules, gaps, owners out of reach."""

from __future__ import annotations

from collections.abc import Iterator
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
    return _Verdicts(table, now, gaps).proof()


class _Verdicts:
    """One file at one time. A claim is known by its number among `claims`."""

    def __init__(self, table: RoutingTable, now: datetime, gaps: PoolGaps) -> None:
        self._table = table
        self._conditions = {f"rules.{rule.id}": rule.condition for rule in table.rules}
        self._space = Space(
            self._conditions.values(),
            [spot.place for entry in table.map for spot in entry.spots],
            [spot.place.country for region in table.regions.values() for spot in region.spots],
        )
        self._presence = Presence(table, now, gaps)
        self._claims = claims = claims_of(table, self._space, self._presence)
        self._empty = list(_empty_pools(table, self._presence))
        self._no_default = self._presence.person(table.default.to.email or "")
        times = [common(claim.due, gap.spans) for gap in self._empty for claim in claims if claim.to.pool == gap.name]
        self._order = Order(claims, self._space, now, [self._no_default, *times])
        self._alive = [bool(claim.may) and self._order.left(at) is not None for at, claim in enumerate(claims)]

    def proof(self) -> Proof:
        dead, accounts = _accounts(self._table, self._presence)
        targets = [claim.to for claim, alive in zip(self._claims, self._alive, strict=True) if alive]
        targets += [self._table.default.to, *(account.owner for account in accounts)]
        return Proof(
            dead=(*(self._dead(at, claim) for at, claim in enumerate(self._claims) if not self._alive[at]), *dead),
            partly=tuple(self._partly()),
            gaps=tuple(self._gaps()),
            unreached=tuple(unreached(self._table, self._presence, targets)),
            falls=tuple(self._falls()),
        )

    def _dead(self, number: int, claim: Claim) -> Dead:
        if not claim.asked:
            return Dead(claim.name, "contradiction", clashing_keys(self._space, self._conditions[claim.name]))
        if not claim.may:
            return Dead(claim.name, "gone" if claim.due else "ended", witness=self._order.asked_for(number))
        taken = self._order.loses(number)
        assert taken is not None, "a dead claim that has leads loses them"
        by = tuple(self._claims[other].name for other in self._order.covering(number))
        return Dead(claim.name, "covered", by, taken[2], self._claims[taken[0]].name)

    def _partly(self) -> Iterator[Partly]:
        """Rules that lose some leads; for a key of the map that is what rules are for."""
        for number, claim in enumerate(self._claims):
            if self._alive[number] and claim.name in self._conditions:
                lost = self._order.loses(number)
                if lost is not None:
                    first, more, witness = lost
                    yield Partly(claim.name, self._claims[first].name, witness, more)

    def _gaps(self) -> Iterator[Gap]:
        witness = self._order.unclaimed(spans=self._no_default) if self._no_default else None
        if witness is not None:
            yield Gap("DEFAULT", "DEFAULT", self._no_default, self._table.default.to.email, witness)
        for gap in self._empty:
            yield replace(gap, witness=self._left_alone(gap))

    def _left_alone(self, gap: Gap) -> Witness | None:
        """A lead that comes to the pool while nobody is there."""
        found = (
            self._order.comes(number, common(claim.due, gap.spans))
            for number, claim in enumerate(self._claims)
            if claim.to.pool == gap.name
        )
        return next((witness for witness in found if witness is not None), None)

    def _falls(self) -> Iterator[Falls]:
        """A lead that comes to DEFAULT from each country of the file, from any other, and from an unknown one."""
        places = self._space.places
        for country, mask in ((None, 1), *places.of_country.items(), ("*", places.elsewhere)):
            witness = self._order.unclaimed(place=mask) if mask else None
            if witness is not None:
                yield Falls(country, witness)


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
