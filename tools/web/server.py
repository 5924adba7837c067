"""Puts the HTTP side together: the fast webhook in front, FastAPI behind it, resources opened and closed around both."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from threading import Lock
from typing import Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Engine
from starlette.routing import Router

from tools.clock import utc_now
from tools.editing.editor import Editor
from tools.editing.leave import Leaves
from tools.editing.watch import Watch
from tools.idempotency import Identifier
from tools.nurture.tokens import Tokens
from tools.outgoing.performing import sealer_of, way_of
from tools.secrets_file import load_or_make
from tools.settings import Settings
from tools.store.accounts import Currency
from tools.store.agents import networks_of
from tools.store.engine import SMALL_CACHE_KIB
from tools.stream.connect import connect, socket_url
from tools.stream.ending import ended
from tools.stream.inbox import Inbox
from tools.web.admin import admin_router
from tools.web.api_docs import described_api
from tools.web.auth import Login
from tools.web.cors import CrossOrigin
from tools.web.event_writer import EventWriter
from tools.web.events import event_door, events_router, lead_events_router
from tools.web.forms.side import FormsSide
from tools.web.health import Probe, health_router
from tools.web.hubspot import PATH as HUBSPOT_PATH
from tools.web.hubspot import hubspot_router
from tools.web.inbox import inbox_router
from tools.web.insights.side import InsightsSide
from tools.web.nurture import nurture_admin, nurture_pages
from tools.web.nurture_links import link_router
from tools.web.people import duplicates_router, people_router
from tools.web.plain_form import PlainForms
from tools.web.questions import Questions, question_router
from tools.web.returning import Returning
from tools.web.rules import Rules, rules_router
from tools.web.similar import similar_router
from tools.web.slack.building import slack_side
from tools.web.slack.router import slack_router
from tools.web.static import static_router
from tools.web.waiting import Decisions
from tools.web.webhook import PATH, IntakeOptions, Receive, Send, Webhook
from tools.web.webhook_docs import WEBHOOK_ANSWERS, webhook_schema
from tools.web.webhook_pages import webhook_pages
from tools.web.webhooks_out import Side, webhooks_router
from tools.wiring import company_facts, live_routing, live_sequences, open_store, similar_accounts

log = structlog.get_logger(__name__)
DESCRIPTION = "Inbound lead router: post a lead, see who owns it and why."


class FrontDoor:
    """An ASGI application: POST /webhooks/lead goes straight to the webhook, everything else to FastAPI."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._questions = settings, Questions(settings.questions_file)
        secrets = load_or_make(settings.data_dir)
        token = settings.admin_token.get_secret_value() if settings.admin_token else secrets.admin_token
        url, self._identifier = socket_url(settings), Identifier(secrets.lead_key)
        self._store = open_store(settings, threads=4, cache_kib=SMALL_CACHE_KIB)
        self._inbox = Inbox(
            connect(url, timeout_s=None),
            partitions=settings.stream_partitions,
            deadline_s=settings.accept_deadline_s,
            longest=settings.stream_longest,
        )
        self._decisions = Decisions(
            connect(url, timeout_s=None), settings.stream_partitions, self._store.engine, self._store.executor
        )
        self._returning = Returning(self._store.engine, self._inbox, self._decisions)
        self.webhook = Webhook(
            self._inbox,
            self._identifier,
            self._decisions,
            intake_options(settings),
            PlainForms(settings.redirect_hosts),
        )
        self._cors = CrossOrigin(settings.origins) if settings.origins else None
        self._routing = live_routing(settings, self._store)
        self._forms = FormsSide(
            settings, self._store, self.webhook, connect(url), secrets.lead_key, self._routing.current, utc_now
        )
        self._sequences = live_sequences(settings, self._store)
        self._links = Tokens(secrets.lead_key)
        editor = Editor(self._store.engine, settings.routing_file)
        self._rules = Rules(editor, self._store.engine, settings.routing_file)
        self._watch = Watch(
            editor, self._store.engine, lambda: self._routing.current().digest, lambda: self._routing.fault
        )
        self._probe = Probe(
            connect(url),
            settings.stream_partitions,
            self._store.engine,
            self._routing,
            embedded=not settings.redis_url,
            refused=lambda: self._watch.fault,
            models=settings.models_dir,
        )
        self._insights = InsightsSide(settings, self._store, connect(url), self._identifier, self._routing, utc_now)
        self._leaves = Leaves(editor)
        self._slack = slack_side(
            settings, self._store.engine, url, self._identifier, self._returning, self._leaves,
            self._rules.few, self._routing.current, utc_now,
        )  # fmt: skip
        self._similar = similar_accounts(settings, self._store)
        self._events = EventWriter(self._store.engine, networks_of(settings.event_networks.split(",")), utc_now)
        self._currency = Currency(settings.currency, settings.currency_per_usd)
        self._login, self._building = Login(token), Lock()
        self._built: FastAPI | None = None
        self._life = Router(lifespan=self._lifespan)

    @property
    def api(self) -> FastAPI:
        """Everything but the webhook: made once, by whoever asks first. It takes half a second."""
        with self._building:
            if self._built is None:
                self._built = self._api(self._login)
            return self._built

    def _api(self, login: Login) -> FastAPI:
        api = described_api(title="Lead router", description=DESCRIPTION, version="1", lifespan=self._lifespan)
        required = Depends(login.required)
        api.add_api_route(
            PATH,
            self._documented,
            methods=["POST"],
            status_code=202,
            tags=["intake"],
            summary="Post a lead",
            openapi_extra=webhook_schema(),
            responses=WEBHOOK_ANSWERS,
        )
        api.include_router(events_router(event_door(self._settings, self._events, self._identifier, utc_now)))
        api.include_router(lead_events_router(self._store.engine), dependencies=[required])
        api.include_router(question_router(self._store.engine, self._questions))
        api.include_router(static_router())
        for router in self._forms.routers(login.required, required):
            api.include_router(router)
        api.include_router(health_router(self._probe))
        api.include_router(login.router())
        similar = similar_router(
            self._store.engine, self._similar, company_facts(self._settings, self._store, free=True), utc_now
        )
        api.include_router(similar, dependencies=[required])
        api.include_router(admin_router(self._store.engine, self._inbox, self._currency), dependencies=[required])
        api.include_router(rules_router(self._rules), dependencies=[required])
        for router in self._insights.routers(required):
            api.include_router(router)
        api.include_router(
            inbox_router(
                self._store.engine,
                self._returning.pass_on,
                login.required,
                utc_now,
                self._returning.approve,
                self._routing.current,
                self._currency,
                self._leaves,
            )
        )
        api.include_router(slack_router(self._slack))
        api.include_router(people_router(self._store.engine, utc_now), dependencies=[required])
        api.include_router(duplicates_router(self._store.engine, login.required, utc_now))
        for router in hubspot_routes(self._settings, self._store.engine):
            api.include_router(router)
        hooks = Side(self._store.engine, lambda: sealer_of(self._settings), way_of(self._settings), utc_now)
        api.include_router(webhooks_router(hooks), dependencies=[required])
        api.include_router(webhook_pages(hooks, login.required))
        api.include_router(nurture_admin(self._store.engine, self._sequences, utc_now), dependencies=[required])
        api.include_router(nurture_pages(self._store.engine, self._sequences, login.required, utc_now))
        api.include_router(link_router(self._store.engine, self._links, utc_now))
        api.add_api_route("/", lambda: RedirectResponse("/inbox"), methods=["GET"], include_in_schema=False)
        return api

    async def _documented(self, request: Request) -> Response:
        """The person's lead is stored durably before this answers. `?wait=SECONDS` waits for the decision (200)."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await self.webhook.read_and_answer(headers, request.url.query, request.receive)
        extra = {name.decode(): value.decode() for name, value in answer.headers}
        return Response(answer.body, answer.status, extra, answer.content_type.decode())

    @asynccontextmanager
    async def _lifespan(self, _app: object) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._inbox)
            await stack.enter_async_context(self._decisions)
            await stack.enter_async_context(self._probe)
            await stack.enter_async_context(self._watch)
            stack.callback(self._rules.close)
            stack.callback(self._store.close)
            stack.push_async_callback(self._similar.aclose)
            if self._slack is not None:
                stack.push_async_callback(self._slack.aclose)
            await stack.enter_async_context(self._events)
            await stack.enter_async_context(self._forms.running())
            await stack.enter_async_context(self._insights)  # ends first: it reads and writes the store
            rest = asyncio.create_task(self._furnish())
            try:
                yield
            finally:
                await ended(rest)

    async def _furnish(self) -> None:
        """A lead at the open door need not wait for the other routes. Without them this process is of no use."""
        try:
            await asyncio.to_thread(lambda: self.api)
        except Exception:
            log.exception("routes_not_made")
            signal.raise_signal(signal.SIGTERM)
        gc.collect()
        gc.freeze()  # what start-up made lives for ever: collections need not walk it
        gc.set_threshold(10_000, 20, 50)  # nor the young ones every few requests
        gc.enable()  # who starts this alone had it off

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if self._cors is not None and scope["type"] == "http" and self._cors.concerns(scope["path"]):
            await self._cors.answer(scope, receive, send, self._answer)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            await self.webhook.asgi(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._life(scope, receive, send)  # type: ignore[arg-type]
        else:
            api = self._built
            if api is None:
                api = await asyncio.to_thread(lambda: self.api)
            await api(scope, receive, send)  # type: ignore[arg-type]


def hubspot_routes(settings: Settings, engine: Engine) -> list[APIRouter]:
    """None without the secret that tells HubSpot from a stranger."""
    if not settings.hubspot_client_secret:
        return []
    url = settings.hubspot_webhook_url or f"{settings.base_url}{HUBSPOT_PATH}"
    return [hubspot_router(engine, settings.hubspot_client_secret.get_secret_value(), url, utc_now)]


def intake_options(settings: Settings) -> IntakeOptions:
    return IntakeOptions(
        body_limit=settings.body_limit,
        wait_limit_s=settings.wait_limit_s,
        content_window_ms=settings.content_window_s * 1000,
        event_window_ms=settings.event_window_s * 1000,
        base_url=settings.base_url,
        secrets={name: secret.get_secret_value() for name, secret in settings.webhook_secrets.items()},
    )
