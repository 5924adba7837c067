"""Whether a request really comes from Slack, and is not an old one sent again.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hmac
from datetime import datetime

WINDOW_S = 300


def verify_signature(secret: str, timestamp: str | None, body: bytes, signature: str | None, now: datetime) -> bool:
    """True for Slack's own `v0` signature of these raw bytes, at most five minutes old (or early).

    timestamp, signature: the headers X-Slack-Request-Timestamp and X-Slack-Signature as they came. Whatever a stranger
    sends in them is answered False, never raised; the comparison takes the same time wherever it fails. (The SDK's own
    verifier raises on a time stamp that is no number and on a body that is not UTF-8.)
    """
    if not secret:
        raise ValueError("the Slack signing secret is empty: set it to the app's Signing Secret")
    if not timestamp or not signature or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW_S:
        return False
    mac = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, "sha256")
    return hmac.compare_digest(f"v0={mac.hexdigest()}".encode(), signature.encode("utf-8", "surrogateescape"))
