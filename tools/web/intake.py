"""From raw bytes to a form: JSON, form-encoded, unlabelled, and HubSpot's nested bodies, validated once.

Missing is allowed for everything but a way to reach the person. Wrong types are answered with the field's name; a value
that cannot be understood later (a country's spelling, say) is not this module's business.
"""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import parse_qsl

import orjson
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from graph.domain.lead import Form
from tools.web.answers import FieldProblem, Refused

EXTRA_FIELDS, EXTRA_LENGTH, LENGTH = 50, 500, 20_000
MOST_MS = 10**15  # beyond any time that is meant; an absurd one is a sign of a bot, and capture's to judge
MOST_PAIRS = 500
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
JSON_TYPES = ("application/json", "text/json")
FORM_TYPE = "application/x-www-form-urlencoded"


def _blank(value: Any) -> Any:
    """Blank means not given; NUL cannot be stored as text anywhere."""
    if isinstance(value, str):
        value = value.replace("\x00", "")
        return value if value.strip() else None
    return value


Text = Annotated[Annotated[str, Field(max_length=LENGTH)] | None, BeforeValidator(_blank)]
Number = Annotated[
    Annotated[float, Field(ge=-MOST_MS, le=MOST_MS, allow_inf_nan=False)] | None, BeforeValidator(_blank)
]
Flag = Annotated[bool | None, BeforeValidator(_blank)]


def _named(*names: str) -> Any:
    return Field(None, validation_alias=AliasChoices(*names))


class LeadForm(BaseModel):
    """What a form may send. Other fields are kept as they are."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, str_strip_whitespace=True)

    email: Text = _named("email", "Email", "EMAIL", "e-mail", "email_address", "work_email")
    full_name: Text = _named("full_name", "name", "fullname", "fullName")
    first_name: Text = _named("first_name", "firstname", "firstName")
    last_name: Text = _named("last_name", "lastname", "lastName")
    company: Text = _named("company", "company_name", "companyName", "organization")
    title: Text = _named("title", "jobtitle", "job_title", "jobTitle")
    source: Text = _named("source", "lead_source", "hs_lead_source")
    country: Text = _named("country", "country_code")
    state: Text = _named("state", "region", "province")
    city: Text = None
    postal: Text = _named("postal", "zip", "zipcode", "postal_code", "postcode")
    phone: Text = _named("phone", "phone_number", "mobilephone")
    website: Text = None
    domain: Text = None
    industry: Text = None
    employees: Text = _named("employees", "numemployees", "company_size", "number_of_employees")
    product: Text = _named("product", "product_interest")
    message: Text = _named("message", "comments", "comment")
    consent: Flag = None
    consent_text: Text = None
    event_id: Text = _named("event_id", "eventId")
    honeypot: Text = _named("_gotcha", "honeypot", "_honeypot")
    fill_time_ms: Number = None
    fill_time_s: Number = None
    submitted_at: Text = _named("submitted_at", "submittedAt", "submission_time")
    asked: Text = None
    properties: dict[str, Any] | None = Field(None, exclude=True)


def parse_body(raw: bytes, content_type: str) -> LeadForm:
    """Raises Refused: 400 for a body that is no JSON, 415 for another kind, 422 for wrong types."""
    kind = content_type.split(";", 1)[0].strip().lower()
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    if not raw.strip():
        raise Refused(400, "empty_body", "The body is empty. Send the lead's fields as JSON or form-encoded.")
    if kind in JSON_TYPES or kind.endswith("+json"):
        return _from_json(raw)
    if kind == FORM_TYPE:
        return _from_form(raw)
    if kind in ("", "text/plain", "application/octet-stream"):  # unlabelled: the first byte tells
        return _from_json(raw) if raw.lstrip()[:1] in (b"{", b"[", b'"') else _from_form(raw)
    raise Refused(
        415,
        "unsupported_content_type",
        f"Content-Type {kind[:80]!r} is not read. Send application/json or {FORM_TYPE}.",
    )


def _from_json(raw: bytes) -> LeadForm:
    try:
        form = LeadForm.model_validate_json(raw)
    except ValidationError as error:
        raise refusal(error) from None
    return form if form.properties is None else _validate(flat(form.properties) | form.model_dump(exclude_none=True))


def _from_form(raw: bytes) -> LeadForm:
    pairs = pairs_of(raw)
    if not any(value for _, value in pairs):
        raise Refused(400, "malformed_body", "The body is neither JSON nor name=value pairs.")
    return _validate(dict(pairs))


def pairs_of(raw: bytes) -> list[tuple[str, str]]:
    """Names and values; what is not UTF-8 comes from an old page and is read as Windows reads Latin-1."""
    if raw.count(b"&") >= MOST_PAIRS:
        raise Refused(400, "malformed_body", f"The form has more than {MOST_PAIRS} fields.")
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        return parse_qsl(raw.decode("cp1252", "replace"), keep_blank_values=True, encoding="cp1252")


def flat(properties: dict[str, Any]) -> dict[str, Any]:
    """HubSpot's `{"email": {"value": "..."}}`, also with plain values."""
    return {name: held.get("value") if isinstance(held, dict) else held for name, held in properties.items()}


def _validate(values: dict[str, Any]) -> LeadForm:
    try:
        return LeadForm.model_validate(values)
    except ValidationError as error:
        raise refusal(error) from None


def refusal(error: ValidationError) -> Refused:
    """What a caller is told of a form that pydantic refused."""
    found = error.errors(include_url=False, include_input=False, include_context=True)
    if found[0]["type"] == "json_invalid":
        reason = str(found[0].get("ctx", {}).get("error", "not JSON"))
        return Refused(400, "malformed_json", f"The body is not JSON: {reason}.")
    if found[0]["loc"] == ():
        return Refused(422, "not_an_object", "The body must be one JSON object with the lead's fields.")
    problems = tuple(_problem(item).as_dict() for item in found[:20])
    names = ", ".join(sorted({str(p["field"]) for p in problems}))
    return Refused(422, "invalid_field", f"These fields have a wrong value: {names}.", fields=problems)


FIXES = {
    "string_type": "send text",
    "bool_parsing": "send true or false",
    "bool_type": "send true or false",
    "float_parsing": "send a number",
    "float_type": "send a number",
    "dict_type": "send an object",
    "string_too_long": "send at most {max_length:,} characters",
    "greater_than_equal": "send {ge:,.0f} or more",
    "less_than_equal": "send at most {le:,.0f}",
    "finite_number": "send a number",
    "timezone_aware": "add the zone: 2026-11-02T09:30:00Z",
    "datetime_parsing": "send a time as 2026-11-02T09:30:00Z",
    "datetime_from_date_parsing": "send a time as 2026-11-02T09:30:00Z",
    "datetime_type": "send a time as 2026-11-02T09:30:00Z",
    "missing": "send it",
    "list_type": "send a list",
    "model_type": "send an object",
    "too_long": "send fewer",
    "int_parsing": "send a whole number",
}


def _problem(item: Any) -> FieldProblem:
    name = ".".join(str(part) for part in item["loc"])[:100]
    fix = FIXES.get(item["type"], "see the example").format_map(item.get("ctx", {}))
    return FieldProblem(name, item["msg"], fix)


def to_form(given: LeadForm) -> Form:
    """The domain's form: as typed, other fields bounded in number and length."""
    name = given.full_name or " ".join(part for part in (given.first_name, given.last_name) if part) or None
    fill_ms = given.fill_time_ms if given.fill_time_ms is not None else _ms(given.fill_time_s)
    return Form(
        email=given.email,
        company=given.company,
        full_name=name,
        title=given.title,
        source=given.source,
        country=given.country,
        state=given.state,
        city=given.city,
        postal=given.postal,
        phone=given.phone,
        website=given.website,
        domain=given.domain,
        industry=given.industry,
        employees=given.employees,
        product=given.product,
        message=given.message,
        consent=given.consent,
        consent_text=given.consent_text,
        honeypot=given.honeypot,
        fill_time_ms=None if fill_ms is None else int(fill_ms),
        first_name=None if given.full_name else given.first_name,
        last_name=None if given.full_name else given.last_name,
        submitted_at=given.submitted_at,
        asked=given.asked,
        extra=_extra(given.model_extra or {}),
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _extra(values: dict[str, Any]) -> dict[str, str]:
    kept = list(values.items())[:EXTRA_FIELDS]
    return {name[:100]: _as_text(value)[:EXTRA_LENGTH] for name, value in kept if value not in (None, "")}


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a number beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
