"""Puts the mappings' part of the HTTP side together: what is in use, the desk, the routes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Engine

from graph.rules.aliases import Aliases
from tools.web.forms.mapping.admin import mappings_router
from tools.web.forms.mapping.desk import Desk
from tools.web.forms.mapping.endpoint import OwnForms
from tools.web.forms.mapping.live import FormMappings
from tools.web.forms.mapping.pages import mapping_pages
from tools.web.webhook import Webhook


class MappingSide:
    """mappings: start and stop it with `async with`; own: takes the payloads of forms of one's own."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        key: bytes,
        webhook: Webhook,
        *,
        base_url: str,
        vendors: Collection[str],
        aliases: Callable[[], Aliases],
        clock: Callable[[], datetime],
    ) -> None:
        self.mappings = FormMappings(engine, executor, key, clock)
        self.own = OwnForms(self.mappings, executor, webhook)
        self.desk = Desk(self.mappings, base_url, vendors=vendors, aliases=aliases)

    def routers(self, require_login: Callable[..., Any], required: Any) -> list[APIRouter]:
        """Of the admin and of the page; `required` is the login as a dependency of the first."""
        admin = APIRouter(dependencies=[required])
        admin.include_router(mappings_router(self.desk, self.own))
        return [admin, mapping_pages(self.desk, self.own, require_login)]
