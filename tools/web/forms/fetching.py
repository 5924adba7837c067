"""Asks a vendor's API for what a delivery only named: one GET with a token, under a deadline, never repeated here. Where it
fails the delivery is answered 503, and the vendor sends it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson
import structlog

from tools.web.answers import Refused

log = structlog.get_logger(__name__)
LARGEST: Final = 1024 * 1024
RETRY_AFTER_S: Final = 30


async def get_object(client: httpx.AsyncClient, url: str, headers: Mapping[str, str], vendor: str) -> dict[str, Any]:
    """The JSON object at `url`. Raises Refused 503: `vendor_unavailable` while the API is away or busy, `vendor_refused` when
    it does not accept the token or knows no such lead, which an operator has to mend."""
    try:
        async with client.stream("GET", url, headers=headers) as answer:
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise _away(vendor, "its answer is too large")
    except httpx.TimeoutException:
        raise _away(vendor, "no answer in time") from None
    except httpx.HTTPError as error:
        raise _away(vendor, type(error).__name__) from None
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise _away(vendor, f"status {answer.status_code}")
    if answer.status_code != 200:
        log.error("form vendor refused", vendor=vendor, status=answer.status_code)
        raise Refused(
            503,
            "vendor_refused",
            f"{vendor} answered {answer.status_code} when asked for the lead: check its token in FORM_TOKENS.",
            retry_after_s=RETRY_AFTER_S,
        )
    try:
        held = orjson.loads(bytes(body))
    except orjson.JSONDecodeError:
        held = None
    if not isinstance(held, dict):
        raise _away(vendor, "its answer is no JSON object")
    return held


def _away(vendor: str, reason: str) -> Refused:
    log.warning("form vendor away", vendor=vendor, reason=reason)
    return Refused(
        503,
        "vendor_unavailable",
        f"{vendor} could not be asked for the lead ({reason}). Nothing is lost: send the notification again.",
        retry_after_s=RETRY_AFTER_S,
    )
