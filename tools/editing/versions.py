"""Which version of the history do people mean: a number, the beginning of a digest, `live`."""

from __future__ import annotations

from sqlalchemy import Engine

from tools.editing.results import Refused
from tools.store.routing_changes import RoutingChange, live_changes

SHORTEST = 6


def find_version(engine: Engine, named: str) -> RoutingChange:
    """The newest row of that text. Raises Refused when it names none, or several texts."""
    history, told = live_changes(engine), named.strip().lower()
    if told == "live" and history:
        return history[0]
    if told.isdecimal() and len(told) < SHORTEST:
        found = [change for change in history if (change.version or 1) == int(told)]
    else:
        found = [change for change in history if len(told) >= SHORTEST and change.digest.startswith(told)]
    digests = dict.fromkeys(change.digest for change in found)
    if len(digests) == 1:
        return found[0]
    if digests:
        names = ", ".join(digest[:12] for digest in digests)
        raise Refused("invalid", f"Several texts were live as version {named}: {names}. Name it by its digest.")
    if len(told) < SHORTEST and not told.isdecimal():
        raise Refused("invalid", f'"{told}" is too short for a digest: give {SHORTEST} of its characters or more.')
    raise Refused("invalid", f'No version "{named[:64]}" was ever live; `rules history` lists them.')


def before_live(engine: Engine) -> RoutingChange:
    """The version that was live before the present one."""
    history = live_changes(engine, 2)
    if len(history) < 2:
        raise Refused("invalid", "There is no version before the live one.")
    return history[1]
