"""Signed links in mails: which mail, and which of its links. They hold no address, and nobody can make one up.

token = base64url( mail id (16 bytes) | number of the link (1 byte, 255: unsubscribe) | HMAC-SHA256, first 16 bytes )
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

UNSUBSCRIBE: Final = 255
MOST_LINKS: Final = 200
_MAC: Final = 16


class Tokens:
    """key: this installation's own; what is derived from it here serves links alone."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.new(key, b"links in mails", hashlib.sha256).digest()

    def token(self, mail_id: str, number: int = UNSUBSCRIBE) -> str:
        """mail_id: 32 hexadecimal digits. ValueError for a link beyond MOST_LINKS."""
        if not 0 <= number <= MOST_LINKS and number != UNSUBSCRIBE:
            raise ValueError(f"a mail has at most {MOST_LINKS} links")
        body = bytes.fromhex(mail_id) + bytes((number,))
        return base64.urlsafe_b64encode(body + self._mac(body)).rstrip(b"=").decode()

    def read(self, token: str) -> tuple[str, int] | None:
        """(mail id, number of the link); None for what we did not sign."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        body, mac = raw[:17], raw[17:]
        if len(raw) != 17 + _MAC or not hmac.compare_digest(mac, self._mac(body)):
            return None
        return body[:16].hex(), body[16]

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()[:_MAC]
