"""The ceiling: a bare ASGI application that answers every request with 202 and a small JSON body.

Run under uvicorn with httptools and uvloop, it shows what the HTTP server alone can do on a machine. It reads no body,
validates nothing and remembers nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]

BODY = b'{"status":"accepted","lead_id":"0123456789abcdef"}'
START: Message = {
    "type": "http.response.start",
    "status": 202,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
}
END: Message = {"type": "http.response.body", "body": BODY}


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],  # noqa: ARG001 - it reads no body
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer an HTTP request; a lifespan scope ends at once, which uvicorn takes for "not supported"."""
    if scope["type"] == "http":
        await send(START)
        await send(END)
