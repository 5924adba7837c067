"""How the models stand, for /health: who serves, who challenges, what is wrong, what the last look at drift found.

Reads the folder only, and a model's files only when it changed: asked once a second.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from tools.ml.registry import ModelError
from tools.ml.registry.choosing import load_router
from tools.ml.registry.folders import CARD
from tools.ml.registry.reports import read_seen
from tools.ml.registry.roles import RolesError, read_roles


def models_state(root: Path) -> dict[str, Any]:
    """champion, challenger and share; `fault` where a chosen model does not load."""
    try:
        roles = read_roles(root)
    except RolesError as error:
        return {"fault": str(error)}
    state: dict[str, Any] = {"champion": roles.champion}
    chosen = [roles.champion] if roles.champion else []
    if roles.challenger is not None:
        state["challenger"], state["share"] = roles.challenger.digest, roles.challenger.share
        chosen.append(roles.challenger.digest)
    seen = read_seen(root)
    if seen is not None:
        state["drift"] = {"looked_at": seen.at.isoformat(), "findings": [sentence for _, sentence in seen.findings]}
    faults = [fault for digest in chosen if (fault := _fault(root, digest, _written(root / digest)))]
    return state | ({"fault": "; ".join(faults)} if faults else {})


def _written(folder: Path) -> int:
    try:
        return (folder / CARD).stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(8)
def _fault(root: Path, digest: str, written: int) -> str | None:  # noqa: ARG001 - one that was mended is read again
    try:
        load_router(root, digest)
    except ModelError as error:
        return str(error)
    return None
