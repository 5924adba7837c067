"""Where a model of a table is kept: `--out DIR` is a registry of its own (tools.ml.registry), `--model DIR` finds it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.ml import registry
from tools.ml.card import Card, TableSpec, Task
from tools.ml.registry import Model, ModelError
from tools.ml.table.reading import TableError


def keep(out: Path, card: Card, files: Mapping[str, bytes]) -> Path:
    """Writes the model under `out` and makes it the current one there, each whole or not at all. Earlier ones stay. Returns
    its folder. Raises TableError where `out` is a file, or keeps the router's own models."""
    refuse_foreign(out)
    path = registry.save(out, card, files)
    registry.set_current(out, path.name, of_table=True)
    return path


def refuse_foreign(out: Path) -> None:
    """Before an hour of training rather than after it."""
    if out.exists() and not out.is_dir():
        raise TableError(f"--out: {out} is a file; give a folder")
    if (chosen := registry.current(out)) is not None:
        try:
            kind = registry.load(chosen).card.kind
        except ModelError:
            return
        if kind != "table":
            raise TableError(f"--out: {out} keeps the router's own models; give another folder")


def find(path: Path) -> tuple[Model, Task, TableSpec]:
    """The current model of a folder given as `--out`, or a model's own folder. Raises ModelError where there is none, it is
    damaged, or it is no model of a table."""
    if (path / registry.CARD).is_file():
        model = registry.load(path.resolve())
    elif (chosen := registry.current(path)) is not None:
        model = registry.load(chosen)
    else:
        raise ModelError(f"{path}: no model there; give the folder that `train --out` wrote")
    if model.card.table is None or len(model.card.heads) != 1:
        raise ModelError(
            f"{path}: a model of the router's own leads, not of a table; train one with `train TASK --data`"
        )
    return model, next(iter(model.card.heads)), model.card.table
