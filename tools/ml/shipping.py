"""Makes the bootstrap model that ships with the product again: `.venv/bin/python -m tools.ml.shipping`.

Needed after a change of the features, of what is drawn (`generator.py`, `truth.py`), of the training or of the release of
xgboost. A test trains the model anew and holds that the shipped one tells the same of every lead: bytes may differ between
processors, answers may not.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tools.ml.registry.shipped import FOLDER
from tools.ml.train import train_bootstrap


def ship(folder: Path = FOLDER) -> Path:
    """Trains the model and puts it in the place of the one that ships."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
        made = train_bootstrap(Path(aside))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder / made.name)
    return folder / made.name


if __name__ == "__main__":
    sys.stdout.write(f"wrote {ship()}\n")
