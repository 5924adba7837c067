"""HubSpot as the CRM: `CrmReader` and `Performer` over one set of calls. Reads and writes have threads of their own, so
that writes that hang do not hold up a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol

from graph.domain.account import CrmAccount
from graph.domain.facts import Absent, Fact, Found, Unavailable
from graph.domain.values import evolve
from graph.ports import CrmAsk, Order, Receipt, Untried, VendorError
from tools.asking import DOWN
from tools.breaker import Breaker
from tools.clock import utc_now
from tools.hubspot.batches import Batches
from tools.hubspot.calls import HubSpotCalls, Limits
from tools.hubspot.company_writes import Companies
from tools.hubspot.contact_writes import Contacts
from tools.hubspot.portal import Owners, Properties
from tools.hubspot.reading import Reader
from tools.hubspot.rounds import Answer, Perform, perform_in_waves
from tools.hubspot.task_writes import Tasks

SOURCE = "hubspot"
_NOTHING = CrmAccount()
_FOR_READS = 5
"""Calls at once that writes leave to decisions."""


class FamilyLeads(Protocol):
    """Other people's leads of each ask's family in the last 30 days: known to our record, not to HubSpot. Blocking."""

    def count(self, asks: Sequence[CrmAsk], now: datetime) -> Sequence[tuple[int, bool]]: ...


class HubSpotCrm:
    """Implements CrmReader, and Performer for the effects of the vendor "crm".

    deadline_s: for the facts of a batch, waiting included; then they are Unavailable. timeouts_s: for a connection, and
    for silence on it. concurrency: writes under way at once; reads have half as many. currency: of deals that name
    none. limits: of the portal, shared by all processes. round_s: for a round of writes, less than the dispatcher's deadline.
    public_url: of this service, for links in the CRM. The token's scopes: crm.objects and crm.schemas of contacts and
    companies (read and write), and crm.objects.deals.read, crm.objects.owners.read; tasks and notes come with contacts.
    """

    def __init__(
        self,
        access_token: str,
        *,
        base_url: str = "https://api.hubapi.com",
        family_leads: FamilyLeads | None = None,
        currency: str = "USD",
        deadline_s: float = 3.0,
        timeouts_s: tuple[float, float] = (3.0, 10.0),
        concurrency: int = 8,
        limits: Limits | None = None,
        round_s: float = 18.0,
        public_url: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        calls = HubSpotCalls(access_token, base_url, timeouts_s=timeouts_s, connections=concurrency, limits=limits)
        owners = Owners(calls)
        self._family_leads, self._deadline_s = family_leads, deadline_s
        self._breaker = Breaker(threshold=3)
        self._calls, self._round_s, self._reader = calls, round_s, Reader(calls, owners, currency)
        self._properties, batches = Properties(calls), Batches(calls)
        companies = Companies(calls, batches)
        contacts = Contacts(calls, batches, owners, companies, public_url)
        tasks = Tasks(calls, batches, owners, contacts, clock)
        self._by_kind: dict[str, Perform] = {
            "upsert_company": companies.perform,
            "upsert_contact": contacts.upsert,
            "assign_owner": contacts.assign,
            "create_task": tasks.create,
            "log_note": tasks.note,
        }
        self._reads = ThreadPoolExecutor(max(1, concurrency // 2), thread_name_prefix="hubspot-read")
        self._writes = ThreadPoolExecutor(concurrency, thread_name_prefix="hubspot-write")

    async def accounts(self, asks: Sequence[CrmAsk], now: datetime) -> Sequence[Fact[CrmAccount]]:
        """One fact for each ask. `owner` is the company's owner, `parent_owner` that of the company with the parent's
        domain, else of the ultimate one that HubSpot links the company to, both e-mail addresses; opportunities are the
        open deals of either."""
        if not asks:
            return []
        loop = asyncio.get_running_loop()
        if not self._breaker.room(loop.time(), 1):
            return [Unavailable(SOURCE, now, "resting")] * len(asks)
        try:
            async with asyncio.timeout(self._deadline_s):
                known = await loop.run_in_executor(self._reads, self._read, asks, now)
        except (TimeoutError, VendorError) as error:
            reason = error.code.replace("_", " ") if isinstance(error, VendorError) else "timeout"
            if reason in DOWN:
                self._breaker.failed(loop.time())
            return [Unavailable(SOURCE, now, reason)] * len(asks)
        self._breaker.succeeded()
        return [Absent(SOURCE, now) if account == _NOTHING else Found(account, SOURCE, now) for account in known]

    def _read(self, asks: Sequence[CrmAsk], now: datetime) -> list[CrmAccount]:
        with self._calls.within(self._deadline_s):  # nothing is asked for that nobody waits for any more
            accounts = self._reader.accounts(asks)
        if self._family_leads is None:
            return accounts
        families = [
            evolve(ask, parent_domain=ask.parent_domain or account.parent_domain)
            for ask, account in zip(asks, accounts, strict=True)
        ]
        counted = self._family_leads.count(families, now)
        return [
            evolve(account, family_leads_30d=number, family_leads_more=more)
            for account, (number, more) in zip(accounts, counted, strict=True)
        ]

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError; permanent for what HubSpot refuses, with its Retry-After for what it limits."""
        (answer,) = await self.perform_many([order])
        if isinstance(answer, Untried):
            raise VendorError("busy", "the portal's limit of calls is used up")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def perform_many(self, orders: Sequence[Order]) -> list[Answer]:
        """One answer for each, in order: a receipt, a VendorError, or Untried for what the round had no time for."""
        return await asyncio.get_running_loop().run_in_executor(self._writes, self._perform, orders)

    def _perform(self, orders: Sequence[Order]) -> list[Answer]:
        with self._calls.within(self._round_s, leave=_FOR_READS):
            try:
                self._properties.ensure()
            except VendorError as error:
                return [Untried(error.retry_after_s) if error.code == "busy" else error for _ in orders]
            return perform_in_waves(orders, self._by_kind, self._round_s)

    async def aclose(self) -> None:
        """Calls under way end by themselves, within their timeouts."""
        for threads in (self._reads, self._writes):
            threads.shutdown(wait=False, cancel_futures=True)
