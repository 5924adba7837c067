"""The models in use: loaded once, changed when `roles.json` changes, and never replaced by one that does not load.

Asked before each run; looks at the disk at most twice a second. Chooses nothing: that is `tools.ml.registry`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Generic, TypeAlias, TypeVar

from tools.ml.registry import ModelError, ensure_bootstrap
from tools.ml.registry.roles import ROLES, Roles, RolesError, read_roles
from tools.observe import metrics

LOOK_EVERY_S: Final = 0.5
AGAIN_EVERY_S: Final = 10.0
"""A model that did not load may be on its way to this host: it is tried again, and read whole each time."""
Identity: TypeAlias = tuple[int, int, int]
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Serving(Generic[M]):
    """champion scores everybody but the challenger's share (0..1) of the accounts."""

    champion: M
    champion_digest: str
    challenger: M | None = None
    challenger_digest: str | None = None
    share: float = 0.0
    salt: str = ""


class LiveModels(Generic[M]):
    """clock: seconds that only grow (`time.monotonic`). load: from a model's folder; raises ModelError.

    fault: which model was chosen and is not used, and why; None while all is well. first: the folder to begin with; as it
    stands, a bootstrap model is chosen where there is none that loads.
    """

    def __init__(
        self,
        root: Path,
        clock: Callable[[], float],
        load: Callable[[Path], M],
        first: Callable[[Path], Path] = ensure_bootstrap,
    ) -> None:
        self._root, self._clock, self._load = root, clock, load
        self._looking = Lock()
        path = first(root)
        self.fault: str | None = None
        self._seen = self._identity()
        self._serving = Serving(load(path), path.name)
        self._take()
        self._looked_at = clock()

    def current(self) -> Serving[M]:
        """What serves now. Blocking for the time of a load when it has changed."""
        if self._clock() - self._looked_at >= LOOK_EVERY_S and self._looking.acquire(blocking=False):
            try:
                self._looked_at = self._clock()
                seen = self._identity()
                again = self.fault is not None and self._looked_at - self._taken_at >= AGAIN_EVERY_S
                if seen != self._seen or again:
                    self._seen = seen
                    self._take()
            finally:
                self._looking.release()
        return self._serving

    def _take(self) -> None:
        """What the roles say, as far as it loads: without its champion nothing changes, without its challenger the champion
        scores alone."""
        fault = None
        self._taken_at = self._clock()
        try:
            roles = read_roles(self._root)
            serving = self._champion(roles)
        except (ModelError, RolesError) as error:
            fault = str(error)
        else:
            try:
                serving = self._challenged(serving, roles)
            except ModelError as error:
                fault = str(error)
            self._serving = serving
        self.fault = fault
        metrics.model_fault.set(fault is not None)

    def _champion(self, roles: Roles) -> Serving[M]:
        held = self._serving
        if roles.champion is None or roles.champion == held.champion_digest:
            return Serving(held.champion, held.champion_digest)
        return Serving(self._loaded(roles.champion), roles.champion)

    def _challenged(self, serving: Serving[M], roles: Roles) -> Serving[M]:
        one = roles.challenger
        if one is None:
            return serving
        model = self._loaded(one.digest)
        return Serving(serving.champion, serving.champion_digest, model, one.digest, one.share, one.salt)

    def _loaded(self, digest: str) -> M:
        """One that is in memory is not read again."""
        held = self._serving
        for known, model in ((held.champion_digest, held.champion), (held.challenger_digest, held.challenger)):
            if known == digest and model is not None:
                return model
        return self._load(self._root / digest)

    def _identity(self) -> Identity | None:
        try:
            status = (self._root / ROLES).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
