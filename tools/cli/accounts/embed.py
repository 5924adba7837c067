"""Makes past accounts ready to be searched: embeds those that the embedder of the settings has not seen, and writes a
snapshot with graphs where there are many. A running router does this by itself; after a change of EMBEDDER or a large
import this says how far it is. With SIMILAR=live the Pinecone index is told instead.

--forget-others drops the vectors of all other embedders, once this one has made its own.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--forget-others", action="store_true", help="drop the vectors of all other embedders")
    parser.add_argument("--json", action="store_true", help="the state as JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: ready; 1: the embedder, or the vendor that keeps vectors, did not answer: what is done is kept."""
    import orjson

    from tools.asking import ReadError
    from tools.store.migrate import migrate
    from tools.store.past_vectors import forget_vectors
    from tools.wiring import keeper_of, open_store

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    try:
        migrate(store.engine)
        state = asyncio.run(_once(keeper_of(settings, store), quiet=arguments.json))
        if arguments.forget_others:
            forget_vectors(store.engine, except_of=state["embedder"])
    except ReadError as error:
        print(f"accounts embed: {error.reason}; what is done is kept, try again", file=sys.stderr)
        return 1
    finally:
        store.close()
    print(orjson.dumps(state, option=orjson.OPT_INDENT_2).decode() if arguments.json else _said(state))
    return 0


async def _once(keeper: Any, *, quiet: bool) -> dict[str, Any]:
    try:
        state: dict[str, Any] = await keeper.once(None if quiet else lambda text: print(text, flush=True))
        return state
    finally:
        await keeper.aclose()


def _said(state: dict[str, Any]) -> str:
    search = state["search"]
    how = "searched exactly" if search["by"] == "exact" else f"searched by graphs, recall at 10 {search['recall']:.3f}"
    if search["by"] == "exact" and "recall" in search:
        how += f": graphs found {search['recall']:.3f} of the ten nearest, the gate is {search['gate']:.2f}"
    return (
        f"{state['embedded']:,} of {state['closed']:,} closed accounts embedded by {state['embedder']}, {how}; "
        f"{state['open']:,} accounts are open"
    )
