"""Puts the forms' part of the HTTP side together: vendors, forms of one's own, and what admins see of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from redis.asyncio import Redis

from graph.domain.table import RoutingTable
from tools.settings import Settings
from tools.web.forms.intake import FormIntake, FormOptions
from tools.web.forms.mapping.side import MappingSide
from tools.web.forms.registry import accesses, vendors
from tools.web.forms.routes import forms_admin_router, forms_router
from tools.web.forms.seen import Seen
from tools.web.webhook import Webhook
from tools.wiring import Store


class FormsSide:
    """redis: where is kept what was last heard of whom; key: of secrets that are made, not kept."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        webhook: Webhook,
        redis: Redis,
        key: bytes,
        routing: Callable[[], RoutingTable],
        clock: Callable[[], datetime],
    ) -> None:
        self._base_url, known = settings.base_url, vendors()
        self._mapping = MappingSide(
            store.engine,
            store.executor,
            key,
            webhook,
            base_url=settings.base_url,
            vendors=known,
            aliases=lambda: routing().aliases,
            clock=clock,
        )
        self._intake = FormIntake(
            webhook,
            known,
            accesses(settings),
            store.engine,
            store.executor,
            Seen(redis),
            FormOptions(settings.base_url, settings.body_limit),
            clock,
            self._mapping.mappings.mapped,
            self._mapping.own.answer,
        )

    def routers(self, require_login: Callable[..., Any], required: Any) -> list[APIRouter]:
        """`required` is the login as a dependency; vendors prove themselves otherwise."""
        admin = APIRouter(dependencies=[required])
        admin.include_router(forms_admin_router(self._intake, self._base_url))
        return [forms_router(self._intake), admin, *self._mapping.routers(require_login, required)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._intake.seen, self._mapping.mappings:
            yield
