"""The HubSpot calls we use, through its SDK, plain values in and out. Blocking: called from threads.

The SDK's retries are off (the dispatcher has its own), its models stay in here, and its errors are not chained: they
quote what was sent, which is personal data. Version 3 of objects, 4 of associations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hubspot import HubSpot
from hubspot.crm import associations, objects, owners, properties
from hubspot.crm.associations import v4
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from graph.ports import VendorError
from tools.hubspot import failures

Kind: TypeAlias = Literal["contacts", "companies", "deals", "tasks"]
_API_ERRORS = (
    objects.ApiException,
    owners.ApiException,
    properties.ApiException,
    associations.ApiException,
    v4.ApiException,
)
_INPUTS = 100  # HubSpot's limit of inputs in a batch, and of values in an IN filter
_LISTED = 100  # the most that a page of a listing holds
_PAGE, _PAGES = 200, 5  # of a search: more companies of one batch's domains than 1,000 are not read


@dataclass(frozen=True, slots=True)
class Found:
    """One object. A property that is not set is not there."""

    id: str
    properties: Mapping[str, str]


class HubSpotCalls:
    """Every method raises VendorError, and nothing else for what HubSpot or the network does.

    timeouts_s: for a connection, and for silence on it. connections: kept open, of each kind of call.
    """

    def __init__(self, access_token: str, base_url: str, *, timeouts_s: tuple[float, float], connections: int) -> None:
        client = HubSpot(
            access_token=access_token,
            host=base_url.rstrip("/"),
            retry=Retry(0),
            connection_pool_maxsize=connections,
        )
        crm = client.crm  # each access makes a client with connections of its own: once is enough
        self._basic, self._batch, self._search = crm.objects.basic_api, crm.objects.batch_api, crm.objects.search_api
        self._links, self._link_lists = crm.associations.v4.basic_api, crm.associations.v4.batch_api
        self._owners, self._properties = crm.owners.owners_api, crm.properties.core_api
        self._timeouts_s = timeouts_s

    def search(self, kind: Kind, name: str, values: Sequence[str], wanted: Sequence[str]) -> list[Found]:
        """All objects whose property `name` is one of `values`. New objects appear here some seconds late."""
        found: list[Found] = []
        for some in _parts(values):
            among = objects.FilterGroup(filters=[objects.Filter(property_name=name, operator="IN", values=some)])
            after: str | None = None
            for _ in range(_PAGES):
                request = objects.PublicObjectSearchRequest(
                    filter_groups=[among], properties=list(wanted), limit=_PAGE, after=after
                )
                page = self._call(self._search.do_search, kind, request)
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
        for some in _parts(ids):
            request = objects.BatchReadInputSimplePublicObjectId(
                inputs=[objects.SimplePublicObjectId(id=one) for one in some],
                id_property=id_property,
                properties=list(wanted),
                properties_with_history=[],
            )
            found += [_found(item) for item in _whole(self._call(self._batch.read, kind, request))]
        return found

    def every(self, kind: Kind, wanted: Sequence[str]) -> Iterator[Found]:
        """All objects, a page after the other."""
        after: str | None = None
        while True:
            more = {} if after is None else {"after": after}
            page = self._call(
                self._basic.get_page, kind, limit=_LISTED, properties=list(wanted), archived=False, **more
            )
            yield from map(_found, page.results)
            after = _next(page)
            if after is None:
                return

    def upsert(self, kind: Kind, id_property: str, value: str, values: Mapping[str, str]) -> tuple[str, bool]:
        """(id, whether it is new) of the one object whose unique property `id_property` is `value`."""
        one = objects.SimplePublicObjectBatchInputUpsert(id_property=id_property, id=value, properties=dict(values))
        request = objects.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[one])
        (written,) = _whole(self._call(self._batch.upsert, kind, request))
        return str(written.id), bool(written.new)

    def update(self, kind: Kind, value: str, values: Mapping[str, str], id_property: str | None = None) -> str:
        request = objects.SimplePublicObjectInput(properties=dict(values))
        unique = {} if id_property is None else {"id_property": id_property}
        return str(self._call(self._basic.update, kind, value, request, **unique).id)

    def create(self, kind: Kind, values: Mapping[str, str], to: str, link: int) -> str:
        """The id of a new object, linked to the object `to` by HubSpot's own kind of association `link`."""
        spec = objects.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=link)
        links = [objects.PublicAssociationsForObject(to=objects.PublicObjectId(id=to), types=[spec])]
        request = objects.SimplePublicObjectInputForCreate(properties=dict(values), associations=links)
        return str(self._call(self._basic.create, kind, request).id)

    def link(self, kind: Kind, one: str, to_kind: Kind, other: str) -> None:
        """The default association; once however often it is made."""
        self._call(self._links.create_default, kind, one, to_kind, other)

    def links(self, kind: Kind, ids: Sequence[str], to_kind: Kind) -> dict[str, list[str]]:
        """The first 500 objects each of these is associated with, by its id."""
        found: dict[str, list[str]] = {}
        for some in _parts(ids):
            request = v4.BatchInputPublicFetchAssociationsBatchRequest(
                inputs=[v4.PublicFetchAssociationsBatchRequest(id=one) for one in some]
            )
            for item in _whole(self._call(self._link_lists.get_page, kind, to_kind, request)):
                found[str(item._from.id)] = [str(to.to_object_id) for to in item.to]  # noqa: SLF001 - `from` is a word of Python
        return found

    def owners(self) -> list[tuple[str, str]]:
        """(id, e-mail in lower case) of each active owner."""
        known: list[tuple[str, str]] = []
        after: str | None = None
        while True:
            more = {} if after is None else {"after": after}
            page = self._call(self._owners.get_page, limit=500, archived=False, **more)
            known += [(str(owner.id), owner.email.lower()) for owner in page.results if owner.email]
            after = _next(page)
            if after is None:
                return known

    def property_names(self, kind: Kind) -> set[str]:
        return {item.name for item in self._call(self._properties.get_all, kind).results}

    def create_property(self, kind: Kind, definition: Mapping[str, Any]) -> None:
        self._call(self._properties.create, kind, properties.PropertyCreate(**definition))

    def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return method(*arguments, **options, _request_timeout=self._timeouts_s)
        except _API_ERRORS as error:
            raise failures.of_answer(error) from None
        except HTTPError as error:
            raise failures.of_network(error) from None


def _parts(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _INPUTS):
        yield list(values[start : start + _INPUTS])


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
    return Found(
        str(item.id), {name: value for name, value in (item.properties or {}).items() if value not in {None, ""}}
    )
