"""The long-running parts, each in a process of its own: the HTTP side, a worker, the dispatcher."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import signal
import socket
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from redis.exceptions import RedisError

from tools.cli import SUPERVISOR
from tools.cli.tuning import Collector, give_way, one_heap, quiet_collector, stay_small
from tools.observe import logs
from tools.settings import Settings

if TYPE_CHECKING:
    from tools.stream.pace import Waiting
    from tools.stream.wake import Wake

log = structlog.get_logger(__name__)
LULL_S = 0.5  # without a decision, after which none is disturbed


def serve_http(settings: Settings) -> None:
    """The HTTP side alone; needs a running stream server."""
    from tools.web.one_write import OneWriteProtocol

    logs.configure(settings.log_level, process="web")
    one_heap()
    gc.disable()  # until all stands
    config = uvicorn.Config(
        "app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=OneWriteProtocol,
        ws="none",
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    _end_with_parent(lambda: setattr(server, "should_exit", True))
    server.run()


def run_worker(settings: Settings, *, drain: bool = False, spare: bool = False) -> int:
    """One worker a partition; with drain it ends when nothing waits. spare: see WorkerOptions. Returns the number of
    submissions finished."""
    logs.configure(settings.log_level, process="worker")
    one_heap()
    gc.disable()  # until all stands
    finished: int = uvloop_run(_work(settings, drain=drain, spare=spare))
    return finished


async def _work(settings: Settings, *, drain: bool, spare: bool) -> int:
    from graph.build import build_graph
    from tools.cli.warm_up import ready_accounts
    from tools.observe import metrics
    from tools.store.engine import let_go
    from tools.stream.connect import connect, socket_url
    from tools.stream.consumer import Consumer
    from tools.stream.keys import Partition
    from tools.stream.turnstile import Turnstile
    from tools.stream.worker import Worker, WorkerOptions
    from tools.wiring import (
        build_ports,
        checkpointer_for,
        close_ports,
        context_source,
        live_models,
        live_routing,
        open_store,
    )

    store = open_store(settings, log_pages=0)
    ready_accounts(settings, store.engine)
    models = live_models(settings)
    ports = build_ports(settings, store, models)
    routing = live_routing(settings, store)
    redis = connect(socket_url(settings), timeout_s=30.0)
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    context = context_source(settings, ports, routing, models)
    workers: list[Worker] = []
    try:
        async with checkpointer_for(settings) as checkpointer:
            graph = build_graph(checkpointer, metrics.timed)
            options = WorkerOptions(batch=settings.worker_batch, threads=checkpointer is not None, spare=spare)
            collect = Collector(functools.partial(let_go, store.engine))
            # a file's rows are written one by one, and the interpreter is to be had after each
            alone = asyncio.Lock() if store.engine.dialect.name == "sqlite" else None
            for n in range(settings.stream_partitions):
                consumer = Consumer(redis, Partition(n), name)
                turnstile = Turnstile(settings.data_dir / "turnstile")
                workers.append(
                    Worker(consumer, graph, store.engine, store.executor, context, options, turnstile, collect, alone)
                )

            def stop() -> None:
                for worker in workers:
                    worker.stop()

            _stop_on_signal(stop)
            log.info("worker ready", routing=routing.current().digest[:12], model=ports.scorer.name)
            return sum(await asyncio.gather(*(worker.run(drain=drain) for worker in workers)))
    finally:
        await close_ports(ports)
        await redis.aclose()
        store.close()


def run_dispatcher(settings: Settings, *, drain: bool = False) -> None:
    """Performs the outbox; with drain it ends when nothing is due."""
    logs.configure(settings.log_level, process="dispatcher")
    one_heap()
    gc.disable()  # until all stands
    give_way(4)  # a decision goes before an effect; much more, and workers wait for the write lock in its hand
    uvloop_run(_dispatch(settings, drain=drain))


async def _dispatch(settings: Settings, *, drain: bool) -> None:
    from tools.outgoing.performing import outgoing
    from tools.store.engine import SMALL_CACHE_KIB
    from tools.stream.connect import connect, socket_url
    from tools.stream.digests import Digests
    from tools.stream.dispatcher import Dispatcher, Wake
    from tools.stream.inbox import Inbox
    from tools.stream.performers import Performers
    from tools.wiring import keeper_of, live_routing, open_store

    store = open_store(settings, threads=4, cache_kib=SMALL_CACHE_KIB)
    wake = Wake()
    asking = connect(socket_url(settings))
    back = Inbox(connect(socket_url(settings), timeout_s=None), partitions=settings.stream_partitions)
    performers, webhooks = Performers(settings, store, back), outgoing(settings, store.engine, store.executor)
    dispatcher = Dispatcher(
        store.engine,
        store.executor,
        performers.by_vendor,
        f"{socket.gethostname()}-{os.getpid()}",
        wait=wake.wait,
        waiting=lambda: _waiting(asking, settings, wake),
        queues=webhooks.queues,
    )

    def stop() -> None:
        dispatcher.stop()
        wake.ring()

    _stop_on_signal(stop)
    redis = connect(socket_url(settings), timeout_s=None)
    ear = asyncio.create_task(_listen(redis, settings.stream_partitions, wake))
    keeper = keeper_of(settings, store)
    keeping = asyncio.create_task(keeper.run())
    digests = Digests(
        store.engine,
        store.executor,
        functools.cache(lambda: live_routing(settings, store)),
        settings.digest_hours,
        settings.base_url,
    )
    telling = asyncio.create_task(digests.run(once=drain))
    quiet_collector()
    staying = asyncio.create_task(stay_small())
    log.info("dispatcher ready")
    try:
        async with back:
            if drain:
                await telling
            await dispatcher.run(drain=drain)
    finally:
        ear.cancel()
        keeping.cancel()
        telling.cancel()
        staying.cancel()
        await keeper.aclose()
        await performers.aclose()
        await webhooks.aclose()
        await redis.aclose()
        store.close()


async def _waiting(redis: Any, settings: Settings, wake: Wake) -> Waiting:
    """Whether leads are being decided, and whether the workers are behind by more than a batch; with the stream's server
    away nothing waits to be decided."""
    from tools.stream.keys import Partition

    try:
        longest = max([int(await redis.xlen(Partition(n).stream)) for n in range(settings.stream_partitions)])
    except (RedisError, OSError, TimeoutError):
        return "none"
    if longest > 2 * settings.worker_batch:
        return "many"
    return "some" if longest or wake.quiet_s() < LULL_S else "none"


async def _listen(redis: Any, partitions: int, wake: Wake) -> None:
    """Wake the dispatcher at each commit. Without the stream's server it finds new work by itself, a little later."""
    from tools.stream.keys import Partition

    while True:
        try:
            async with redis.pubsub() as channel:
                await channel.subscribe(*(Partition(n).done for n in range(partitions)))
                async for _ in channel.listen():
                    wake.ring()
        except (RedisError, OSError, TimeoutError):
            await asyncio.sleep(0.5)


def uvloop_run(main: Any) -> Any:
    import uvloop

    return uvloop.run(main)


def _stop_on_signal(stop: Callable[[], Any]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    _end_with_parent(lambda: loop.call_soon_threadsafe(stop))


def _end_with_parent(stop: Callable[[], Any]) -> None:
    """A supervisor that was killed must not leave its parts behind, also when it died before they had come this far."""
    import threading
    import time

    if SUPERVISOR not in os.environ:
        return
    supervisor = int(os.environ[SUPERVISOR])

    def watch() -> None:
        while os.getppid() == supervisor:
            time.sleep(0.5)
        stop()

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
