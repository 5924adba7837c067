"""Keeps models as folders that can vouch for themselves.

    var/models/<digest>/propensity.json  acv.json  time-to-close.json  card.json        (see tools.ml.card)
    var/models/current                               the digest that serves

A folder appears whole or not at all (written aside, then renamed), and is never changed afterwards. The digest is taken
over the files and everything in the card that a score depends on, not over when or where it was trained: two processes
that train the same model at once both end with the same folder. Loading checks every digest again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import ValidationError

from graph.features.vector import FEATURES_DIGEST
from tools.ml.card import Card

CARD, CURRENT = "card.json", "current"
PROPENSITY, ACV, TIME = "propensity.json", "acv.json", "time-to-close.json"
SIZE_KNOWN, SIZE_UNKNOWN = "size_known", "size_unknown"
"""Groups of the ranges in a router's card: whether the company's own size is known."""

log = structlog.get_logger()


class ModelError(Exception):
    """A model that is missing, damaged, or was trained on other features."""


@dataclass(frozen=True, slots=True)
class Model:
    """A checked folder. files: name -> bytes."""

    path: Path
    digest: str
    card: Card
    files: Mapping[str, bytes]


def save(root: Path, card: Card, files: Mapping[str, bytes]) -> Path:
    """Writes the model's folder under `root` and returns it. The same model again, or at the same time, is fine."""
    card = card.model_copy(update={"files": {name: _sha(files[name]) for name in sorted(files)}})
    target = root / card.digest()
    root.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=root))
    try:
        for name, content in files.items():
            _write(aside / name, content)
        _write(aside / CARD, json.dumps(card.model_dump(mode="json"), indent=2).encode())
        aside.chmod(0o755)
        _move(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _move(aside: Path, target: Path) -> None:
    """Puts a written folder in its place. One that is there already stays, unless it is damaged."""
    try:
        aside.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        try:
            load(target)
        except ModelError:
            target.rename(aside.with_name(aside.name.replace(".writing-", ".damaged-")))
            aside.rename(target)


def load(path: Path) -> Model:
    """Reads a model's folder. Raises ModelError when it is missing, damaged or, for a router's model, does not fit the
    features of this code."""
    try:
        card = Card.model_validate_json((path / CARD).read_bytes())
        files = {name: (path / name).read_bytes() for name in card.files}
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error} ({error.filename}); train it again") from error
    except ValidationError as error:
        raise ModelError(f"{path / CARD} is not a model card: {error.error_count()} faults; train it again") from error
    for name, content in files.items():
        if (actual := _sha(content)) != card.files[name]:
            raise ModelError(f"{path / name} is damaged: its card says {card.files[name]}, the file is {actual}")
    if (digest := card.digest()) != path.name:
        raise ModelError(f"{path} is damaged: the folder says {path.name}, its card is {digest}")
    if missing := {head.file for head in card.heads.values()} - files.keys():
        raise ModelError(
            f"{path / CARD} speaks of {', '.join(sorted(missing))}, which it does not keep; train it again"
        )
    if card.kind == "router" and card.features_digest != FEATURES_DIGEST:
        raise ModelError(
            f"{path} was trained on features {card.features_digest}, this code has {FEATURES_DIGEST}; train it again"
        )
    return Model(path, digest, card, files)


def current(root: Path) -> Path | None:
    """The folder of the model that serves, or None if none was chosen."""
    try:
        name = (root / CURRENT).read_text().strip()
    except FileNotFoundError:
        return None
    return root / name if name else None


def set_current(root: Path, digest: str) -> None:
    """Chooses the model that serves, once it loads; the change is one rename."""
    load(root / digest)
    handle, aside = tempfile.mkstemp(prefix=".current-", dir=root)
    with os.fdopen(handle, "w") as file:
        file.write(digest + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(aside).chmod(0o644)
    Path(aside).replace(root / CURRENT)


def ensure_bootstrap(root: Path) -> Path:
    """The folder of the current model if it fits the features of this code; else a bootstrap model, trained now (about
    a second) and made current, with a warning that says why. A model that does not fit stays where it is."""
    chosen = current(root)
    if chosen is not None:
        try:
            return load(chosen).path
        except ModelError as error:
            log.warning("model_replaced_by_bootstrap", model=chosen.name, reason=str(error))
    from tools.ml.train import train_bootstrap  # noqa: PLC0415 - xgboost costs 0.3 s, which most starts do not need

    path = train_bootstrap(root)
    set_current(root, path.name)
    return path


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
