"""What Apollo, Clearbit and described providers share: a company profile by domain, over HTTP with JSON.

A vendor says which request to send and how its answer maps onto a `CompanyProfile`; the rest is here. A value goes into
a profile only when it is present, of the right type and within reason; else it stays None: unknown, never invented. A
redirect is never followed, an answer is read up to a bound, and one about another company is refused.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from graph.domain.account import CompanyProfile
from graph.domain.facts import Fact
from graph.ports import CompanyAsk
from graph.rules.countries import country_code
from graph.rules.domains import host_of, registrable
from graph.rules.firmographics import industry_of
from graph.rules.states import state_code
from graph.rules.text import line
from tools.asking import ReadError, VendorRead, reason_of_status
from tools.breaker import Breaker
from tools.cache import Cache, MemoryCache

_MOST = 10**15  # more employees or dollars than this is a fault in the data
LARGEST_ANSWER = 2 * 1024 * 1024  # bytes; a company with hundreds of technologies and posts takes some 100 kB


class HttpEnrichment(ABC):
    """Implements `Enrichment` for one vendor. One client for all requests; `aclose` ends it.

    A request is sent once: a second one might be charged twice. base_url: scheme and host; deadline_s: seconds
    for one company, waiting included; concurrency: requests under way at once; cache: remembers by domain what the
    vendor knew, and that it knew nothing; None is a `MemoryCache`. absent, pending: statuses that say so.
    """

    source: str
    absent: frozenset[int] = frozenset((404,))
    pending: frozenset[int] = frozenset((202,))

    def __init__(
        self,
        *,
        base_url: str,
        headers: Mapping[str, str],
        deadline_s: float,
        concurrency: int,
        cache: Cache | None,
    ) -> None:
        self.breaker = Breaker()
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"Accept": "application/json", "User-Agent": "lead-router", **headers},
            timeout=deadline_s,
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        )
        self._read: VendorRead[str, CompanyProfile] = VendorRead(
            self.source,
            self._profile_of,
            lambda domain: f"{self.source}:{domain}",
            deadline_s=deadline_s,
            concurrency=concurrency,
            cache=MemoryCache() if cache is None else cache,
            shape=CompanyProfile,
            breaker=self.breaker,
        )

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        """One fact for each ask, in order. Without a domain nothing is asked, and the fact is Absent."""
        return await self._read.facts([host_of(ask.domain) for ask in asks], now)

    async def aclose(self) -> None:
        await self._client.aclose()

    @abstractmethod
    def _request(self, domain: str) -> httpx.Request:
        """The vendor's request for this domain."""

    @abstractmethod
    def _profile(self, domain: str, answer: Mapping[str, Any]) -> CompanyProfile | None:
        """The profile in the vendor's answer (status 200); None when it holds no company."""

    async def _profile_of(self, domain: str) -> CompanyProfile | None:
        status, body = await self._sent(self._request(domain))
        if status in self.absent:
            return None
        if status in self.pending:
            raise ReadError("pending")
        if status != 200:
            raise ReadError(reason_of_status(status))
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ReadError("invalid answer") from error
        if not isinstance(answer, dict):
            raise ReadError("invalid answer")
        return self._profile(domain, answer)

    async def _sent(self, request: httpx.Request) -> tuple[int, bytes]:
        """(status, body). Of a failure's body as much is read as lets the connection be used again, as a rule."""
        body = bytearray()
        try:
            response = await self._client.send(request, stream=True)
            try:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        if response.status_code == 200:
                            raise ReadError("invalid answer")
                        break
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise ReadError("timeout") from error
        except httpx.TransportError as error:
            raise ReadError("unreachable") from error
        except httpx.DecodingError as error:
            raise ReadError("invalid answer") from error
        return response.status_code, bytes(body)


def of_company(domain: str, *named: Any) -> None:
    """Raise ReadError where the answer names domains and none of them is the one that was asked for: facts of another
    company are worse than none. named: domains, web addresses, or lists of them."""
    told = [one for value in named for one in (value if isinstance(value, list) else [value])]
    names = {name for one in told if (name := domain_name(one)) is not None}
    if names and (registrable(domain) or domain) not in names:
        raise ReadError("another company")


def part(value: Any) -> Mapping[str, Any]:
    """A nested object, empty when it is missing or something else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """Text on one line, cleaned as a stranger's is; None when there is none, or it is something else."""
    return line(value) if isinstance(value, str) else None


def texts(value: Any) -> tuple[str, ...]:
    """The texts in a list, each once, in the vendor's order; at most 200."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(one for one in map(text, value) if one is not None))[:200]


def count(value: Any) -> int | None:
    """A whole number above zero; else None, since vendors write 0 for what they do not know."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 < value <= _MOST and value == int(value) else None


def domain_name(value: Any) -> str | None:
    """The registrable domain of a domain or a web address; None for anything else."""
    host = host_of(value) if isinstance(value, str) else None
    return None if host is None else registrable(host)


def industry(*values: Any) -> str | None:
    """The first value that our own vocabulary has, in its words; else the first text, in the vendor's."""
    names = [name for name in map(text, values) if name is not None]
    return next((known for name in names if (known := industry_of(name)) is not None), names[0] if names else None)


def country(value: Any) -> str | None:
    """ISO 3166-1 alpha-2 of a country's code or name; None when it is not known for sure."""
    name = text(value)
    return None if name is None else country_code(name)


def state(country: str | None, *values: Any) -> str | None:
    """ISO 3166-2 (`US-CA`) of the first value that is a state's code or name in this country (alpha-2); else None."""
    if country is None:
        return None
    names = [name for name in map(text, values) if name is not None]
    return next((code for name in names if (code := state_code(name, country)) is not None), None)
