"""Performs what waits in the endpoints' queues, and says which queues there are. A dispatcher asks for them every few
seconds: an endpoint that was added gets a queue then, one that was paused loses it, and what waits there waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
import structlog
from sqlalchemy import Engine

from graph.domain.telling import SendWebhook
from graph.ports import Order, Performer, Receipt, VendorError
from tools.clock import utc_now
from tools.outgoing.sealing import BadSecret, Sealer
from tools.outgoing.sending import Attempt, Sender, Way
from tools.store.webhook_deliveries import Tried, note_tried, tidy
from tools.store.webhooks import Endpoint, endpoints

if TYPE_CHECKING:
    from tools.settings import Settings

log = structlog.get_logger(__name__)
GONE: Final = 410
TIDY_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Terms:
    """side_by_side: messages under way to one endpoint; off_after: of nothing but failures; waits, kept: see
    `tools.settings.outgoing`."""

    side_by_side: int = 16
    off_after: timedelta = timedelta(days=5)
    waits: timedelta = timedelta(days=7)
    kept: timedelta = timedelta(days=30)


def valid_secrets(endpoint: Endpoint, sealer: Sealer, now: datetime) -> list[str]:
    """Opened; the one before the present one too, while it is valid. Raises BadSecret."""
    held = endpoint.secrets
    if len(held) > 1 and (endpoint.old_until is None or endpoint.old_until <= now):
        held = held[:1]
    return [sealer.open(one) for one in held]


class EndpointPerformer:
    """The performer of one endpoint's queue. `endpoint` is replaced when it was changed."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        endpoint: Endpoint,
        sender: Sender,
        sealer: Sealer,
        terms: Terms,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.endpoint, self.sender = endpoint, sender
        self.side_by_side = terms.side_by_side
        self._engine, self._executor, self._sealer = engine, executor, sealer
        self._terms, self._clock = terms, clock

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError for everything but a 2xx, and what the database raises."""
        effect = order.effect
        if not isinstance(effect, SendWebhook):
            raise VendorError("unsupported_effect", f"no webhook is called {effect.kind}", permanent=True)
        now = self._clock()
        try:
            secrets = valid_secrets(self.endpoint, self._sealer, now)
            attempt = await self.sender.send(effect.event_id, effect.body, secrets, now)
        except BadSecret as error:
            attempt = Attempt(None, 0, f"refused: {error}")
        tried = tried_of(
            effect.event, effect.event_id, order, attempt, datetime.fromisoformat(effect.body["timestamp"]), now
        )
        off = None if attempt.ok else self._why_off(attempt, now)
        held = await asyncio.get_running_loop().run_in_executor(
            self._executor, lambda: note_tried(self._engine, self.endpoint.endpoint, tried, off=off)
        )
        if held is None:
            return Receipt("not sent: endpoint removed", repeated=True)
        if held.state == "off" and self.endpoint.state != "off":
            log.warning("webhook endpoint switched off", endpoint=held.endpoint, why=held.why)
        self.endpoint = held
        if not attempt.ok:
            code, _, detail = (attempt.error or "failed").partition(": ")
            raise VendorError(code, detail, retry_after_s=attempt.retry_after_s)
        return Receipt(f"{attempt.status} {effect.event_id}")

    def _why_off(self, attempt: Attempt, now: datetime) -> str | None:
        if attempt.status == GONE:
            return "it answered 410 Gone"
        since = self.endpoint.failing_since
        if since is not None and now - since >= self._terms.off_after:
            return f"nothing but failures since {since:%Y-%m-%d %H:%M} UTC, the last one {attempt.error}"
        return None


def tried_of(
    event: str, event_id: str, order: Order | None, attempt: Attempt, announced_at: datetime, now: datetime
) -> Tried:
    """order: None for a ping."""
    return Tried(
        event,
        event_id,
        (order.lead_id or None) if order else None,
        order.key if order else None,
        order.attempt if order else 1,
        attempt.ok,
        attempt.status,
        attempt.duration_ms,
        attempt.error,
        attempt.excerpt,
        announced_at,
        now,
    )


class Outgoing:
    """Every endpoint's performer. Call `aclose` at the end."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        sealer: Callable[[], Sealer],
        way: Way | None = None,
        terms: Terms | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """sealer: asked for when there is an endpoint: who has none pays for no cryptography."""
        self._engine, self._executor, self._make_sealer = engine, executor, sealer
        self._way, self._terms, self._clock = way or Way(), terms or Terms(), clock
        self._held: dict[str, EndpointPerformer] = {}
        self._parting: list[tuple[float, Sender]] = []
        self._sealer: Sealer | None = None
        self._tls: Any = None
        self._tidy_at = 0.0

    async def queues(self) -> Mapping[str, Performer]:
        """By name: those of the endpoints that are active. Raises what the database raises."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._executor, endpoints, self._engine)
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + TIDY_S
            await loop.run_in_executor(self._executor, self._tidy)
        active = {one.queue: one for one in found if one.state == "active"}
        await self._part(self._held.keys() - active.keys())
        for queue, endpoint in active.items():
            held = self._held.get(queue)
            if held is None:
                self._held[queue] = self._performer(endpoint)
            else:
                held.endpoint = endpoint
        return dict(self._held)

    async def _part(self, gone: Collection[str]) -> None:
        """Their connections end once nothing can be under way on them any more."""
        now = time.monotonic()
        self._parting += [(now + 2 * self._way.deadline_s, self._held.pop(queue).sender) for queue in gone]
        for until, sender in [one for one in self._parting if one[0] <= now]:
            self._parting.remove((until, sender))
            await sender.aclose()

    def _performer(self, endpoint: Endpoint) -> EndpointPerformer:
        if self._sealer is None:
            self._sealer, self._tls = self._make_sealer(), httpx.create_ssl_context()
        sender = Sender(endpoint.url, self._way, self._tls, self._terms.side_by_side)
        return EndpointPerformer(self._engine, self._executor, endpoint, sender, self._sealer, self._terms, self._clock)

    def _tidy(self) -> None:
        now = self._clock()
        tidy(self._engine, now, waits_since=now - self._terms.waits, kept_since=now - self._terms.kept)

    async def aclose(self) -> None:
        for sender in [*(held.sender for held in self._held.values()), *(sender for _, sender in self._parting)]:
            await sender.aclose()
        self._held, self._parting = {}, []


def way_of(settings: Settings) -> Way:
    return replace(Way(), deadline_s=settings.webhooks_deadline_s, private=settings.webhooks_private)


def terms_of(settings: Settings) -> Terms:
    return Terms(
        settings.webhooks_side_by_side,
        timedelta(days=settings.webhooks_off_after_d),
        timedelta(days=settings.webhooks_wait_d),
        timedelta(days=settings.webhooks_kept_d),
    )


def outgoing(settings: Settings, engine: Engine, executor: Executor) -> Outgoing:
    """As the settings say."""
    return Outgoing(engine, executor, lambda: sealer_of(settings), way_of(settings), terms_of(settings))


def sealer_of(settings: Settings) -> Sealer:
    from tools.secrets_file import load_or_make  # noqa: PLC0415

    return Sealer(load_or_make(settings.data_dir).lead_key)
