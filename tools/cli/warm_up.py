"""What a start does at once on two cores: one process imports what the parts run, another makes the database's tables, the
list of known accounts and, where there is none, a model."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import structlog

from tools.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = structlog.get_logger(__name__)

TABLES = (
    "tools.accounts.opening",
    "tools.ml.registry",
    "tools.routing_file",
    "tools.sequence_file",
    "tools.similar.seeding",
    "tools.store.migrate",
)
SHARED = (
    "graph.build",
    "tools.cli.processes",
    "tools.stream.dispatcher",
    "tools.stream.worker",
    "tools.wiring",
    "uvloop",
)
DECIDING = (
    "langsmith.run_trees",
    "langgraph.graph",
    "langsmith.run_helpers",
    "langchain_core.tracers.context",
    "nameparser",
    "tools.outgoing.performing",
)
WEB = ("fastapi.openapi.models", "tools.web.one_write", "tools.web.server", "uvicorn.lifespan.on")
NEEDED = (*TABLES, *SHARED, *DECIDING, *WEB)
"""What is imported for `prepare` and all parts, for all parts, for worker and dispatcher, for the HTTP side. They import what
is missing here by themselves, each for its own time and memory."""
SELDOM = frozenset(("fastapi.openapi.models", "langsmith.run_trees"))
"""Of other people's packages: modules full of pydantic models of which a run needs none, or only /openapi.json does. Imported
first, so that what comes later finds them."""


def preload(names: Sequence[str] = NEEDED) -> None:
    """Import it, for processes forked from this one. OpenBLAS starts a thread a core when it is imported, unless told
    not to: no part has matrices that would need them, and a process that forks must have no threads."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with no_collections():
        for name in names:
            with built_when_used() if name in SELDOM else contextlib.nullcontext():
                importlib.import_module(name)
        gc.freeze()  # a collection in a child would write to pages that it shares with the others


@contextlib.contextmanager
def built_when_used() -> Iterator[None]:
    """Pydantic makes the validators of models that are declared meanwhile at their first use (its setting `defer_build`,
    which models inherit)."""
    from pydantic import BaseModel

    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]


@contextlib.contextmanager
def no_collections() -> Iterator[None]:
    """For work of which nothing is garbage, such as imports: the collector would walk all of it over and over."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def prepare(settings: Settings) -> int:
    """Tables first: without them nothing starts, nor without rules. A model that cannot be made is the worker's to complain
    about."""
    from sqlalchemy.exc import OperationalError

    from tools.cli.files import unusable
    from tools.ml.registry import ModelError, ensure_bootstrap
    from tools.ml.registry.roles import RolesError
    from tools.observe import logs

    logs.configure(settings.log_level, process="prepare")
    gc.disable()  # for the little while that it lives
    try:
        migrate_database(settings)
    except OperationalError as error:
        if not settings.database_url:
            raise
        print(f"settings: DATABASE_URL: the database cannot be used: {error.orig}", file=sys.stderr)
        return 2
    if problems := unusable(settings):
        print(*(f"settings: {problem}" for problem in problems), sep="\n", file=sys.stderr)
        return 2
    with contextlib.suppress(OSError, ModelError, RolesError):
        ensure_bootstrap(settings.models_dir)
    return 0


def migrate_database(settings: Settings) -> None:
    """Tables, and in them the past accounts that ship with the product."""
    from tools.similar.seeding import seed
    from tools.store.engine import open_engine
    from tools.store.migrate import migrate

    engine = open_engine(settings.database)
    migrate(engine)
    seed(engine, shown=settings.similar_bundled)
    ready_accounts(settings, engine)
    engine.dispose()


def ready_accounts(settings: Settings, engine: Engine) -> None:
    """The list of known accounts and its index. While somebody imports a long file the list as it was is good enough: who
    imports makes the index, too."""
    from tools.accounts.opening import open_book
    from tools.store.book_writing import Busy

    try:
        open_book(engine, settings.source_order, settings.match_index)
    except Busy as busy:
        log.warning("known accounts left as they are", reason=str(busy))
