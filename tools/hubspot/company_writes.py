"""Companies in HubSpot: found by domain, then only their blanks are filled; else upserted by our unique property.

Several leads of one company in a round are one write. Blocking.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from graph.domain.effects import UpsertCompany
from graph.ports import Order, Receipt, VendorError
from tools.hubspot.batches import Batches, Outcomes, Write
from tools.hubspot.calls import Found, HubSpotCalls
from tools.hubspot.portal import KEY
from tools.hubspot.reading import oldest_first
from tools.hubspot.values import marker_of, texts

_KNOWN = 10_000
_WANTED = (
    "domain", "name", "country", "state", "city", "numberofemployees", "lead_router_industry", "lead_router_parent_domain",
    KEY,
)  # fmt: skip


class Companies:
    """Raises VendorError for readings that failed; a write's failure is its orders' answer."""

    def __init__(self, calls: HubSpotCalls, batches: Batches) -> None:
        self._calls, self._batches, self._lock = calls, batches, Lock()
        self._ids: dict[str, str] = {}  # by domain: a company just made is not found by a search yet

    def perform(self, orders: Sequence[Order]) -> dict[str, Receipt | VendorError]:
        wanted = {order.key: _values(order.effect) for order in orders}
        by_domain: dict[str, list[Order]] = {}
        for order in orders:
            by_domain.setdefault(_domain(order), []).append(order)
        known = self.find(list(by_domain))
        made, filled = list[Write](), list[Write]()
        news: dict[str, dict[str, str]] = {}
        for domain, some in by_domain.items():
            held, added = known.get(domain), dict[str, str]()
            for order in some:
                has = {*(held.properties if held else ()), *added}
                news[order.key] = {name: text for name, text in wanted[order.key].items() if name not in has}
                added |= news[order.key]
            trace = marker_of(some[0].key)
            if held is None:
                made.append(Write(trace, {**added, "domain": domain, KEY: domain}, domain, KEY))
            elif added:
                filled.append(Write(trace, added, held.id))
        outcomes: Outcomes = self._batches.upsert("companies", made) | self._batches.update("companies", filled)
        found: dict[str, Receipt | VendorError] = {}
        for domain, some in by_domain.items():
            for place, order in enumerate(some):
                found[order.key] = self._receipt(
                    order, known.get(domain), outcomes.get(marker_of(some[0].key)), news[order.key], place
                )
        return found

    def _receipt(
        self, order: Order, held: Found | None, outcome: Any, news: dict[str, str], place: int
    ) -> Receipt | VendorError:
        domain = _domain(order)
        if isinstance(outcome, VendorError):
            if outcome.code == "not_found":  # deleted or merged since it was read: the next attempt looks anew
                self._forget(domain)
                return VendorError("conflict", "the company has gone meanwhile")
            return outcome
        if held is not None:
            return Receipt(held.id, repeated=not news)
        assert outcome is not None
        self._remember(domain, outcome.id)
        return Receipt(outcome.id, repeated=place > 0 or (order.attempt > 1 and not outcome.new))

    def find(self, domains: Sequence[str]) -> dict[str, Found]:
        """By domain: by our memory, by our unique property, by HubSpot's search, the first that knows."""
        with self._lock:
            remembered = {self._ids[domain]: domain for domain in domains if domain in self._ids}
        found: dict[str, Found] = {}
        for one in self._calls.read("companies", list(remembered), _WANTED):
            if one.id in remembered:
                found[remembered[one.id]] = one
        if missing := [domain for domain in domains if domain not in found]:
            for one in self._calls.read("companies", missing, _WANTED, KEY):
                found[one.properties.get(KEY, "")] = one
        if missing := [domain for domain in domains if domain not in found]:
            for one in oldest_first(self._calls.search("companies", "domain", missing, _WANTED)):
                found.setdefault(one.properties.get("domain", "").lower(), one)
        for domain in domains:
            if domain in found:
                self._remember(domain, found[domain].id)
        return found

    def _remember(self, domain: str, number: str) -> None:
        with self._lock:
            if len(self._ids) >= _KNOWN:
                self._ids.clear()
            self._ids[domain] = number

    def _forget(self, domain: str) -> None:
        with self._lock:
            self._ids.pop(domain, None)


def _domain(order: Order) -> str:
    assert isinstance(order.effect, UpsertCompany)
    return order.effect.domain


def _values(effect: Any) -> dict[str, str]:
    return texts(
        name=effect.name,
        country=effect.country,
        state=effect.state,
        city=effect.city,
        numberofemployees=effect.employees,
        lead_router_industry=effect.industry,
        lead_router_parent_domain=effect.parent_domain,
    )
