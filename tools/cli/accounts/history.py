"""The changes of the book, newest first: which can be taken back, who told what and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

SHOWN = 50


def told_history(engine: Engine, *, as_json: bool = False) -> str:
    import orjson

    from tools.accounts.undoing import standing_changes
    from tools.planning.showing import plain, table
    from tools.store.book import changes

    with engine.connect() as connection:
        told = changes(connection, limit=SHOWN)
        standing = {one.version for one in standing_changes(connection)}
    if as_json:
        rows = [
            {
                "id": one.version, "source": one.source, "kind": one.kind, "name": one.name, "by": one.by, "at": one.at,
                "undoes": one.undoes, "taken_back": one.kind in {"import", "sync"} and one.version not in standing,
                "figures": orjson.loads(one.figures),
            }
            for one in told
        ]  # fmt: skip
        return orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode()
    shown: list[tuple[str, ...]] = [("id", "source", "what", "when (UTC)", "by", "new", "changed", "gone")]
    for one in told:
        figures = orjson.loads(one.figures)
        what = f"{one.kind} {plain(one.name)}" if one.undoes is None else f"took back {one.undoes}"
        what += " (taken back)" if one.kind in {"import", "sync"} and one.version not in standing else ""
        counts = (f"{figures.get(name, 0):,}" for name in ("new", "changed", "gone"))
        shown.append((str(one.version), one.source, what, f"{one.at:%Y-%m-%d %H:%M}", plain(one.by), *counts))
    return "\n".join(table(shown, right=(0, 5, 6, 7))) if told else "Nothing was told yet."
