"""Mappings over HTTP, under /admin/forms/mappings: propose, preview, save, undo, the secret, and what was refused."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, TypeAlias

import orjson
from fastapi import APIRouter, HTTPException, Query, Response
from fastapi import Path as PathPart
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from tools.store import form_mappings as store
from tools.web.answers import Refused
from tools.web.forms.flattening import Flat, flatten
from tools.web.forms.mapping.choosing import proposed_mapping
from tools.web.forms.mapping.desk import Desk, NotPossible
from tools.web.forms.mapping.endpoint import OwnForms
from tools.web.forms.mapping.payloads import PASTED, flat_payload
from tools.web.forms.mapping.proposing import propose
from tools.web.forms.mapping.spec import FORM_NAME, BadMapping, read_mapping
from tools.web.forms.mapping.spec import Mapping as FormMapping

BIGGEST = 2**31 - 1
LONGEST_PAYLOAD = 256 * 1024
FormName: TypeAlias = Annotated[str, PathPart(pattern=FORM_NAME)]
RejectedId: TypeAlias = Annotated[int, PathPart(ge=1, le=BIGGEST)]
By: TypeAlias = Annotated[str, Field(min_length=1, max_length=320, pattern=r"^[^\x00-\x1f]*$")]
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "There is no form of that name."}}
_BODY: dict[int | str, dict[str, Any]] = {400: {"description": "The body cannot be read."}}
_CONFLICT: dict[int | str, dict[str, Any]] = {
    **_BODY,
    409: {"description": "Somebody else saved meanwhile, or it is not possible."},
}


class Example(BaseModel):
    """A payload as it came: text, or JSON itself."""

    model_config = ConfigDict(extra="forbid")

    payload: str | dict[str, Any] | list[Any]
    content_type: Annotated[str, Field(max_length=200)] = PASTED


class Tried(Example):
    mapping: dict[str, Any]


class Change(BaseModel):
    """by: an e-mail address or a name; base: the version that was looked at, 0 for none."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    mapping: dict[str, Any]
    by: By
    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""
    base: Annotated[int | None, Field(ge=0, le=BIGGEST)] = None


class Who(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: By


def mappings_router(desk: Desk, own: OwnForms) -> APIRouter:
    """The caller adds the login."""
    router = APIRouter(prefix="/admin/forms/mappings", tags=["forms"])
    _trying(router, desk)
    _changing(router, desk)
    _taking_back(router, desk)
    _refused_ones(router, desk, own)
    return router


def _trying(router: APIRouter, desk: Desk) -> None:
    @router.get("")
    def mappings() -> dict[str, list[dict[str, Any]]]:
        """Every form with a saved mapping, what came, what did not fit, what was refused."""
        return {"forms": desk.listing()}

    @router.post("/propose", responses=_BODY)
    def proposal(example: Example) -> dict[str, Any]:
        """Which field of a lead each value of a payload is, with confidence and reason. Saves nothing."""
        flat = flat_of(example)
        mapping = proposed_mapping(flat)
        return {
            "values": [asdict(one) for one in propose(flat)],
            "mapping": None if mapping is None else mapping.as_json(),
        }

    @router.post("/preview", responses=_BODY)
    def shown(tried: Tried) -> dict[str, Any]:
        """The normalised lead that a mapping makes of a payload. Saves nothing."""
        try:
            return asdict(desk.preview(mapping_of(tried.mapping), flat_of(tried)))
        except Refused as refused:
            raise invalid(("body", "payload"), refused.message) from None


def _changing(router: APIRouter, desk: Desk) -> None:
    @router.get("/{name}", responses=_UNKNOWN)
    def mapping(name: FormName) -> dict[str, Any]:
        """One form: its mapping, who changed it when, names that did not fit."""
        try:
            return desk.of(name)
        except KeyError:
            raise HTTPException(404, "There is no form of that name.") from None

    @router.post("/{name}", responses=_CONFLICT)
    def save(name: FormName, change: Change) -> dict[str, Any]:
        """Save a version; it is in use at once. The first one makes the endpoint's secret, which is shown this once."""
        made = mapping_of(change.mapping)
        try:
            return asdict(desk.save(name, made, by=change.by, note=change.note, base=change.base))
        except (store.Stale, NotPossible) as error:
            raise HTTPException(409, str(error)) from None


def _taking_back(router: APIRouter, desk: Desk) -> None:
    @router.post("/{name}/undo", responses=_CONFLICT)
    def undo(name: FormName, who: Who) -> dict[str, int]:
        """What was in use before is in use again, as a new version."""
        try:
            return {"version": desk.undo(name, by=who.by)}
        except (store.Stale, NotPossible) as error:
            raise HTTPException(409, str(error)) from None

    @router.post("/{name}/retire", responses=_CONFLICT)
    def retire(name: FormName, who: Who) -> dict[str, int]:
        """No mapping from now on: a form of one's own answers 404, a vendor's is read by its default. `undo` takes it back."""
        if not store.versions(desk.engine, name, 1):
            raise HTTPException(409, "There is no form of that name.")
        return {"version": desk.save(name, None, by=who.by, note="retired").version}

    @router.post("/{name}/secret", responses=_CONFLICT)
    def secret(name: FormName, who: Who) -> dict[str, Any]:
        """Another secret, shown this once; the old one stops at once."""
        try:
            return asdict(desk.another_secret(name, by=who.by))
        except NotPossible as error:
            raise HTTPException(409, str(error)) from None


def _refused_ones(router: APIRouter, desk: Desk, own: OwnForms) -> None:
    @router.get("/{name}/rejected")
    def rejected(
        name: FormName,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        before: Annotated[int | None, Query(ge=1, le=BIGGEST)] = None,
    ) -> dict[str, list[dict[str, Any]]]:
        """Payloads that no lead could be made of, newest first, without what stands in them. Kept for 30 days."""
        return {"rejected": [asdict(one) for one in store.rejected(desk.engine, name, limit=limit, before=before)]}

    @router.get("/{name}/rejected/{rejected_id}", response_class=Response, responses=_UNKNOWN)
    def payload(name: FormName, rejected_id: RejectedId) -> Response:
        """One of them as it came: personal data, so it is served as a file of bytes and out of every cache."""
        found = store.rejected_payload(desk.engine, name, rejected_id)
        if found is None:
            raise HTTPException(404, "No such payload is kept.")
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": "attachment",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(found[0], media_type="application/octet-stream", headers=headers)

    @router.post("/{name}/rejected/{rejected_id}/again", responses=_CONFLICT | _UNKNOWN)
    async def again(name: FormName, rejected_id: RejectedId) -> dict[str, Any]:
        """Take it by the mapping that is in use now; once it is a lead it is kept here no longer."""
        answer = await taken_again(desk, own, name, rejected_id)
        if answer is None:
            raise HTTPException(404, "No such payload is kept.")
        status, body = answer
        if status >= 300:
            raise HTTPException(409, f"Still refused ({status}): {body.get('message', '')}")
        return body

    @router.delete("/{name}/rejected/{rejected_id}", responses=_UNKNOWN)
    def forget(name: FormName, rejected_id: RejectedId) -> dict[str, str]:
        """Delete it for good."""
        if not store.forget_rejected(desk.engine, name, rejected_id):
            raise HTTPException(404, "No such payload is kept.")
        return {"status": "deleted"}


async def taken_again(desk: Desk, own: OwnForms, name: str, rejected_id: int) -> tuple[int, dict[str, Any]] | None:
    """(status, body) of the intake; None where no such payload is kept."""
    found = await run_in_threadpool(store.rejected_payload, desk.engine, name, rejected_id)
    if found is None:
        return None
    answer = await own.again(name, *found)
    if answer.status < 300:
        await run_in_threadpool(store.forget_rejected, desk.engine, name, rejected_id)
    return answer.status, orjson.loads(answer.body)


def flat_of(example: Example) -> Flat:
    """Raises RequestValidationError, which is answered 422."""
    if not isinstance(example.payload, str):
        flat = flatten(example.payload)
        if not flat:
            raise invalid(("body", "payload"), "it holds no value")
        return flat
    if len(example.payload) > LONGEST_PAYLOAD:
        raise invalid(("body", "payload"), f"send at most {LONGEST_PAYLOAD:,} characters")
    try:
        return flat_payload(example.payload.encode("utf-8", "replace"), example.content_type)
    except Refused as refused:
        raise invalid(("body", "payload"), refused.message) from None


def mapping_of(held: dict[str, Any]) -> FormMapping:
    try:
        return read_mapping(held)
    except BadMapping as error:
        where, what = error.problems[0]
        raise invalid(("body", "mapping", *where.split(".")), what) from None


def invalid(where: tuple[str, ...], what: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": where, "msg": what, "input": None}])
