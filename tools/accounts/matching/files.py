"""An index on disk: a folder of plain numpy arrays and a manifest, put in place whole. Opening maps the files into memory:
it reads nothing, and every process that opens them shares one copy. Never pickled: an array file holds numbers alone.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from tools.accounts.matching.building import Arrays
from tools.saving import write_atomically

LAYOUT: Final = 1
"""Raised when arrays change their meaning: an older index is then built again, not misread."""
MANIFEST: Final = "manifest.json"


class NotAnIndex(ValueError):
    """The folder holds no index, or one of another layout."""


def save(arrays: Arrays, folder: Path) -> None:
    """Writes beside the folder and renames. Raises OSError; FileExistsError where the folder is there already."""
    if folder.exists():
        raise FileExistsError(f"{folder} is there already; an index is never written over")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, array in arrays.items():
            with (aside / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
        accounts = len(arrays["records.starts"]) - 1
        manifest = {"layout": LAYOUT, "accounts": accounts, "arrays": sorted(arrays)}
        write_atomically(aside / MANIFEST, json.dumps(manifest, indent=1) + "\n")
        aside.chmod(0o755)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def load(folder: Path) -> Arrays:
    """The arrays, mapped. Raises OSError or NotAnIndex."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        layout, names = manifest["layout"], manifest["arrays"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise NotAnIndex(f"{folder / MANIFEST} is no manifest of an index: {error}") from None
    if layout != LAYOUT:
        raise NotAnIndex(f"{folder} has layout {layout!r}, this version reads {LAYOUT}; build the index again")
    try:
        return {name: _mapped(folder / f"{name}.npy") for name in names}
    except ValueError as error:
        raise NotAnIndex(f"{folder} is damaged: {error}; build the index again") from None


def _mapped(path: Path) -> np.ndarray:
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.asarray(mapped).view(np.ndarray)  # the same bytes without the class that makes each access dearer
