"""uvicorn writes an answer's head and its body one after the other, and uvloop makes a system call of each: twice the
work for the kernel, and a sender that wakes up for half an answer. Here what is written in one turn of the event loop
leaves together."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HELD = 16_384
"""Bytes. A larger answer goes on at once, so that the transport's own limits can slow down who writes it."""


class JoinedWrites:
    """A transport around a transport; all but writing and closing is the inner one's."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []
        self._held = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._held += len(data)
        if self._held > MOST_HELD:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            data, self._parts, self._held = b"".join(self._parts), [], 0
            self._transport.write(data)


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol over such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.loop)))
