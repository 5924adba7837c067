"""The HubSpot calls we use, through its SDK, plain values in and out. Blocking: called from threads.

The one place that knows paths and versions: 3 of objects, properties and owners, 4 of associations. Each call takes a token
of the portal's limits first and has a deadline besides the SDK's timeouts. The SDK's retries are off: it repeats no POST,
and knows nothing of our limits. Its models stay in here and in `batches`, and its errors are not chained: they quote what
was sent, which is personal data.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from hubspot import HubSpot
from hubspot.crm import associations, objects, owners, properties
from hubspot.crm.associations import v4
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from graph.ports import VendorError
from tools.hubspot import failures
from tools.rate_limit import Bucket, NoRoom

Kind: TypeAlias = Literal["contacts", "companies", "deals", "tasks", "notes"]
_API_ERRORS = (
    objects.ApiException,
    owners.ApiException,
    properties.ApiException,
    associations.ApiException,
    v4.ApiException,
)
INPUTS: Final = 100
"""HubSpot's limit of inputs in a batch, and of values in an IN filter."""
_LISTED = 100  # the most that a page of a listing holds
_PAGE, _PAGES = 200, 5  # of a search: more companies of one batch's domains than 1,000 are not read
_AGAIN = frozenset({"rate_limited", "timeout", "unreachable", "vendor_error"})
_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Found:
    """One object. A property that is not set is not there. linked: ids of a listing's associations, by kind."""

    id: str
    properties: Mapping[str, str]
    linked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Owner:
    """email: in lower case. user_id: of the HubSpot user, who is named by it in events."""

    id: str
    email: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Buckets of the portal: of all calls, and of searches, which count in both. None: no limit of ours."""

    calls: Bucket | None = None
    searches: Bucket | None = None


class HubSpotCalls:
    """Every method raises VendorError, and nothing else for what HubSpot or the network does; code `busy` for a call that
    was never made, because its time or its limit was over.

    timeouts_s: for a connection, and for silence on it. connections: kept open, of each kind of call. retries: how often a
    reading is tried again, when HubSpot says; for jobs that nobody waits for, writes are the dispatcher's to repeat.
    """

    def __init__(
        self,
        access_token: str,
        base_url: str,
        *,
        timeouts_s: tuple[float, float],
        connections: int,
        limits: Limits | None = None,
        retries: int = 0,
        sleep: Callable[[float], Any] = time.sleep,
    ) -> None:
        client = HubSpot(
            access_token=access_token,
            host=base_url.rstrip("/"),
            retry=Retry(0),
            connection_pool_maxsize=connections,
        )
        crm = client.crm  # each access makes a client with connections of its own: once is enough
        self._basic, self.batch, self._search = crm.objects.basic_api, crm.objects.batch_api, crm.objects.search_api
        self.link_lists = crm.associations.v4.batch_api
        self._owners, self._properties = crm.owners.owners_api, crm.properties.core_api
        self._groups = crm.properties.groups_api
        self._timeouts_s, self._limits = timeouts_s, limits or Limits()
        self._retries, self._sleep = retries, sleep
        self._until = threading.local()

    @contextmanager
    def within(self, seconds: float, *, leave: int = 0) -> Iterator[None]:
        """Calls of this thread inside the block are not begun when so much time is over, and do not take longer. leave:
        tokens of each limit that they leave to others."""
        self._until.at, self._until.leave = time.monotonic() + seconds, leave
        try:
            yield
        finally:
            self._until.at, self._until.leave = None, 0

    def search(self, kind: Kind, name: str, values: Sequence[str], wanted: Sequence[str]) -> list[Found]:
        """All objects whose property `name` is one of `values`. New objects appear here some seconds late."""
        found: list[Found] = []
        for some in parts(values):
            among = objects.FilterGroup(filters=[objects.Filter(property_name=name, operator="IN", values=some)])
            after: str | None = None
            for _ in range(_PAGES):
                request = objects.PublicObjectSearchRequest(
                    filter_groups=[among], properties=list(wanted), limit=_PAGE, after=after
                )
                page = self._read(self._search.do_search, kind, request)
                found += [_found(item) for item in page.results]
                after = _next(page)
                if after is None:
                    break
        return found

    def read(
        self, kind: Kind, ids: Sequence[str], wanted: Sequence[str], id_property: str | None = None
    ) -> list[Found]:
        """The objects with these ids, or values of a unique property; those that are not there are left out."""
        found: list[Found] = []
        for some in parts(ids):
            request = objects.BatchReadInputSimplePublicObjectId(
                inputs=[objects.SimplePublicObjectId(id=one) for one in some],
                id_property=id_property,
                properties=list(wanted),
                properties_with_history=[],
            )
            found += [_found(item) for item in _whole(self._read(self.batch.read, kind, request))]
        return found

    def every(self, kind: Kind, wanted: Sequence[str], linked: Sequence[Kind] = ()) -> Iterator[Found]:
        """All objects, a page after the other, with the first of each kind that they are associated with."""
        after: str | None = None
        more: dict[str, Any] = {"associations": list(linked)} if linked else {}
        while True:
            at = more if after is None else {**more, "after": after}
            page = self._read(self._basic.get_page, kind, limit=_LISTED, properties=list(wanted), archived=False, **at)
            yield from map(_found, page.results)
            after = _next(page)
            if after is None:
                return

    def links(self, kind: Kind, ids: Sequence[str], to_kind: Kind) -> dict[str, list[str]]:
        """The first 500 objects each of these is associated with, by its id."""
        found: dict[str, list[str]] = {}
        for some in parts(ids):
            request = v4.BatchInputPublicFetchAssociationsBatchRequest(
                inputs=[v4.PublicFetchAssociationsBatchRequest(id=one) for one in some]
            )
            for item in _whole(self._read(self.link_lists.get_page, kind, to_kind, request)):
                found[str(item._from.id)] = [str(to.to_object_id) for to in item.to]  # noqa: SLF001 - `from` is a word of Python
        return found

    def owners(self) -> list[Owner]:
        """Each active owner."""
        known: list[Owner] = []
        after: str | None = None
        while True:
            more = {} if after is None else {"after": after}
            page = self._read(self._owners.get_page, limit=500, archived=False, **more)
            known += [
                Owner(str(one.id), one.email.lower(), str(one.user_id or "")) for one in page.results if one.email
            ]
            after = _next(page)
            if after is None:
                return known

    def property_names(self, kind: Kind) -> set[str]:
        return {item.name for item in self._read(self._properties.get_all, kind).results}

    def create_property(self, kind: Kind, definition: Mapping[str, Any]) -> None:
        self.call(self._properties.create, kind, properties.PropertyCreate(**definition))

    def property_groups(self, kind: Kind) -> set[str]:
        return {item.name for item in self._read(self._groups.get_all, kind).results}

    def create_group(self, kind: Kind, name: str, label: str) -> None:
        self.call(self._groups.create, kind, properties.PropertyGroupCreate(name=name, label=label, display_order=-1))

    def call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """One call of the SDK, once."""
        timeouts = self._room(search=method == self._search.do_search)
        try:
            return method(*arguments, **options, _request_timeout=timeouts)
        except _API_ERRORS as error:
            failed = failures.of_answer(error)
        except HTTPError as error:
            failed = failures.of_network(error)
        if failed.code == "rate_limited" and self._limits.calls is not None:
            self._limits.calls.pause(failed.retry_after_s or 1.0)
        raise failed from None

    def _read(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """A call that may be repeated."""
        for left in range(self._retries, -1, -1):
            try:
                return self.call(method, *arguments, **options)
            except VendorError as error:
                if not left or error.code not in _AGAIN:
                    raise
                self._sleep(error.retry_after_s or _AGAIN_S)
        raise AssertionError("the last try returns or raises")

    def _room(self, *, search: bool) -> tuple[float, float]:
        """Waits for its turn; the timeouts that are left. Raises VendorError `busy`."""
        until = getattr(self._until, "at", None)
        try:
            for bucket in (self._limits.calls, self._limits.searches if search else None):
                if bucket is not None:
                    bucket.take(until, leave=getattr(self._until, "leave", 0))
        except NoRoom as full:
            raise VendorError("busy", "the portal's limit of calls is used up", retry_after_s=full.wait_s) from None
        if until is None:
            return self._timeouts_s
        left = until - time.monotonic()
        if left <= 0:
            raise VendorError("busy", "the calls before it took the time")
        connect, silence = self._timeouts_s
        return min(connect, left), min(silence, left)


def parts(values: Sequence[Any]) -> Iterator[list[Any]]:
    """As many as a batch may hold, one batch after the other."""
    for start in range(0, len(values), INPUTS):
        yield list(values[start : start + INPUTS])


def _whole(answer: Any) -> list[Any]:
    """The results of a batch answer; a 207 carries errors of single inputs, which are raised."""
    if answer is None:
        raise VendorError("invalid_answer", "HubSpot answered a batch with a status its SDK does not know")
    failed = failures.of_parts(getattr(answer, "errors", None) or ())
    if failed is not None:
        raise failed
    return list(answer.results or ())


def _next(page: Any) -> str | None:
    following = page.paging and page.paging.next
    return following.after if following else None


def _found(item: Any) -> Found:
    linked = {
        kind: tuple(dict.fromkeys(str(one.id) for one in listed.results))
        for kind, listed in (getattr(item, "associations", None) or {}).items()
    }
    values = {name: value for name, value in (item.properties or {}).items() if value not in {None, ""}}
    return Found(str(item.id), values, linked)
