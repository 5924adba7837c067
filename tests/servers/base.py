"""A small real HTTP server for tests: it plays a vendor on 127.0.0.1, records what it was asked, and fails on request.

    class ShopServer(LocalServer):
        def handle(self, request: Request) -> Answer:            # the vendor's ordinary behaviour
            if request.path == "/orders" and request.method == "POST":
                self.orders.append(request.json())
                return Answer(201, {"id": len(self.orders)})
            return Answer(404, {"error": "no such path"})

    with ShopServer() as shop:                                   # or start() and stop()
        client = Shop(base_url=shop.url)
        shop.script(Answer(429, {}, headers={"Retry-After": "2"}), Answer(delay_s=30), DROP, LOSE)
        shop.always(Answer(503))                                 # until shop.always(None)
        ...
        assert shop.requests[-1].method == "POST"
        shop.clear()                                             # forgets records, scripted and standing answers

`script` queues answers, one for each coming request; `always` stands until it is taken back; else `handle` answers.
`matching=` of both limits them to requests for which it is true (`matching=lambda r: r.path == "/orders"`).
  DROP             close the connection unanswered; the vendor did nothing
  LOSE             the vendor does its work (`handle` runs), then the connection closes unanswered: outcome unknown
  HALF             half of a body, then the connection closes; Answer(half=True, ...) for a body of your own
  Answer(delay_s)  a stall: the answer comes after so many seconds; `stop` does not wait for it
  Answer(handled=True, ...)  `handle` runs, but this is answered instead (a 500 after the write, say)

A body that `Request.json` or `Request.required` cannot read is answered 400, as a vendor would; it is no fault of the server.

The server has a thread and an event loop of its own, so synchronous SDKs and async ones in any loop can talk to it,
and a test that blocks its own loop cannot block the vendor. It speaks HTTP/1.1 with keep-alive over plain TCP. `handle`
runs in the server's thread, one call at a time, when the request has arrived (before any delay). It reaches nothing
beyond this machine and answers nothing by itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import h11
import orjson


class Unreadable(Exception):
    """The request is not what the vendor takes. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived. `target` is the path with its query; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query, last value of each name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query, True).items()}

    @property
    def form(self) -> dict[str, str]:
        """A form-encoded body, last value of each name."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), True).items()}

    def json(self) -> Any:
        """Raises Unreadable."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Unreadable("the body is no JSON") from None

    def required(self, *names: str) -> dict[str, Any]:
        """The body as an object that has these fields. Raises Unreadable."""
        body = self.json()
        missing = [name for name in names if not isinstance(body, dict) or name not in body]
        if missing or not isinstance(body, dict):
            raise Unreadable(f"the body has no {', '.join(missing)}")
        return body


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer. A body of bytes or str goes out as it is, anything else as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drop: bool = False
    handled: bool = False
    half: bool = False

    def encoded(self) -> tuple[bytes, str]:
        """(body, content type)"""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return orjson.dumps(self.body), "application/json"


DROP = Answer(drop=True)
LOSE = Answer(drop=True, handled=True)
HALF = Answer(200, '{"id": "1", "ok": true, "organization": {"name": "Acme"}, "results": [], "choices": []}', half=True)

Matching = Callable[[Request], bool]


def _every(_: Request) -> bool:
    return True


class LocalServer:
    """See the module. `requests` are all that arrived, in order; `peak` is the most that were under way at once."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[BaseException] = []
        self.peak = 0
        self._under_way = 0
        self._lock = threading.Lock()
        self._scripted: deque[tuple[Matching, Answer]] = deque()
        self._standing: tuple[Matching, Answer] | None = None
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._stopping: asyncio.Event | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def handle(self, request: Request) -> Answer:
        """The vendor's ordinary behaviour; subclasses say it."""
        return Answer(404, {"error": f"nothing is served at {request.method} {request.path}"})

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    def script(self, *answers: Answer, matching: Matching = _every) -> None:
        """The next matching requests get these answers, one each."""
        with self._lock:
            self._scripted.extend((matching, answer) for answer in answers)

    def always(self, answer: Answer | None, matching: Matching = _every) -> None:
        """Every matching request that no scripted answer takes gets this one; None takes it back."""
        with self._lock:
            self._standing = None if answer is None else (matching, answer)

    def clear(self) -> None:
        with self._lock:
            self.requests.clear()
            self.faults.clear()
            self._scripted.clear()
            self._standing = None
            self.peak = 0

    def start(self) -> Self:
        """Listens when it returns. A server that was stopped listens on the same port again."""
        self._ready.clear()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name=type(self).__name__, daemon=True
        )
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError(f"{type(self).__name__} did not start listening within 10 s")
        return self

    def stop(self) -> None:
        """Refuses connections when it returns; open ones are closed. Raises what `handle` raised, if it did."""
        if self._loop is not None and self._stopping is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)
        self._loop = self._stopping = self._thread = None
        if self.faults:
            raise self.faults[0]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._converse, "127.0.0.1", self._port)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._requests_of(reader, writer)
        except (ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
            pass  # the client hung up, or the server stops: both are ordinary ends of a conversation
        except BaseException as error:
            self.faults.append(error)
            raise
        finally:
            self._connections.discard(task)
            writer.close()

    async def _requests_of(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while (request := await _next_request(connection, reader, writer)) is not None:
            with self._lock:
                self.requests.append(request)
                self._under_way += 1
                self.peak = max(self.peak, self._under_way)
            try:
                answer = self._answer(request)
                if answer.delay_s:
                    await asyncio.sleep(answer.delay_s)
            finally:
                with self._lock:
                    self._under_way -= 1
            if answer.drop:
                writer.transport.abort()
                return
            _send(connection, writer, request, answer)
            await writer.drain()
            if answer.half:
                writer.transport.close()  # what was written still arrives
                return
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()

    def _answer(self, request: Request) -> Answer:
        chosen = self._chosen(request)
        if chosen is not None and not chosen.handled:
            return chosen
        try:
            ordinary = self.handle(request)
        except Unreadable as refused:
            ordinary = Answer(400, {"error": str(refused)})
        except Exception as error:  # noqa: BLE001 - shown by stop(): a broken test server must not look like a bad vendor
            self.faults.append(error)
            return Answer(500, {"error": f"the test server itself failed: {error!r}"})
        return ordinary if chosen is None else chosen

    def _chosen(self, request: Request) -> Answer | None:
        with self._lock:
            for position, (matching, answer) in enumerate(self._scripted):
                if matching(request):
                    del self._scripted[position]
                    return answer
            if self._standing is not None and self._standing[0](request):
                return self._standing[1]
        return None


async def _next_request(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            connection.receive_data(await reader.read(65_536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body.extend(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
            return Request(head.method.decode(), head.target.decode(), headers, bytes(body))
        else:  # ConnectionClosed
            return None


def _send(connection: h11.Connection, writer: asyncio.StreamWriter, request: Request, answer: Answer) -> None:
    body, content_type = answer.encoded()
    names = {name.lower() for name in answer.headers}
    headers = [(name, value) for name, value in answer.headers.items()]
    if body and "content-type" not in names:
        headers.append(("Content-Type", content_type))
    headers.append(("Content-Length", str(len(body))))
    writer.write(connection.send(h11.Response(status_code=answer.status, headers=headers)) or b"")
    if body and request.method != "HEAD":
        if answer.half:
            writer.write(connection.send(h11.Data(data=body[: len(body) // 2])) or b"")
            return
        writer.write(connection.send(h11.Data(data=body)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
