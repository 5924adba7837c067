"""A source that costs money or waiting: asked once for a company, by one process, while there is money for it.

    front (memory) -> answers kept in the store -> breaker -> switch, ceilings, lease (one transaction) -> the vendor

What was answered is kept with its time, that there is nothing too, for a shorter while; a failure never. Leads that ask
for the same company at the same time share one question. It never raises for a vendor; it does for its own database, for
which a decision waits anyway.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import structlog
from sqlalchemy.exc import SQLAlchemyError

from graph.domain.values import evolve
from graph.ports import CompanyAsk, Enrichment
from graph.rules.domains import host_of
from tools.breaker import Breaker
from tools.enrichment.answers import again, answer_of, refused, to_keep, understood
from tools.enrichment.fields import ALL
from tools.enrichment.ledger import Ledger
from tools.enrichment.source import Answer
from tools.enrichment.switch import Switch
from tools.enrichment.terms import SourceTerms
from tools.observe import metrics
from tools.store.enriching import Grant, Kept

SHUT_S: Final = 5.0
"""A source that has no money left, or is switched off, is not looked up in the ledger by every batch of leads."""
_POLL_S: Final = 0.1
_UNSENT: Final = frozenset({"busy", "resting"})
_WRONG: Final = frozenset({"another company", "invalid answer"})
"""Answers that are none: they count against the source. Only the first is kept: asked again it would say the same."""

_log = structlog.get_logger(__name__)
Heard: TypeAlias = tuple[Answer, float]


class Metered:
    """Implements `Source`. port: asks the vendor, without a cache of its own; breaker: the port's own, to know without
    asking that it rests; entries: answers held in memory."""

    def __init__(
        self,
        name: str,
        port: Enrichment,
        ledger: Ledger,
        *,
        fills: int = ALL,
        terms: SourceTerms | None = None,
        breaker: Breaker | None = None,
        entries: int = 8_192,
    ) -> None:
        self.name, self.fills, self._port, self._ledger = name, fills, port, ledger
        self._terms, self._breaker, self._entries = terms or SourceTerms(), breaker, entries
        self.price_cents = self._terms.price_cents or 0.0
        self._front: OrderedDict[str, tuple[datetime, Answer]] = OrderedDict()
        self._flights: dict[str, asyncio.Future[Heard]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._shut: tuple[Grant, float] = ("granted", 0.0)
        self._state = "on"

    async def answers(
        self, asks: Sequence[CompanyAsk], now: datetime, allowance: Sequence[float]
    ) -> Sequence[tuple[Answer, float]]:
        """See `Source`. Without a domain nothing is asked."""
        found: list[Heard | None] = [self._remembered(ask.domain, now) for ask in asks]
        missing = [i for i, heard in enumerate(found) if heard is None]
        if missing:
            domains = {i: host_of(asks[i].domain) for i in missing}
            may = {domains[i] for i in missing if allowance[i] >= self.price_cents}
            heard = await self._heard(list(dict.fromkeys(d for d in domains.values() if d)), may, now)
            unasked = (Answer("no domain", None, now), 0.0)
            for i in missing:
                domain = domains[i]
                if domain is None:
                    found[i] = unasked
                    continue
                answer, cents = heard[domain]
                found[i] = answer, cents
                heard[domain] = answer, 0.0  # the first lead pays for the others
        return [one for one in found if one is not None]

    async def aclose(self) -> None:
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        close = getattr(self._port, "aclose", None)
        if close is not None:
            await close()

    async def _heard(self, domains: list[str], may: set[str | None], now: datetime) -> dict[str, Heard]:
        """What is known of each domain now, after asking where that is allowed."""
        heard: dict[str, Heard] = {}
        waiting: dict[str, asyncio.Future[Heard]] = {}
        unknown: list[str] = []
        for domain in domains:
            if (known := self._remembered(domain, now)) is not None:
                heard[domain] = known
            elif (flight := self._flights.get(domain)) is not None:
                waiting[domain] = flight
            else:
                unknown.append(domain)
        if unknown:
            heard |= await self._stored(unknown, now)
        wanted = []
        for domain in unknown:
            if domain in heard:
                continue
            if (flight := self._flights.get(domain)) is not None:  # began while the store was read
                waiting[domain] = flight
            elif domain not in may:
                heard[domain] = refused("over budget", now), 0.0
            else:
                wanted.append(domain)
        waiting |= self._begin(wanted, now)
        for domain, flight in waiting.items():
            answer, cents = await asyncio.shield(flight)
            heard[domain] = answer, cents if domain in wanted else 0.0
        return heard

    def _remembered(self, domain: str | None, now: datetime) -> Heard | None:
        held = self._front.get(domain) if domain is not None else None
        return (held[1], 0.0) if held is not None and held[0] > now else None

    async def _stored(self, domains: Sequence[str], now: datetime) -> dict[str, Heard]:
        found: dict[str, Heard] = {}
        for kept in await self._ledger.known(self.name, domains, now):
            answer = answer_of(kept)
            if answer is None:
                await self._ledger.forget(self.name, kept.domain)
                continue
            self._remember(kept.domain, kept.expires_at, answer)
            found[kept.domain] = answer, 0.0
        return found

    def _remember(self, domain: str, expires_at: datetime, answer: Answer) -> None:
        self._front[domain] = expires_at, answer
        while len(self._front) > self._entries:
            self._front.popitem(last=False)

    def _begin(self, domains: list[str], now: datetime) -> dict[str, asyncio.Future[Heard]]:
        """One flight for these domains. It ends by itself, whoever stops waiting for it."""
        if not domains:
            return {}
        loop = asyncio.get_running_loop()
        flights: dict[str, asyncio.Future[Heard]] = {domain: loop.create_future() for domain in domains}
        self._flights |= flights
        task = loop.create_task(self._fly(flights, now))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return flights

    async def _fly(self, flights: dict[str, asyncio.Future[Heard]], now: datetime) -> None:
        try:
            heard = await self._asked(list(flights), now)
            for domain, flight in flights.items():
                flight.set_result(heard[domain])
        except BaseException as error:
            for flight in flights.values():
                if not flight.done():
                    flight.set_exception(error) if isinstance(error, Exception) else flight.cancel()
                    flight.exception() if isinstance(error, Exception) else None  # nobody may be waiting any more
            if not isinstance(error, Exception):
                raise
        finally:
            for domain in flights:
                del self._flights[domain]

    async def _asked(self, domains: list[str], now: datetime) -> dict[str, Heard]:
        clock = asyncio.get_running_loop().time()
        shut, until = self._shut
        if shut != "granted" and clock < until:
            return {domain: (refused(shut, now), 0.0) for domain in domains}
        room = len(domains) if self._breaker is None else self._breaker.room(clock, len(domains))
        heard: dict[str, Heard] = {domain: (refused("resting", now), 0.0) for domain in domains[room:]}
        domains = domains[:room]
        if not domains:
            return heard
        terms = self._terms
        lease_s = 2 * terms.deadline_s + 5
        grants = await self._ledger.reserve(self.name, domains, self.price_cents, terms.ceilings, now, lease_s)
        granted = [domain for domain, grant in zip(domains, grants, strict=True) if grant == "granted"]
        for domain, grant in zip(domains, grants, strict=True):
            if grant in ("over budget", "switched off"):
                heard[domain] = refused(grant, now), 0.0
                if not granted:
                    self._close(grant, clock)
        elsewhere = [domain for domain, grant in zip(domains, grants, strict=True) if grant == "asked elsewhere"]
        if granted:
            self._shut = "granted", 0.0
            heard |= await self._answered(granted, now)
        if elsewhere:
            heard |= await self._waited(elsewhere, now)
        return heard

    def _close(self, why: Grant, clock: float) -> None:
        if self._shut[0] != why:
            _log.warning("enrichment source not asked", source=self.name, reason=why)
        self._shut = why, clock + SHUT_S

    async def _answered(self, domains: list[str], now: datetime) -> dict[str, Heard]:
        """Put the questions, keep what is worth keeping, tell the ledger."""
        facts = await self._port.profiles([CompanyAsk(domain, None) for domain in domains], now)
        terms, heard = self._terms, {}
        kept: list[Kept] = []
        unanswered: list[str] = []
        filled: list[bool] = []
        back = 0.0
        for domain, fact in zip(domains, facts, strict=True):
            answer = understood(fact, now)
            free = answer.outcome in _UNSENT or (terms.charged == "found" and answer.outcome != "found")
            back += self.price_cents if free else 0.0
            heard[domain] = answer, 0.0 if free else self.price_cents
            if answer.known:
                ttl_s = terms.ttl_s if answer.good else terms.absent_ttl_s
                one = to_keep(self.name, domain, answer, now + timedelta(seconds=ttl_s))
                kept.append(one)
                self._remember(domain, one.expires_at, evolve(answer, outcome=again(answer.outcome)))
            else:
                unanswered.append(domain)
            if answer.known or answer.outcome in _WRONG:
                filled.append(answer.good > 0)
        metrics.enrichment_cents.labels(self.name).inc(sum(cents for _, cents in heard.values()))
        try:
            after = await self._ledger.settle(
                self.name, kept, unanswered, filled, now, back_cents=back, terms=terms.switch
            )
        except SQLAlchemyError as error:  # it is paid for and known here; the lease ends by itself
            _log.warning("enrichment answers not kept", source=self.name, error=type(error).__name__)
        else:
            self._tell(after)
        return heard

    async def _waited(self, domains: list[str], now: datetime) -> dict[str, Heard]:
        """Another process asks just now: look for its answer until it must have one."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._terms.deadline_s
        heard = await self._stored(domains, now)
        while len(heard) < len(domains) and loop.time() < until:
            await asyncio.sleep(_POLL_S)
            heard |= await self._stored([domain for domain in domains if domain not in heard], now)
        return {domain: heard.get(domain, (refused("busy", now), 0.0)) for domain in domains}

    def _tell(self, switch: Switch) -> None:
        metrics.enrichment_off.labels(self.name).set(switch.state == "off")
        if switch.state != self._state:
            _log.warning("enrichment source switched", source=self.name, state=switch.state, reason=switch.reason)
            self._state = switch.state
