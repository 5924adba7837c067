"""Lets pages of other sites post leads from a browser's script: FORM_ORIGINS says which. Nothing else of this server is ever open
to another site's script.

    "https://www.example.com, https://example.de"    those, exactly
    "*"                                              any: whoever can post without a browser can post with one
    ""                                               none (the default): plain forms still post, scripts do not

Cookies are never asked for and never sent, so an allowed page can do what any client without a token can, and no more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, TypeAlias

from tools.settings.origins import ANY

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]

_PLACES: Final = ("/webhooks/lead/", "/webhooks/forms/")
_LEAD: Final = "/webhooks/lead"
_ALLOWED: Final = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"content-type, idempotency-key"),
    (b"access-control-max-age", b"86400"),
)
_EXPOSED: Final = (b"access-control-expose-headers", b"idempotency-replayed, retry-after")
_VARY: Final = (b"vary", b"Origin")


class CrossOrigin:
    """origins: as tools.settings.origins reads them, not empty."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._any = ANY in origins
        self._origins = {origin.encode() for origin in origins}

    def concerns(self, path: str) -> bool:
        return path == _LEAD or path.startswith(_PLACES)

    async def answer(self, scope: Mapping[str, Any], receive: Receive, send: Send, app: App) -> None:
        """Answer a browser's preflight, or let `app` answer and say that the page may read it."""
        origin = asked = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == b"access-control-request-method":
                asked = value
        if origin is None:
            await app(scope, receive, send)
            return
        allowed = self._any or origin in self._origins
        own = self._headers(origin) if allowed else [_VARY]
        if asked is not None and scope["method"] == "OPTIONS":
            await _preflight(send, [*own, *_ALLOWED] if allowed else own, allowed)
            return

        async def telling(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *own, *((_EXPOSED,) if allowed else ())]
            await send(message)

        await app(scope, receive, telling)

    def _headers(self, origin: bytes) -> list[tuple[bytes, bytes]]:
        if self._any:
            return [(b"access-control-allow-origin", b"*")]
        return [(b"access-control-allow-origin", origin), _VARY]


async def _preflight(send: Send, headers: list[tuple[bytes, bytes]], allowed: bool) -> None:
    body = b"" if allowed else b"FORM_ORIGINS does not name the page's origin."
    status = 204 if allowed else 403
    if body:
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
