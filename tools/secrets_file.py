"""This installation's own secrets: made at the first start, kept in the data folder for its owner alone."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secrets:
    """admin_token opens the admin routes; lead_key makes lead ids say nothing about the person."""

    admin_token: str
    lead_key: bytes
    fresh: bool


def load_or_make(folder: Path) -> Secrets:
    """The secrets of this data folder. `fresh` is true once, when they were made now."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secrets.json"
    made = {"admin_token": secrets.token_urlsafe(24), "lead_key": secrets.token_hex(32)}
    draft = folder / f"secrets.json.{os.getpid()}"
    fresh = False
    if not path.exists():
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails if another process was first: then theirs holds
            fresh = True
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    held = json.loads(path.read_text())
    return Secrets(held["admin_token"], bytes.fromhex(held["lead_key"]), fresh)
