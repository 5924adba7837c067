"""What the commands that edit share: the editor over the store, and a result as text and exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tools.settings import Settings

if TYPE_CHECKING:  # a command imports what it needs, when it runs
    from sqlalchemy import Engine

    from tools.editing.editor import Editor
    from tools.editing.results import Result

PROPOSED: Final = 3


@contextmanager
def store_of(settings: Settings) -> Iterator[Engine]:
    """The database, with its tables."""
    from tools.store.migrate import migrate
    from tools.wiring import open_store

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    try:
        migrate(store.engine)
        yield store.engine
    finally:
        store.close()


def editor_of(engine: Engine, settings: Settings, last: timedelta | None = None) -> Editor:
    from tools.editing.editor import Editor

    editor = Editor(engine, settings.routing_file)
    return editor if last is None else Editor(engine, settings.routing_file, last=last)


def tell(result: Result, settings: Settings, *, as_json: bool = False) -> int:
    """Print what came of it. 0: done; 1: refused, or the running router does not use it; 3: it waits for approvals."""
    from tools.editing.router import router_uses
    from tools.planning.showing import as_text

    code = 0 if result.done else PROPOSED if result.outcome == "proposed" else 1
    used = ""
    if result.outcome == "applied" and result.digest is not None:
        fine, used = router_uses(settings, result.digest)
        code = code if fine else 1
    if as_json:
        print(_json(result, used))
        return code
    if result.plan is not None:
        print(as_text(result.plan, result.stops), end="\n\n")
    out = sys.stdout if code in (0, PROPOSED) else sys.stderr
    print("\n".join([*result.findings, *result.conflicts, result.message, *([used] if used else [])]), file=out)
    return code


def _json(result: Result, used: str) -> str:
    import orjson

    from tools.editing.results import as_json

    return orjson.dumps(
        as_json(result) | {"router": used or None}, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    ).decode()
