"""The files that a running router reads: are they where the settings say, and good? Asked before anything is started, so that
a mistake in one is a line and not a part that dies again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from tools.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = structlog.get_logger(__name__)


def missing(settings: Settings) -> list[str]:
    """A sentence for each file that is named and not there."""
    return [f"{name}: {_where(path)}" for name, path in _files(settings).items() if not path.is_file()]


def _files(settings: Settings) -> dict[str, Path]:
    return {"ROUTING_FILE": settings.routing_file, "SEQUENCES_FILE": settings.sequences_file}


def _where(path: Path) -> str:
    if path.is_absolute():
        return f"{path} does not exist; name the file, or leave the setting out for the project's own"
    return f"{path} does not exist in {Path.cwd()}; start in the project's folder, or name the file with its whole path"


def unusable(settings: Settings) -> list[str]:
    """What is wrong with each file for which nothing that was in use before can stand in. Needs the tables. Blocking."""
    from tools import routing_file, sequence_file

    loads: dict[str, Callable[[Path], Any]] = {"ROUTING_FILE": routing_file.load, "SEQUENCES_FILE": sequence_file.load}
    found: dict[str, str] = {}
    for name, path in _files(settings).items():
        try:
            loads[name](path)
        except (OSError, routing_file.RoutingFileError) as error:
            found[name] = f"{name}: {path}: {error}"
    return _without_another(settings, found) if found else []


def _without_another(settings: Settings, found: Mapping[str, str]) -> list[str]:
    """Of these faults, by the file's name, those that end a start. The parts of the router are imported for it alone: they
    take longer than the files."""
    from tools.nurture.versions import kept_file
    from tools.wiring import kept_table, open_store

    kept: dict[str, Callable[[Engine], Any]] = {"ROUTING_FILE": kept_table, "SEQUENCES_FILE": kept_file}
    store = open_store(settings, threads=1)
    try:
        stands_in = {name for name in found if kept[name](store.engine) is not None}
    finally:
        store.close()
    for name in stands_in:
        log.warning("the last good version is used", fault=found[name])
    return [fault for name, fault in found.items() if name not in stands_in]
