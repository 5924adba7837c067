"""What a failed call to HubSpot means: try again, when, or never. Quotes codes only: HubSpot's texts repeat the values.

https://developers.hubspot.com/docs/api-reference/error-handling
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError

from graph.ports import VendorError

_PERMANENT = {
    400: "refused",
    401: "unauthorised",
    403: "unauthorised",
    404: "not_found",
    413: "refused",
    422: "refused",
}
_POLICY_S = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
_DAILY_RETRY_S = 900.0  # the daily limit is lifted at midnight of the portal's zone, which we do not know
_CODE = re.compile(r"[\w.:-]{1,80}")


def of_answer(error: Any) -> VendorError:
    """`error`: the SDK's ApiException of any of its packages."""
    status, headers, body = int(error.status or 0), error.headers or {}, _object(error.body)
    if status == 429:
        policy = body.get("policyName")
        if policy == "DAILY":
            return VendorError("quota_exhausted", "the portal's daily limit of calls", retry_after_s=_DAILY_RETRY_S)
        wait = _seconds(headers.get("Retry-After"))
        wait = _POLICY_S.get(str(policy)) if wait is None else wait
        return VendorError("rate_limited", f"HubSpot answered 429 {_codes(body)}".strip(), retry_after_s=wait)
    detail = f"HubSpot answered {status} {_codes(body)}".strip()
    if status in _PERMANENT:
        return VendorError(_PERMANENT[status], detail, permanent=True)
    code = "conflict" if status == 409 else "vendor_error"  # 409: somebody else writes the same; 423, 477, 5xx: later
    return VendorError(code, detail, retry_after_s=_seconds(headers.get("Retry-After")))


def of_network(error: HTTPError) -> VendorError:
    cause = error.reason if isinstance(error, MaxRetryError) else error
    refused = isinstance(cause, NewConnectionError)  # which urllib3 counts among the time-outs
    if isinstance(cause, ReadTimeoutError | ConnectTimeoutError) and not refused:
        return VendorError("timeout", "HubSpot did not answer in time")
    return VendorError("unreachable", f"no connection to HubSpot: {type(cause).__name__}")


def of_parts(errors: Iterable[Any]) -> VendorError | None:
    """The failure inside a 207 answer: errors of single inputs, other than that an object is not there."""
    for error in errors:
        if error.category != "OBJECT_NOT_FOUND":
            return of_part(error)
    return None


def of_part(error: Any) -> VendorError:
    """The failure of a single input of a batch."""
    category = str(error.category)
    detail = _codes({"category": category, "errors": [_told(part) for part in error.errors or ()]})
    if category == "OBJECT_NOT_FOUND":
        return VendorError("not_found", detail, permanent=True)
    if category == "CONFLICT":
        return VendorError("conflict", detail)
    passing = category in {"RATE_LIMITS", "INTERNAL_ERROR"}
    return VendorError("vendor_error" if passing else "refused", detail, permanent=not passing)


def _told(part: Any) -> dict[str, Any]:
    return {"code": part.code, "context": part.context or {}}


def _codes(body: Mapping[str, Any]) -> str:
    """Category, codes, names of properties, and the id by which HubSpot's support finds the call."""
    return " ".join(dict.fromkeys(code for code in _pieces(body) if _CODE.fullmatch(code)))


def _pieces(body: Mapping[str, Any]) -> Iterator[str]:
    yield str(body.get("category") or "")
    for error in body.get("errors") or ():
        if isinstance(error, dict):
            yield str(error.get("code") or "")
            for name in (error.get("context") or {}).get("propertyName") or ():
                yield str(name)
    yield str(body.get("correlationId") or "")


def _object(body: str | bytes | None) -> dict[str, Any]:
    try:
        read = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text) else None
