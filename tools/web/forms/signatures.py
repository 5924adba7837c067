"""How vendors prove who they are: a keyed digest of the raw body, often with the time, or a shared key. Every comparison
takes constant time; a time that is too old, or lies ahead, is refused, so that a recorded request cannot be sent later."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tools.web.answers import Refused
from tools.web.forms.vendor import Access, Incoming

OLDEST_S: Final = 300.0
"""Seconds; Webflow and HubSpot name five minutes, and Calendly three. All send a retry with a new time."""
AHEAD_S: Final = 60.0
KEY_HEADER: Final = "x-webhook-key"
KEY_PARAMETER: Final = "key"


def digest(secret: str, *parts: bytes) -> bytes:
    """HMAC-SHA256 of the parts, one after the other."""
    made = hmac.new(secret.encode(), digestmod="sha256")
    for part in parts:
        made.update(part)
    return made.digest()


def base64_of(made: bytes) -> str:
    return base64.b64encode(made).decode()


def same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def must_fit(given: str | None, expected: Iterable[str], what: str, setting: str = "FORM_SECRETS") -> None:
    """Raises Refused 401 unless `given` is one of `expected`, which stand in `setting`; all of them are compared."""
    if not given:
        raise Refused(401, "no_signature", f"{what} is missing. Without it nobody knows who sent this.")
    if not sum(same(given, each) for each in expected):
        raise Refused(401, "bad_signature", f"{what} does not fit {setting}.")


def must_be_recent(given: str | None, now: datetime, *, per_s: int, what: str, ahead_s: float = AHEAD_S) -> None:
    """given: seconds since 1970 times `per_s`; ahead_s: that two clocks may differ. Raises Refused 401 for
    a time that is none, too old, or ahead."""
    if given is None or not (given.isascii() and given.isdigit()) or len(given) > 16:
        raise Refused(401, "no_timestamp", f"{what} is missing or no number.")
    age_s = now.timestamp() - int(given) / per_s
    if age_s > OLDEST_S:
        raise Refused(401, "old_signature", f"{what} is more than {OLDEST_S:.0f} s old: send it again, freshly signed.")
    if age_s < -ahead_s:
        raise Refused(401, "early_signature", f"{what} lies ahead of this server's clock: compare the two clocks.")


def by_key(incoming: Incoming, access: Access) -> None:
    """The shared key of a vendor that signs nothing: the header `x-webhook-key`, or `?key=` where it sends no headers."""
    given = incoming.headers.get(KEY_HEADER) or incoming.query.get(KEY_PARAMETER)
    must_fit(given, access.secrets, f"The key (header {KEY_HEADER}, or ?{KEY_PARAMETER}= in the URL)")


def by_nobody(_incoming: Incoming, _access: Access) -> None:
    """As open as POST /webhooks/lead."""
