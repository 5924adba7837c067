"""The folder through which the processes of one host share their metrics. Imported before the metrics themselves: the
Prometheus client looks for the folder once, when it is imported."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share(folder: Path) -> None:
    """Start with an empty folder, and let every process started from here use it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(folder)


def forget(pid: int) -> None:
    """A process has ended: its gauges no longer count."""
    folder = os.environ.get(VARIABLE)
    if folder:
        for gauge in Path(folder).glob(f"gauge_live*_{pid}.db"):
            gauge.unlink(missing_ok=True)
