"""What the last runs found, beside the models: reports of retraining for people, and the last look at drift for /health."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.saving import write_atomically

REPORTS, DRIFT = "reports", "drift.json"
KEEP: Final = 60


class Seen(BaseModel):
    """The last look at drift. findings: (kind, sentence)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    at: datetime
    model: str
    findings: tuple[tuple[str, str], ...]


def reports_folder(root: Path) -> Path:
    folder = root / REPORTS
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_report(root: Path, at: datetime, text: str) -> Path:
    """One a run; the oldest go."""
    folder = reports_folder(root)
    path = folder / f"retrain-{at:%Y%m%dT%H%M%SZ}.md"
    write_atomically(path, text)
    for old in sorted(folder.glob("retrain-*.md"))[:-KEEP]:
        old.unlink(missing_ok=True)
    return path


def write_seen(root: Path, seen: Seen) -> None:
    write_atomically(reports_folder(root) / DRIFT, seen.model_dump_json() + "\n")


def read_seen(root: Path) -> Seen | None:
    """None where nobody has looked yet, or what was written cannot be read."""
    try:
        return Seen.model_validate_json((root / REPORTS / DRIFT).read_bytes())
    except (OSError, ValidationError):
        return None
