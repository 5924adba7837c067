"""Lets in what Slack sent, once: the raw body within its limit, the `v0` signature, five minutes, and no request twice.

Nothing of a body is read before its signature fits.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

import structlog
from fastapi import HTTPException, Request
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tools.web.answers import Refused
from tools.web.webhook import read_body

log = structlog.get_logger(__name__)
MOST_FIELDS: Final = 100
REMEMBERED_S: Final = 900
"""Seconds; a signature is good for five minutes before and after its time."""
Verify: TypeAlias = Callable[[str, str | None, bytes, str | None, datetime], bool]
"""`tools.slack.signature.verify_signature`, handed in: the default run does not import Slack's SDK."""
_FORM: Final = "application/x-www-form-urlencoded"


class Seen:
    """Which requests were let in, shared by all hosts. A server that is away lets everything in: each act is taken once by
    itself, and only the last of two opposite ones could then be repeated."""

    def __init__(self, redis: Redis, wait_s: float = 0.5) -> None:
        self._redis, self._wait_s = redis, wait_s

    async def first(self, signature: str) -> bool:
        """Whether this signature comes for the first time."""
        key = f"slack:{hashlib.sha256(signature.encode('utf-8', 'surrogateescape')).hexdigest()[:40]}"
        try:
            async with asyncio.timeout(self._wait_s):
                return bool(await self._redis.set(key, 1, nx=True, ex=REMEMBERED_S))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("slack_replay_check_skipped", error=type(error).__name__)
            return True


class Verifying:
    """secret: the app's Signing Secret; limit: of a body, in bytes; clock: the time now, with its zone."""

    def __init__(self, secret: str, limit: int, clock: Callable[[], datetime], seen: Seen, verify: Verify) -> None:
        self._secret, self._limit, self._clock, self._seen, self._verify = secret, limit, clock, seen, verify

    async def form(self, request: Request) -> Mapping[str, str] | None:
        """The fields of a request of Slack's, None for one that was let in before. Raises HTTPException."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = await read_body(request.receive, headers, self._limit)
        except Refused as refused:
            raise HTTPException(refused.status, str(refused)) from None
        signature = headers.get("x-slack-signature")
        timestamp = headers.get("x-slack-request-timestamp")
        if not self._verify(self._secret, timestamp, body, signature, self._clock()):
            raise HTTPException(
                401,
                "The signature is not Slack's for this body and time. If Slack sent it, SLACK_SIGNING_SECRET is not the "
                "app's Signing Secret, or this machine's clock is wrong by more than five minutes.",
            )
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise HTTPException(400, f"Slack sends {_FORM}.")
        fields = _fields(body)
        return fields if await self._seen.first(signature or "") else None


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), True, errors="strict", max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(400, "The body is no form in UTF-8.") from None
