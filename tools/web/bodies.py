"""JSON bodies of routes that take whole files: bounded in size, refused without repeating what was sent, and worked on in a
few threads of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import orjson
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

MOST_BYTES: Final = 4 * 1024 * 1024


class SmallRoute(APIRoute):
    """A route whose body may have MOST_BYTES. What pydantic finds is told without the values, which may hold half a
    character that no answer could carry."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            try:
                return await handle(Request(request.scope, _counted(request)))
            except RequestValidationError as error:
                fields = [
                    {"field": ".".join(map(_safe, each["loc"])), "problem": _safe(each["msg"])}
                    for each in error.errors()
                ]
                return answer(422, {"message": "A field is wrong.", "findings": [], "fields": fields})

        return bounded


def _counted(request: Request) -> Callable[[], Awaitable[Any]]:
    seen = 0

    async def receive() -> Any:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BYTES:
            raise HTTPException(413, f"The body is larger than {MOST_BYTES // 1024:,} kB.")
        return message

    return receive


def _safe(value: object) -> str:
    return str(value).encode(errors="replace").decode()


def answer(status: int, body: Any, etag: str | None = None) -> Response:
    """JSON, with the ETag of the file that it is about."""
    headers = {} if etag is None else {"ETag": f'"{etag}"'}
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), status, headers, "application/json")


class Busy(Exception):
    """As many as may wait are waiting."""


class Few:
    """So many threads, and so many callers that may wait for one."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="rules")
        self._free = threads + waiting

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if not self._free:
            raise Busy
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            self._free += 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
