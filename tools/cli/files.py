"""The files that a running router reads: are they where the settings say, and good? Asked before anything is started, so that
a mistake in one is a line and not a part that dies again and again."""

from __future__ import annotations

from pathlib import Path

import structlog

from tools.settings import Settings

log = structlog.get_logger(__name__)


def missing(settings: Settings) -> list[str]:
    """A sentence for each file that is named and not there."""
    named = {"ROUTING_FILE": settings.routing_file, "SEQUENCES_FILE": settings.sequences_file}
    return [f"{name}: {_where(path)}" for name, path in named.items() if not path.is_file()]


def _where(path: Path) -> str:
    if path.is_absolute():
        return f"{path} does not exist; name the file, or leave the setting out for the project's own"
    return f"{path} does not exist in {Path.cwd()}; start in the project's folder, or name the file with its whole path"


def unusable(settings: Settings) -> list[str]:
    """What is wrong with each file for which nothing that was in use before can stand in. Needs the tables. Blocking."""
    from tools.routing_file import RoutingFileError
    from tools.wiring import live_routing, live_sequences, open_store

    found: list[str] = []
    store = open_store(settings, threads=1)
    try:
        for name, path, opened in (
            ("ROUTING_FILE", settings.routing_file, live_routing),
            ("SEQUENCES_FILE", settings.sequences_file, live_sequences),
        ):
            try:
                fault = opened(settings, store).fault
            except (OSError, RoutingFileError) as error:
                found.append(f"{name}: {path}: {error}")
            else:
                if fault is not None:
                    log.warning("the last good version is used", file=str(path), fault=fault)
    finally:
        store.close()
    return found
