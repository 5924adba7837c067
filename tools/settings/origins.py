"""The list of FORM_ORIGINS: pages, by scheme, host and port, whose script may post leads."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

ANY: Final = "*"
_USUAL: Final = {"http": 80, "https": 443}


class BadOrigins(ValueError):
    """FORM_ORIGINS cannot be used; the text names the entry and the fix."""


def read_origins(text: str) -> frozenset[str]:
    """The origins of a list with commas, as browsers send them; `*` alone is any. Raises BadOrigins."""
    given = [entry.strip() for entry in text.split(",") if entry.strip()]
    if ANY in given and len(given) > 1:
        raise BadOrigins("FORM_ORIGINS: * means every page; leave the others out, or leave out *")
    return frozenset(entry if entry == ANY else _origin(entry) for entry in given)


def _origin(entry: str) -> str:
    try:
        split = urlsplit(entry)
        port = split.port
    except ValueError:
        raise BadOrigins(f"FORM_ORIGINS: {entry[:80]!r} is no origin; write https://www.example.com") from None
    host = split.hostname
    wrong = split.scheme not in ("http", "https") or not host or split.username is not None
    if wrong or split.path not in ("", "/") or split.query or split.fragment:
        raise BadOrigins(
            f"FORM_ORIGINS: {entry[:80]!r} is no origin; write scheme and host alone: https://www.example.com"
        )
    usual = _USUAL[split.scheme]
    host = f"[{host}]" if ":" in str(host) else host
    return f"{split.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
