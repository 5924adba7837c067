"""What people do with endpoints, the same from the command line, over HTTP and on the page: add, rotate, test."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx
from sqlalchemy import Engine

from graph.domain.announcing import EVENTS, PING, VERSION, Ping
from tools.outgoing.addresses import Refused, checked_url, target_of
from tools.outgoing.performing import tried_of, valid_secrets
from tools.outgoing.sealing import OLD_VALID_H, BadSecret, Sealer, checked_secret, new_secret
from tools.outgoing.sending import Attempt, Sender, Way
from tools.store.announcing import body_of
from tools.store.webhook_deliveries import note_tried
from tools.store.webhooks import CannotKeep, Endpoint, add_endpoint, found_endpoint, set_secret

ALL: Final = "all"
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Shown:
    """secret: shown this once, never again."""

    endpoint: Endpoint
    secret: str


def event_names(given: Sequence[str]) -> tuple[str, ...]:
    """Names of events, each once; `all` is every one. Raises CannotKeep for a name that there is not."""
    wanted = dict.fromkeys(name.strip() for name in given if name.strip())
    if ALL in wanted:
        return EVENTS
    for name in wanted:
        if name not in EVENTS:
            raise CannotKeep(f"events: there is no {name!r}; there are {', '.join(EVENTS)}, and {ALL}")
    if not wanted:
        raise CannotKeep(f"events: name at least one of {', '.join(EVENTS)}, or {ALL}")
    return tuple(wanted)


async def add(
    engine: Engine,
    sealer: Sealer,
    way: Way,
    url: str,
    events: Sequence[str],
    *,
    personal: bool,
    now: datetime,
    secret: str | None = None,
) -> Shown:
    """Raises CannotKeep with a sentence for whoever typed it. A host that is not known now may be known later."""
    names = event_names(events)
    try:
        read = checked_url(url, private=way.private)
        chosen = new_secret() if secret is None else checked_secret(secret)
        async with asyncio.timeout(way.deadline_s):
            await target_of(read, private=way.private, resolve=way.resolve)
    except Refused as refused:
        raise CannotKeep(f"url: {refused}") from None
    except BadSecret as bad:
        raise CannotKeep(f"secret: {bad}") from None
    except (OSError, TimeoutError):
        pass  # each sending looks it up again
    name = "ep_" + "".join(secrets.choice(_LETTERS) for _ in range(8))
    sealed = sealer.seal(chosen)
    made = await asyncio.to_thread(lambda: add_endpoint(engine, name, url, names, sealed, personal=personal, now=now))
    return Shown(made, chosen)


def rotate(engine: Engine, sealer: Sealer, endpoint: str, now: datetime, secret: str | None = None) -> Shown:
    """A new secret; the old one signs too for OLD_VALID_H hours. Raises CannotKeep."""
    held = found_endpoint(engine, endpoint)
    try:
        fresh = new_secret() if secret is None else checked_secret(secret)
    except BadSecret as bad:
        raise CannotKeep(f"secret: {bad}") from None
    until = now + timedelta(hours=OLD_VALID_H)
    return Shown(set_secret(engine, endpoint, sealer.seal(fresh), held.secrets[0], until), fresh)


async def test(engine: Engine, sealer: Sealer, way: Way, endpoint: str, now: datetime) -> Attempt:
    """Send a ping now, whatever state the endpoint is in, and say what came back. Raises CannotKeep."""
    held = await asyncio.to_thread(found_endpoint, engine, endpoint)
    event_id = "msg_ping_" + secrets.token_hex(12)
    data = Ping(VERSION, endpoint, "A test of this endpoint. Nothing has happened to any lead.")
    body = body_of(PING, data, now, personal=True)
    sender = Sender(held.url, way, httpx.create_ssl_context(), 1)
    try:
        attempt = await sender.send(event_id, body, valid_secrets(held, sealer, now), now)
    except BadSecret as bad:
        raise CannotKeep(f"secret: {bad}") from None
    finally:
        await sender.aclose()
    tried = tried_of(PING, event_id, None, attempt, now, now)
    await asyncio.to_thread(note_tried, engine, endpoint, tried)
    return attempt
