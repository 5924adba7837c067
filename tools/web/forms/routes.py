"""The routes of form vendors: their deliveries and challenges for anybody, the list of vendors behind the admin's token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from tools.web.answers import Answer
from tools.web.forms.intake import FormIntake
from tools.web.forms.registry import place_of

VENDOR = Annotated[str, Path(max_length=60, description="A name from GET /admin/forms: typeform, hubspot, ...")]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Decided within ?wait=; or nothing to store: a test, another event (`status` says it)."},
    202: {"description": "Stored durably; `status` is accepted or duplicate."},
    400: {"description": "The body cannot be read."},
    401: {"description": "The signature or key is missing, wrong or too old; or no secret is set."},
    404: {"description": "There is no such vendor."},
    413: {"description": "The body is too large."},
    415: {"description": "This vendor does not send this content type."},
    422: {"description": "This is not the vendor's shape, a field is wrong, or there is no way to reach the person."},
    503: {"description": "The stream is away, or the vendor's API that has the lead's fields: send again."},
}
CHALLENGED: dict[int | str, dict[str, Any]] = {
    200: {"description": "What the vendor wants to hear.", "content": {"text/plain": {}, "application/json": {}}},
    401: {"description": "The word in FORM_VERIFY_TOKEN is another, or no secret is set."},
    404: {"description": "There is no such vendor."},
    405: {"description": "This vendor asks nothing."},
    422: {"description": "The challenge is missing."},
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
            "multipart/form-data": {"schema": {"type": "object"}},
        },
    },
    "parameters": [
        {"name": "wait", "in": "query", "schema": {"type": "number", "minimum": 0}, "required": False},
        {"name": "key", "in": "query", "schema": {"type": "string"}, "required": False},
    ],
}


class Heard(BaseModel):
    """The last delivery: when, what it was answered, and why it was refused."""

    at: str
    status: int
    error: str | None = None


class FormVendor(BaseModel):
    """secret_set: whether its deliveries can be checked. token_set: null where no API is asked. page: what its admin reads,
    in the repository. last_accepted: the last delivery answered with less than 300."""

    vendor: str
    title: str
    url: str
    proof: str
    secret_set: bool
    open: bool
    token_set: bool | None
    page: str
    last_delivery: Heard | None
    last_accepted: Heard | None


class FormVendors(BaseModel):
    vendors: list[FormVendor]


def forms_router(forms: FormIntake) -> APIRouter:
    """For vendors: no login, each proves itself."""
    router = APIRouter(tags=["intake"])

    @router.post(
        "/webhooks/forms/{vendor}",
        status_code=202,
        response_class=Response,
        responses=ANSWERS,
        openapi_extra=BODY,
        summary="A form vendor's delivery",
    )
    async def deliver(vendor: VENDOR, request: Request) -> Response:
        """Checked as the vendor signs, then accepted as a POST to /webhooks/lead would be. Setting up: infra/docs/forms.md."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
        query = request.scope["query_string"].decode("latin-1")
        return _response(await forms.post(vendor, path, headers, query, request.receive))

    @router.get(
        "/webhooks/forms/{vendor}",
        response_class=Response,
        responses=CHALLENGED,
        summary="What a vendor asks before it sends anything",
    )
    def challenge(vendor: VENDOR, request: Request) -> Response:
        """Meta (hub.challenge) and LinkedIn (challengeCode) try the URL first."""
        return _response(forms.get(vendor, request.scope["query_string"].decode("latin-1")))

    return router


def forms_admin_router(forms: FormIntake, base_url: str) -> APIRouter:
    router = APIRouter(prefix="/admin", tags=["admin"])

    @router.get("/forms")
    async def listed() -> FormVendors:
        """The form vendors: their URL, whether their secret is set, and what was last heard of them."""
        return FormVendors(vendors=rows_of(forms, base_url, await forms.seen.all()))

    return router


def rows_of(forms: FormIntake, base_url: str, heard: Any) -> list[FormVendor]:
    found = []
    for name, vendor in forms.vendors.items():
        access = forms.accesses[name]
        found.append(
            FormVendor(
                vendor=name,
                title=vendor.title,
                url=f"{base_url}/webhooks/forms/{name}",
                proof=vendor.proof,
                secret_set=bool(access.secrets),
                open=not access.secrets and (vendor.open or access.open),
                token_set=bool(access.token) if vendor.fetch else None,
                page=place_of(vendor),
                last_delivery=heard.get(f"{name}:last"),
                last_accepted=heard.get(f"{name}:good"),
            )
        )
    return found


def _response(answer: Answer) -> Response:
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    kind = headers.pop("content-type", "application/json")
    return Response(answer.body, answer.status, headers, kind)
