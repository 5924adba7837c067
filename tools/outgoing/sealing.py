"""Secrets of endpoints: made here, kept sealed, opened only to sign. The key is made of this installation's own
(`tools.secrets_file`), so that a copy of the database alone signs nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import Final

PREFIX: Final = "whsec_"
LEAST, MOST = 24, 64  # bytes, as Standard Webhooks has it
OLD_VALID_H: Final = 24
"""Hours for which a secret that was replaced signs beside the new one."""


class BadSecret(Exception):
    """The sentence says what is wrong with it; it never quotes it."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def checked_secret(given: str) -> str:
    """A secret of somebody's own. Raises BadSecret."""
    try:
        if not given.startswith(PREFIX):
            raise BadSecret(f"a secret starts with {PREFIX}")
        size = len(base64.b64decode(given[len(PREFIX) :], validate=True))
    except (binascii.Error, ValueError):
        raise BadSecret(f"what follows {PREFIX} is no base64") from None
    if not LEAST <= size <= MOST:
        raise BadSecret(f"a secret has {LEAST} to {MOST} bytes after base64, this one {size}")
    return given


class Sealer:
    """lead_key: as `tools.secrets_file` keeps it."""

    def __init__(self, lead_key: bytes) -> None:
        from cryptography.fernet import Fernet  # noqa: PLC0415 - 30 ms that only those who seal pay

        key = hashlib.blake2b(key=lead_key[:64], digest_size=32, person=b"webhook secrets").digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises BadSecret where another installation's key sealed it."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise BadSecret(
                "the endpoint's secret was sealed with the key of another data folder: rotate it, or bring back secrets.json"
            ) from None
