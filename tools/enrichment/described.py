"""A provider that a file describes, asked over HTTP. Its secrets come from the environment, its answer is taken as data:
a path that does not fit gives nothing, and no value is believed before it was normalised like any vendor's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import jmespath
from jmespath.exceptions import JMESPathError

from graph.domain.account import CompanyProfile, JobPost
from graph.rules.firmographics import employees_from
from graph.rules.text import line
from tools.enrichment.fields import BIT
from tools.http_enrichment import (
    HttpEnrichment,
    count,
    country,
    domain_name,
    industry,
    of_company,
    state,
    text,
    texts,
)
from tools.provider_file import PLACE, Described, Posts, filled_in

_MOST_POSTS = 200
_LONGEST_POST = 4_000


class DescribedEnrichment(HttpEnrichment):
    """Implements `Enrichment`. known: the environment's variables. See `HttpEnrichment` for the rest."""

    def __init__(self, one: Described, known: Mapping[str, str], *, deadline_s: float, cache: Any = None) -> None:
        self.source, self.absent, self.pending = one.name, one.absent, one.pending
        super().__init__(
            base_url="",
            headers={name: filled_in(value, known) for name, value in one.headers.items()},
            deadline_s=deadline_s,
            concurrency=one.concurrency,
            cache=cache,
        )
        self._one = one
        self._query = {name: filled_in(value, known) for name, value in one.query.items()}
        self._paths = {name: jmespath.compile(path) for name, path in one.fields.items()}
        self._pace = _Pace(one.per_second)

    async def _sent(self, request: httpx.Request) -> tuple[int, bytes]:
        await self._pace.turn()
        return await super()._sent(request)

    def _request(self, domain: str) -> httpx.Request:
        """The domain is escaped wherever it stands, and the host is the file's."""
        one = self._one
        url = one.url.replace(PLACE, quote(domain, safe=""))
        query = {name: value.replace(PLACE, domain) for name, value in self._query.items()}
        body = None if one.body is None else _placed(one.body, domain)
        request = self._client.build_request(one.method, url, json=body)
        if query:
            request.url = request.url.copy_merge_params(query)
        return request

    def _profile(self, domain: str, answer: Mapping[str, Any]) -> CompanyProfile | None:
        def at(name: str) -> Any:
            path = self._paths.get(name)
            return None if path is None else _searched(path, answer)

        of_company(domain, at("domain"))
        place = country(at("country"))
        parent = domain_name(at("parent_domain"))
        own = parent is None or parent == domain
        unit = self._one.revenue_unit_usd
        return CompanyProfile(
            domain=domain,
            name=text(at("name")),
            employees=_people(at("employees")),
            revenue_usd=_times(count(at("revenue_usd")), unit),
            industry=industry(at("industry")),
            country=place,
            state=state(place, at("state")),
            city=text(at("city")),
            technologies=texts(at("technologies")),
            hiring=texts(at("hiring")),
            parent_domain=None if own else parent,
            parent_name=None if own else text(at("parent_name")),
            parent_employees=None if own else _people(at("parent_employees")),
            parent_revenue_usd=None if own else _times(count(at("parent_revenue_usd")), unit),
            family=(domain,) if parent == domain else (),
            funding_stage=text(at("funding_stage")),
            job_posts=_posts(self._one.job_posts, answer),
        )


def fills(one: Described) -> int:
    """The fields that it may know at all."""
    found = BIT["job_posts"] if one.job_posts is not None else 0
    for name in one.fields:
        found |= BIT["parent"] if name == "parent_domain" else BIT.get(name, 0)
    return found


class _Pace:
    """At most so many turns a second, evenly. Waiting counts against the question's deadline."""

    def __init__(self, per_second: float | None) -> None:
        self._gap_s = 0.0 if per_second is None else 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        if not self._gap_s:
            return
        now = asyncio.get_running_loop().time()
        at = max(now, self._next)
        self._next = at + self._gap_s
        try:
            await asyncio.sleep(at - now)
        except asyncio.CancelledError:
            self._next -= self._gap_s  # a turn that was not taken is the next one's
            raise


def _searched(path: Any, value: Any) -> Any:
    try:
        return path.search(value)
    except (JMESPathError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError):
        return None  # the answer has another form than the path expects


def _placed(value: Any, domain: str) -> Any:
    """The body with the domain in every text."""
    if isinstance(value, str):
        return value.replace(PLACE, domain)
    if isinstance(value, dict):
        return {name: _placed(item, domain) for name, item in value.items()}
    return [_placed(item, domain) for item in value] if isinstance(value, list) else value


def _people(value: Any) -> int | None:
    """A head count; of a range written as text (51-200) the least."""
    return employees_from(value) if isinstance(value, str) else count(value)


def _times(value: int | None, unit: int) -> int | None:
    return None if value is None else value * unit


def _posts(how: Posts | None, answer: Mapping[str, Any]) -> tuple[JobPost, ...]:
    if how is None:
        return ()
    listed = _searched(jmespath.compile(how.list), answer)
    if not isinstance(listed, list):
        return ()
    title, posted_at, words = (_getter(path) for path in (how.title, how.posted_at, how.text))
    return tuple(
        JobPost(name, _moment(posted_at(post)), _words(words(post)))
        for post in listed[:_MOST_POSTS]
        if (name := text(title(post))) is not None
    )


def _getter(path: str | None) -> Callable[[Any], Any]:
    if path is None:
        return lambda _: None
    compiled = jmespath.compile(path)
    return lambda post: _searched(compiled, post)


def _words(value: Any) -> str | None:
    return line(value, _LONGEST_POST) if isinstance(value, str) else None


def _moment(value: Any) -> datetime | None:
    """A time in UTC; a date is its beginning, a number seconds since 1970."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
