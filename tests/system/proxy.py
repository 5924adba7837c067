"""A TCP relay in front of a vendor that can be told to stall: it accepts, takes what is sent, and passes nothing on.

When it goes on, what it held reaches the vendor late, even if the caller has given up and hung up meanwhile: as with a
real vendor whose queue was long, the outcome of those calls is known to nobody.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Self


class Proxy:
    """with Proxy(vendor.port) as proxy: ...; proxy.url. answer_s: how long each answer takes to come back."""

    def __init__(self, port: int, *, answer_s: float = 0.0) -> None:
        self._upstream, self._answer_s = port, answer_s
        self._ready, self._tasks = threading.Event(), set[asyncio.Task[None]]()
        self.port, self.held = 0, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the relay did not start within 10 s")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def stall(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def go_on(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    async def _serve(self) -> None:
        self._loop, self._stopping, self._open = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._open.set()
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
            back = asyncio.create_task(self._back(up_reader, writer))
            await self._forth(reader, up_writer)
            await back
        except (OSError, asyncio.CancelledError):
            pass  # one of the two hung up, or the relay ends
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _forth(self, reader: asyncio.StreamReader, up_writer: asyncio.StreamWriter) -> None:
        while data := await self._some(reader):
            if not self._open.is_set():
                self.held += 1
            await self._open.wait()
            up_writer.write(data)
            await up_writer.drain()
        up_writer.write_eof()

    async def _some(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.read(65_536)
        except OSError:
            return b""

    async def _back(self, up_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await up_reader.read(65_536):
            await asyncio.sleep(self._answer_s)
            if not writer.is_closing():
                writer.write(data)  # the caller may be gone: then nobody hears it
        writer.close()
