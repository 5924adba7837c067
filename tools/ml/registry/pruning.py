"""Throws old models away. Never one that served or challenged once, that a decision names, or that is among the newest."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from tools.locking import file_lock
from tools.ml.registry.choosing import digests
from tools.ml.registry.folders import CARD
from tools.ml.registry.roles import LOCK, read_roles


def prune(root: Path, keep: int, named: Collection[str]) -> list[str]:
    """keep: how many of the newest stay whatever they are; named: models that decisions name. Returns what went."""
    root.mkdir(parents=True, exist_ok=True)
    with file_lock(root / LOCK):  # nobody chooses one of them meanwhile
        return _prune(root, keep, named)


def _prune(root: Path, keep: int, named: Collection[str]) -> list[str]:
    held = sorted(digests(root), key=lambda digest: (root / digest / CARD).stat().st_mtime_ns, reverse=True)
    roles = read_roles(root)
    chosen = {*named, *roles.ever_chosen(), roles.champion, roles.challenger.digest if roles.challenger else None}
    gone = [digest for digest in held[keep:] if digest not in chosen]
    for digest in gone:
        aside = root / f".pruned-{digest}"
        (root / digest).rename(aside)  # whole or not at all for whoever lists the folder
        shutil.rmtree(aside)
    return gone
