"""One message to one endpoint: signed, sent once, answered or not. Keeps nothing, retries nothing, follows no redirect.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import orjson
from standardwebhooks import Webhook

from tools.outgoing.addresses import Refused, Resolve, checked_url, resolve, target_of

EXCERPT: Final = 500
"""Characters of an answer that are kept."""
READ: Final = 4 * EXCERPT  # bytes: a character of UTF-8 has at most four
CONNECT_S, EXCERPT_S = 5.0, 1.0
LONGEST_WAIT_S: Final = 86_400.0
AGENT: Final = "lead-router-webhooks/1"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came back. status: None where no answer came, then `error` says why; excerpt: how the answer begins;
    retry_after_s: what it asks for, at most a day."""

    status: int | None
    duration_ms: int
    error: str | None = None
    excerpt: str | None = None
    retry_after_s: float | None = None

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Way:
    """How messages travel. private: also to addresses that are not public, and over http."""

    deadline_s: float = 10.0
    private: bool = False
    resolve: Resolve = resolve


class Sender:
    """For one endpoint: connections are never shared between endpoints, since they are made to an address and proved to
    be one host's. tls: shared, since it takes long to make."""

    def __init__(self, url: str, way: Way, tls: ssl.SSLContext, side_by_side: int = 16) -> None:
        self.url, self._way = url, way
        self._client = httpx.AsyncClient(
            verify=tls,
            trust_env=False,  # a proxy of the environment would resolve the name again
            follow_redirects=False,
            timeout=httpx.Timeout(way.deadline_s, connect=min(CONNECT_S, way.deadline_s)),
            limits=httpx.Limits(max_connections=side_by_side, max_keepalive_connections=side_by_side),
        )

    async def send(self, event_id: str, body: dict[str, Any], secrets: Sequence[str], now: datetime) -> Attempt:
        """Raises nothing that the network or the endpoint does."""
        content = orjson.dumps(body, option=orjson.OPT_UTC_Z)
        began = time.monotonic()

        def ended(status: int | None, error: str | None, **more: Any) -> Attempt:
            return Attempt(status, round(1000 * (time.monotonic() - began)), error, **more)

        try:
            async with asyncio.timeout(self._way.deadline_s):
                return await self._sent(content, signed(event_id, content, secrets, now), ended)
        except Refused as refused:
            return ended(None, f"refused: {refused}")
        except (TimeoutError, httpx.TimeoutException):
            return ended(None, f"timeout: no answer within {self._way.deadline_s:g} s")
        except (httpx.TransportError, OSError) as error:
            return ended(None, f"unreachable: {_fault(error)}")

    async def _sent(self, content: bytes, headers: dict[str, str], ended: Callable[..., Attempt]) -> Attempt:
        url = checked_url(self.url, private=self._way.private)
        address = await target_of(url, private=self._way.private, resolve=self._way.resolve)
        host = url.netloc.decode("ascii")
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            content=content,
            headers={
                "host": host,
                "user-agent": AGENT,
                "content-type": "application/json",
                "accept-encoding": "identity",
                **headers,
            },
            extensions={"sni_hostname": url.raw_host.decode("ascii")},  # and so the certificate must be the host's
        )
        response = await self._client.send(request, stream=True)
        try:
            wish = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
            wish = wish if response.status_code in {429, 503} else None
            said = await _beginning(response)
        finally:
            await response.aclose()
        status = response.status_code
        error = None if 200 <= status < 300 else f"status_{status}: {_meaning(status)}"
        return ended(status, error, excerpt=said, retry_after_s=wish)

    async def aclose(self) -> None:
        await self._client.aclose()


def signed(event_id: str, content: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The three headers; one signature for each secret, separated by blanks."""
    moment = now.astimezone(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(one).sign(event_id, moment, content.decode()) for one in secrets),
    }


def retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds, from seconds or a date; None for anything else."""
    if text is None:
        return None
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return min(float(text), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


async def _beginning(response: httpx.Response) -> str:
    """Of an answer that never ends no more than a second's worth: its status counts, whatever it says."""
    read = bytearray()
    try:
        async with asyncio.timeout(EXCERPT_S):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) >= READ:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass  # half a body: what was read is shown
    text = bytes(read[:READ]).decode("utf-8", "replace").replace("\x00", "")
    return "".join(letter if letter.isprintable() else " " for letter in text)[:EXCERPT].strip()


def _meaning(status: int) -> str:
    if 300 <= status < 400:
        return "redirects are not followed"
    return "the endpoint says that it is gone" if status == 410 else "no 2xx"


def _fault(error: Exception) -> str:
    """What went wrong with the connection, without addresses: the page shows it, and it must not map a network."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not good ({cause.verify_message})"
        cause = cause.__cause__ or cause.__context__
    return {
        "ConnectError": "no connection",
        "gaierror": "the host's name is not known",
        "RemoteProtocolError": "the connection broke before an answer",
        "ReadError": "the connection broke before an answer",
    }.get(type(error).__name__, type(error).__name__)
