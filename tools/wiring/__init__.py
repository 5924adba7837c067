"""Chooses the adapters: each part as the settings say, embedded or live. The only place that knows them all.

Here: what the graph reads from. `performers`: who performs its effects; `vendors`: the live adapters; `opening`: the store.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from graph.domain.table import RoutingTable
from graph.domain.trace import Versions
from graph.ports import Challenge, CrmReader, Enrichment, Judge, Ports, Scorer, Writer
from graph.state import RunContext
from tools.accounts.enrichment import BookEnrichment
from tools.accounts.matching.live import LiveMatcher
from tools.cache import MemoryCache
from tools.embedded.crm import EmbeddedCrm
from tools.embedded.judge import RuleJudge
from tools.embedded.writer import TemplateWriter
from tools.enrichment.building import build_waterfall
from tools.enrichment.company import CompanyFacts
from tools.meanwhile import KnownOpinions, Meanwhile
from tools.ml.live import LiveModels
from tools.opinions import source_of
from tools.routing_file import LiveRouting, RoutingFileError, parse
from tools.settings import Settings
from tools.similar.memory import StoredSimilar
from tools.similar.seeding import seed
from tools.store.history import SqlHistory
from tools.store.read_cache import StoreCache
from tools.store.routing_versions import keep_version, last_in_use
from tools.versions import versions_of
from tools.wiring.opening import Store, open_store
from tools.wiring.performers import build_performers, keeper_of, live_sequences
from tools.wiring.vendors import chat_of, embedder_of, hubspot, hubspot_calls, hubspot_limits, pinecone
from tools.xgb import XgbScorer

__all__ = [
    "DATA", "Store", "build_performers", "build_ports", "chat_of", "checkpointer_for", "close_ports", "company_facts",
    "context_for", "context_source", "embedder_of", "hubspot_calls", "hubspot_limits", "keeper_of", "live_models",
    "live_routing", "live_sequences", "open_store", "scoring_of", "similar_accounts",
]  # fmt: skip

DATA = Path(__file__).parents[1] / "embedded" / "data"


def live_models(settings: Settings) -> LiveModels[XgbScorer]:
    """Champion and challenger, changed while it runs. The bootstrap model when there is none."""
    return LiveModels(settings.models_dir, time.monotonic, XgbScorer)


def scoring_of(models: LiveModels[XgbScorer]) -> tuple[Scorer, Challenge | None]:
    """The models of this moment as the graph asks for them."""
    serving = models.current()
    if serving.challenger is None:
        return serving.champion, None
    return serving.champion, Challenge(serving.challenger, serving.share, serving.salt)


def build_ports(
    settings: Settings, store: Store, models: LiveModels[XgbScorer] | None = None, *, inline: bool = False
) -> Ports:
    """Everything the graph reads from, with the models of this moment.

    inline: a person waits, so that the language model is asked at once, within READ_DEADLINE_S; otherwise it is asked
    after the decision, by the dispatcher.
    """
    scorer, challenge = scoring_of(models or live_models(settings))
    return Ports(
        enrichment=company_facts(settings, store),
        crm=_crm_reader(settings, store),
        similar=similar_accounts(settings, store),
        judge=_judge(settings, store, inline=inline),
        writer=_writer(settings, inline=inline),
        scorer=scorer,
        history=SqlHistory(store.engine, store.executor),
        language_model=source_of(chat_of(settings)) if settings.llm == "live" else "",
        challenge=challenge,
    )


async def close_ports(ports: Ports) -> None:
    """Close what holds connections; embedded parts hold none."""
    for port in (ports.enrichment, ports.crm, ports.similar, ports.judge, ports.writer):
        close = getattr(port, "aclose", None)
        if close is not None:
            await close()


def live_routing(settings: Settings, store: Store) -> LiveRouting:
    """The routing file with hot reload; every version that is loaded is kept, so that a replay finds it."""
    return LiveRouting(
        settings.routing_file,
        time.monotonic,
        on_load=lambda table: keep_version(store.engine, table.digest, table.text, table.files),
        kept=lambda after: kept_table(store.engine, after),
    )


def kept_table(engine: Engine, after: str | None = None) -> RoutingTable | None:
    """What routes while the file is bad; None where nothing was in use yet, or this release cannot read it. after: only
    what went live after the version of this digest."""
    found = last_in_use(engine, after)
    try:
        return None if found is None else parse(found[0], files=found[1])
    except RoutingFileError:
        return None


def context_source(
    settings: Settings, ports: Ports, routing: LiveRouting, models: LiveModels[XgbScorer] | None = None
) -> Callable[[], RunContext]:
    """What a run needs, asked for at its beginning: the clock's reading, the routing file and the models of that moment."""

    def context() -> RunContext:
        now = ports
        if models is not None:
            scorer, challenge = scoring_of(models)
            now = replace(ports, scorer=scorer, challenge=challenge)
        return context_for(datetime.now(UTC), routing.current(), now, settings.base_url)

    return context


def context_for(now: datetime, table: RoutingTable, ports: Ports, public_url: str) -> RunContext:
    versions: Versions = versions_of(table.digest, ports.scorer.digest)
    return RunContext(now, table, versions, ports, public_url)


def company_facts(settings: Settings, store: Store, *, free: bool = False) -> Enrichment:
    """Match and facts of companies in one. free: for questions that may come by the thousand: the list of accounts and the
    bundled table, never a vendor that is paid for each."""
    book = BookEnrichment(store.engine, store.executor)
    ledger = () if free else (store.engine, store.executor)
    sources = build_waterfall(settings, *ledger, ours={book.source: book})
    return CompanyFacts(LiveMatcher(settings.match_index, time.monotonic), sources)


def _crm_reader(settings: Settings, store: Store) -> CrmReader:
    return (
        EmbeddedCrm(store.engine, executor=store.executor) if settings.crm == "embedded" else hubspot(settings, store)
    )


def similar_accounts(settings: Settings, store: Store, look_every_s: float = 1.0) -> Any:
    """Implements `SimilarAccounts`, with conditions: over our own store, or a Pinecone index."""
    if settings.similar == "live":
        return pinecone(settings)
    return StoredSimilar(
        store.engine,
        embedder_of(settings),
        folder=settings.data_dir / "similar",
        reach=settings.similar_reach,
        look_every_s=look_every_s,
        deadline_s=settings.read_deadline_s,
        prepare=lambda: seed(store.engine, shown=settings.similar_bundled),
    )


def _judge(settings: Settings, store: Store, *, inline: bool) -> Judge:
    if settings.llm == "embedded":
        return RuleJudge()
    if not inline:
        return Meanwhile(KnownOpinions(chat_of(settings), StoreCache(store.engine, store.executor)), RuleJudge())
    from tools.llm import OpenAiJudge  # noqa: PLC0415

    return Meanwhile(OpenAiJudge(chat_of(settings, inline=True), cache=MemoryCache()), RuleJudge())


def _writer(settings: Settings, *, inline: bool) -> Writer:
    if settings.llm == "embedded" or not inline:
        return TemplateWriter()
    from tools.llm import OpenAiWriter  # noqa: PLC0415

    return OpenAiWriter(chat_of(settings, inline=True), cache=MemoryCache())


@asynccontextmanager
async def checkpointer_for(settings: Settings) -> AsyncIterator[Any]:
    """LangGraph's own checkpointer for those who want one; None by default: the stream replays, at a tenth of the cost."""
    if settings.checkpointer == "none":
        yield None
    elif settings.checkpointer == "sqlite":
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # noqa: PLC0415

        async with AsyncSqliteSaver.from_conn_string(str(settings.data_dir / "checkpoints.db")) as saver:
            yield saver
    else:
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # noqa: PLC0415

        async with AsyncPostgresSaver.from_conn_string(settings.database_url) as saver:
            await saver.setup()
            yield saver
