"""Writes of many objects in one call, each with an outcome of its own.

HubSpot answers 207 for a batch of which some inputs failed: an input is known again by the trace id that it was sent with,
else by its own id. A batch that is refused as a whole is halved until only the guilty input fails. Blocking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from hubspot.crm import objects
from hubspot.crm.associations import v4

from graph.ports import VendorError
from tools.hubspot import failures
from tools.hubspot.calls import HubSpotCalls, Kind, parts

_ONE_MAY_BE_GUILTY: Final = frozenset({"refused", "not_found", "conflict"})


@dataclass(frozen=True, slots=True)
class Write:
    """One input. trace: unique in its batch, and no personal data. id: of the object, or the value of `id_property`; empty
    for a new object. to, link: what a new object is linked to, and HubSpot's own kind of association."""

    trace: str
    values: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    id_property: str | None = None
    to: str = ""
    link: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    id: str
    new: bool


Outcomes: TypeAlias = dict[str, Written | VendorError]
"""By trace: one for each input."""


class Batches:
    """Raises nothing for what HubSpot or the network does: that is the outcome of each input."""

    def __init__(self, calls: HubSpotCalls) -> None:
        self._calls = calls

    def upsert(self, kind: Kind, writes: Sequence[Write]) -> Outcomes:
        """The one object whose unique property is the id, made if it is not there."""

        def send(some: Sequence[Write]) -> Any:
            inputs = [
                objects.SimplePublicObjectBatchInputUpsert(
                    id_property=one.id_property, id=one.id, properties=dict(one.values), object_write_trace_id=one.trace
                )
                for one in some
            ]
            request = objects.BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
            return self._calls.call(self._calls.batch.upsert, kind, request)

        return _all(writes, send)

    def update(self, kind: Kind, writes: Sequence[Write]) -> Outcomes:
        def send(some: Sequence[Write]) -> Any:
            inputs = [
                objects.SimplePublicObjectBatchInput(
                    id_property=one.id_property, id=one.id, properties=dict(one.values), object_write_trace_id=one.trace
                )
                for one in some
            ]
            request = objects.BatchInputSimplePublicObjectBatchInput(inputs=inputs)
            return self._calls.call(self._calls.batch.update, kind, request)

        return _all(writes, send)

    def create(self, kind: Kind, writes: Sequence[Write]) -> Outcomes:
        """New objects, each linked to another."""

        def send(some: Sequence[Write]) -> Any:
            inputs = [
                objects.SimplePublicObjectBatchInputForCreate(
                    properties=dict(one.values), associations=[_link(one)], object_write_trace_id=one.trace
                )
                for one in some
            ]
            request = objects.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
            return self._calls.call(self._calls.batch.create, kind, request)

        return _all(writes, send)

    def link(self, kind: Kind, to_kind: Kind, writes: Sequence[Write]) -> Outcomes:
        """The default association of `id` and `to`; once however often it is made."""

        def send(some: Sequence[Write]) -> Any:
            inputs = [
                v4.PublicDefaultAssociationMultiPost(
                    _from=v4.PublicObjectId(id=one.id), to=v4.PublicObjectId(id=one.to)
                )
                for one in some
            ]
            request = v4.BatchInputPublicDefaultAssociationMultiPost(inputs=inputs)
            return self._calls.call(self._calls.link_lists.create_default, kind, to_kind, request)

        return _all(writes, send)


def _link(one: Write) -> Any:
    spec = objects.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=one.link)
    return objects.PublicAssociationsForObject(to=objects.PublicObjectId(id=one.to), types=[spec])


def _all(writes: Sequence[Write], send: Callable[[Sequence[Write]], Any]) -> Outcomes:
    found: Outcomes = {}
    for some in parts(writes):
        found |= _some(some, send)
    return found


def _some(writes: Sequence[Write], send: Callable[[Sequence[Write]], Any]) -> Outcomes:
    try:
        answer = send(writes)
    except VendorError as error:
        if error.code not in _ONE_MAY_BE_GUILTY or len(writes) == 1:
            return {one.trace: error for one in writes}
        answer = None
    if answer is None and len(writes) > 1:  # also a 207 of associations, which the SDK cannot read
        middle = len(writes) // 2
        return _some(writes[:middle], send) | _some(writes[middle:], send)
    return _outcomes(writes, answer)


def _outcomes(writes: Sequence[Write], answer: Any) -> Outcomes:
    found: Outcomes = {}
    results = list(answer.results or ()) if answer is not None else []
    for place, result in enumerate(results):
        one = _written_by(result, writes) or (writes[place] if len(results) == len(writes) else None)
        if one is not None:
            found[one.trace] = _written(result)
    stray: VendorError | None = None
    for error in (getattr(answer, "errors", None) or ()) if answer is not None else ():
        failed, named = failures.of_part(error), _named(error)
        guilty = [one for one in writes if named & {one.trace, one.id.lower()} - {""}]
        stray = stray or (None if guilty else failed)
        found |= {one.trace: failed for one in guilty if one.trace not in found}
    lost = stray or VendorError("invalid_answer", "HubSpot answered a batch without an outcome for each input")
    return {one.trace: found.get(one.trace, lost) for one in writes}


def _written_by(result: Any, writes: Sequence[Write]) -> Write | None:
    """The input that this result is of. An association has two ends instead of an id."""
    if hasattr(result, "_from"):
        ends = (str(result._from.id), str(result.to.id))  # noqa: SLF001 - `from` is a word of Python
        return next((one for one in writes if ends in {(one.id, one.to), (one.to, one.id)}), None)
    trace, has = getattr(result, "object_write_trace_id", None), result.properties or {}
    for one in writes:
        same = one.id and (
            str(result.id) == one.id
            if one.id_property is None
            else str(has.get(one.id_property) or "").lower() == one.id.lower()
        )
        if (trace == one.trace) if trace else same:
            return one
    return None


def _written(result: Any) -> Written:
    if hasattr(result, "_from"):
        return Written(str(result.to.id), new=False)
    return Written(str(result.id), bool(getattr(result, "new", False)))


def _named(error: Any) -> set[str]:
    """All that an error names: trace ids and ids of its inputs, in lower case but for the trace."""
    told = {str(value) for values in (error.context or {}).values() for value in _listed(values)}
    told |= {str(error.id)} if error.id else set()
    for detail in error.errors or ():
        told |= {str(value) for values in (detail.context or {}).values() for value in _listed(values)}
    return told | {value.lower() for value in told}


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]
