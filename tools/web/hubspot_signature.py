"""Version 3 of HubSpot's signature, for whatever HubSpot posts here: events of the CRM, and forms by a workflow.

Of our own, since the SDK's check takes any time in the future, so that a signature never ends, and raises where a header is
missing. https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from tools.web.forms.signatures import base64_of, digest, must_be_recent, must_fit

SIGNATURE: Final = "x-hubspot-signature-v3"
TIME: Final = "x-hubspot-request-timestamp"
AHEAD_S: Final = 5.0
"""Seconds that two clocks may differ. HubSpot's own advice for the past is five minutes."""
_DECODED: Final = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
    "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
"""What HubSpot decodes of the URL before it signs it."""


def verify(
    headers: Mapping[str, str],
    method: str,
    url: str,
    body: bytes,
    *,
    secrets: Sequence[str],
    now: datetime,
    setting: str,
) -> None:
    """Over these very bytes. headers: names in lower case; url: as HubSpot called it; secrets: any of them will do;
    setting: where they stand, for whoever mends it. Raises Refused 401 for a signature that is missing, does not fit, is older
    than five minutes, or comes from the future."""
    given, sent = headers.get(SIGNATURE), headers.get(TIME)
    if not given:
        must_fit(None, (), f"The header {SIGNATURE}")
    must_be_recent(sent, now, per_s=1000, what=f"The header {TIME}", ahead_s=AHEAD_S)
    signed = (method.encode(), _decoded(url).encode(), body, str(sent).encode())
    must_fit(given, (base64_of(digest(secret, *signed)) for secret in secrets), f"The header {SIGNATURE}", setting)


def _decoded(url: str) -> str:
    for code, sign in _DECODED.items():
        url = url.replace(code, sign).replace(code.lower(), sign)
    return url
