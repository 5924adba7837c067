"""Promote, challenge, roll back: each takes a model that loads, and is written down with who, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from tools.ml.registry import shipped
from tools.ml.registry.folders import CARD, ModelError, load
from tools.ml.registry.roles import Challenger, Entry, Roles, RolesError, What, change_roles, read_roles

log = structlog.get_logger()
ROUTER = "the router"


@dataclass(frozen=True, slots=True)
class Note:
    """What the log keeps of a change."""

    by: str
    reason: str
    at: datetime
    evidence: str = ""

    def entry(self, what: What, digest: str, before: str | None) -> Entry:
        return Entry(
            at=self.at, what=what, digest=digest, before=before, by=self.by, reason=self.reason, evidence=self.evidence
        )


def current(root: Path) -> Path | None:
    """The folder of the model that serves, or None if none was chosen."""
    digest = read_roles(root).champion
    return root / digest if digest else None


def find(root: Path, name: str) -> str:
    """The digest that begins with `name`. Raises RolesError when none or several do."""
    found = [digest for digest in digests(root) if digest.startswith(name)]
    if len(found) != 1:
        said = "no model" if not found else f"{len(found)} models"
        raise RolesError(f"{said} in {root} begin with {name!r}; `app.py models list` shows them")
    return found[0]


def digests(root: Path) -> list[str]:
    """Every model's folder, by name."""
    return sorted(path.parent.name for path in root.glob(f"[!.]*/{CARD}"))


def promote(root: Path, digest: str, note: Note, *, of_table: bool = False) -> Roles:
    """Make this model the champion; a challenge ends, whoever won it. of_table: the folder keeps models of a table."""

    def change(roles: Roles) -> Roles:
        if of_table:
            load(root / digest)
        else:
            load_router(root, digest)
        if roles.champion == digest:
            raise RolesError(f"{digest} is the champion already")
        entry = note.entry("promoted", digest, roles.champion)
        return roles.model_copy(update={"champion": digest, "challenger": None, "log": (*roles.log, entry)})

    return change_roles(root, change)


def roll_back(root: Path, note: Note) -> Roles:
    """Make the champion before the present one serve again; a challenge ends. Once more goes one further back."""

    def change(roles: Roles) -> Roles:
        earlier = roles.earlier()
        if not earlier:
            raise RolesError("there is no earlier champion to go back to")
        load_router(root, earlier[-1])
        entry = note.entry("rolled back", earlier[-1], roles.champion)
        return roles.model_copy(update={"champion": earlier[-1], "challenger": None, "log": (*roles.log, entry)})

    return change_roles(root, change)


def challenge(root: Path, digest: str, share: float, note: Note) -> Roles:
    """Let this model score a share (0 to 1) of the accounts. For the model that challenges already only the share changes:
    accounts keep their lot."""
    if not 0 < share <= 1:
        raise RolesError(f"--share {share:g} is no share of the accounts; give one above 0 and up to 1, such as 0.2")

    def change(roles: Roles) -> Roles:
        load_router(root, digest)
        if roles.champion is None:
            raise RolesError("there is no champion to challenge; `app.py models promote` chooses one")
        if roles.champion == digest:
            raise RolesError(f"{digest} is the champion; it cannot challenge itself")
        held = roles.challenger
        if held is not None and held.digest == digest:
            new = held.model_copy(update={"share": share})
        else:
            new = Challenger(digest=digest, share=share, salt=f"{digest}@{note.at:%Y%m%dT%H%M%S}", since=note.at)
        entry = note.entry("challenge", digest, roles.champion)
        entry = entry.model_copy(update={"reason": f"{share:.0%} of the accounts. {note.reason}".strip()})
        return roles.model_copy(update={"challenger": new, "log": (*roles.log, entry)})

    return change_roles(root, change)


def stop_challenge(root: Path, note: Note) -> Roles:
    """The champion scores everybody again."""

    def change(roles: Roles) -> Roles:
        if roles.challenger is None:
            raise RolesError("no model challenges the champion")
        entry = note.entry("challenge ended", roles.challenger.digest, roles.champion)
        return roles.model_copy(update={"challenger": None, "log": (*roles.log, entry)})

    return change_roles(root, change)


def count_look(root: Path, digest: str, note: Note) -> int:
    """A test of this model against the champion is about to be read: its number, from 1. The alpha that it spends is gone,
    whatever it says."""

    def change(roles: Roles) -> Roles:
        entry = note.entry("look", digest, roles.champion)
        return roles.model_copy(update={"log": (*roles.log, entry)})

    return len(change_roles(root, change).looks(digest))


def load_router(root: Path, digest: str) -> None:
    """Raises ModelError for a folder that cannot score leads."""
    model = load(root / digest)
    if model.card.kind != "router" or "propensity" not in model.card.heads:
        raise ModelError(f"{model.path} is a model of a table; it scores files, not leads")


def set_current(root: Path, digest: str, *, of_table: bool = False) -> None:
    """Make a model that loads the champion without asking anybody. of_table: as in `promote`."""
    if read_roles(root).champion != digest:
        note = Note("train" if of_table else ROUTER, "trained" if of_table else "chosen at start", datetime.now(UTC))
        promote(root, digest, note, of_table=of_table)


def ensure_bootstrap(root: Path) -> Path:
    """The folder of the champion if it loads; else of the last champion before it that does; else the bootstrap model: the
    one that ships, or where that does not load one trained now (a second or two). A change says why in the log. A model that
    does not load stays where it is."""
    roles = read_roles(root)
    if roles.champion is None:
        return _bootstrap(root, "the first start")
    try:
        load_router(root, roles.champion)
        return root / roles.champion
    except ModelError as error:
        log.warning("model_replaced", model=roles.champion, reason=str(error))
        reason = str(error)
    for digest in reversed(roles.earlier()):
        if _loads(root, digest):
            promote(root, digest, Note(ROUTER, reason, datetime.now(UTC)))
            return root / digest
    return _bootstrap(root, reason)


def _loads(root: Path, digest: str) -> bool:
    try:
        load_router(root, digest)
    except ModelError:
        return False
    return True


def _trained(root: Path) -> Path:
    from tools.ml.train import train_bootstrap  # noqa: PLC0415 - xgboost costs 0.3 s, which most starts do not need

    return train_bootstrap(root)


def _bootstrap(root: Path, reason: str) -> Path:
    path = shipped.put(root) or _trained(root)

    def change(roles: Roles) -> Roles:
        if roles.champion == path.name:  # another process was as far
            return roles
        entry = Note(ROUTER, reason, datetime.now(UTC)).entry("bootstrap", path.name, roles.champion)
        return roles.model_copy(update={"champion": path.name, "challenger": None, "log": (*roles.log, entry)})

    change_roles(root, change)
    return path
