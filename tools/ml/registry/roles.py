"""Which model serves, which challenges it, and the log of every change: one file, `roles.json`, beside the folders.

A change and its line in the log are one rename under a lock, so neither is ever there without the other. Reading needs no
lock. Nothing here looks into a model's folder.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.locking import file_lock
from tools.saving import write_atomically

ROLES: Final = "roles.json"
LOCK: Final = ".lock"
What: TypeAlias = Literal["promoted", "rolled back", "bootstrap", "challenge", "challenge ended", "look"]


class RolesError(Exception):
    """`roles.json` cannot be read, or what was asked for cannot be done; the text says the way on."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Challenger(_Frozen):
    """share: of the accounts that it scores, drawn with `salt`."""

    digest: str
    share: float = Field(gt=0, le=1)
    salt: str
    since: datetime


class Entry(_Frozen):
    """One line of the log. before: the champion until then; evidence: what the figures said, in sentences."""

    at: datetime
    what: What
    digest: str
    before: str | None = None
    by: str
    reason: str
    evidence: str = ""


class Roles(_Frozen):
    champion: str | None = None
    challenger: Challenger | None = None
    log: tuple[Entry, ...] = ()

    def ever_chosen(self) -> set[str]:
        """Every model that was champion or challenger once."""
        return {digest for entry in self.log for digest in (entry.digest, entry.before) if digest}

    def looks(self, digest: str) -> list[datetime]:
        """When this model was tested against the present champion: each look has spent a part of the alpha."""
        tried = [entry for entry in self.log if entry.what == "look" and entry.digest == digest]
        return [entry.at for entry in tried if entry.before == self.champion]

    def earlier(self) -> list[str]:
        """The champions that a roll-back leads to, the next one last: each promotion adds one, each roll-back takes one."""
        held: list[str] = []
        for entry in self.log:
            if entry.what in {"promoted", "bootstrap"} and entry.before:
                held.append(entry.before)
            elif entry.what == "rolled back" and held:
                held.pop()
        return held


def read_roles(root: Path) -> Roles:
    """Raises RolesError for a file that is damaged."""
    try:
        return Roles.model_validate_json((root / ROLES).read_bytes())
    except FileNotFoundError:
        return Roles()
    except (OSError, ValidationError) as error:
        why = f"{error.error_count()} faults" if isinstance(error, ValidationError) else error.strerror
        raise RolesError(
            f"{root / ROLES} cannot be read ({why}); put back a copy, or remove it to start from the bootstrap model"
        ) from error


def change_roles(root: Path, change: Callable[[Roles], Roles]) -> Roles:
    """Reads, changes and writes under the folder's lock; what `change` raises leaves the file as it was."""
    root.mkdir(parents=True, exist_ok=True)
    with file_lock(root / LOCK):
        before = read_roles(root)
        after = change(before)
        if after != before:
            write_atomically(root / ROLES, after.model_dump_json(indent=2) + "\n")
        return after
