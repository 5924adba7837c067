"""The mappings in use, read by whoever takes a form: cached for a moment, what did not fit counted in memory and written
every few seconds. Holds no value of a payload."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Final, Self

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tools.observe.why import why
from tools.store import form_mappings as store
from tools.stream.ending import ended
from tools.web.forms.flattening import Value
from tools.web.forms.mapping.applying import Applied, apply
from tools.web.forms.mapping.spec import BadMapping, read_mapping
from tools.web.forms.mapping.spec import Mapping as FormMapping

log = structlog.get_logger(__name__)
GOOD_FOR_S: Final = 2.0
"""A mapping that another process saved is in use here within these seconds."""
WRITE_S: Final = 3.0
FORGET_S: Final = 3600.0
MOST_HELD: Final = 1_000
"""Names that are remembered; whoever asks for made-up ones must not fill the memory."""


class FormMappings:
    """key: this installation's own; with the salt in the store it gives an endpoint's secret. Start and stop with
    `async with`."""

    def __init__(self, engine: Engine, executor: Executor, key: bytes, clock: Callable[[], datetime]) -> None:
        self.engine, self.clock = engine, clock
        self._executor, self._key = executor, key
        self._held: dict[str, tuple[float, FormMapping | None, str | None]] = {}
        self._counted: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep(), name="form-mappings")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await ended(self._task)
        await asyncio.get_running_loop().run_in_executor(self._executor, self._tidy, False)

    def mapped(self, name: str, flat: Mapping[str, Value]) -> dict[str, Any] | None:
        """Fields of `LeadForm` for a payload of this vendor or form, by its saved mapping; None where none was saved. May
        read the store: call it in a thread. Implements tools.web.forms.flattening.Mapped."""
        mapping, _ = self.of(name)
        return None if mapping is None else self.applied(name, mapping, flat).values

    def applied(self, name: str, mapping: FormMapping, flat: Mapping[str, Value]) -> Applied:
        """The same by a mapping at hand; what did not fit is counted."""
        found = apply(mapping, flat)
        with self._lock:
            self._counted[name, store.TAKEN, ""] += 1
            self._counted.update((name, "unmapped", field) for field in found.unmapped)
            self._counted.update((name, "missing", field) for field in found.missing)
        return found

    def of(self, name: str) -> tuple[FormMapping | None, str | None]:
        """(mapping, salt) in use. May read the store: call it in a thread."""
        held = self._held.get(name)
        if held is not None and time.monotonic() - held[0] < GOOD_FOR_S:
            return held[1], held[2]
        found = store.current(self.engine, name)
        mapping = None if found is None or found.body is None else _read(name, found.body)
        salt = store.salt_of(self.engine, name)
        if len(self._held) >= MOST_HELD:
            self._held.clear()
        self._held[name] = (time.monotonic(), mapping, salt)
        return mapping, salt

    def changed(self, name: str) -> None:
        """It was saved here: the next payload reads it anew."""
        self._held.pop(name, None)

    def new_secret(self, name: str, by: str, *, again: bool = False) -> str | None:
        """A secret for an endpoint that has none, or another one with `again`; None where it has one. It is shown to whoever
        asked and kept nowhere."""
        salt = secrets.token_hex(16)
        if not store.new_salt(self.engine, name, salt, by=by, now=self.clock(), again=again):
            return None
        self.changed(name)
        return "whsec_" + base64.b64encode(self.secret_bytes(name, salt)).decode()

    def secret_bytes(self, name: str, salt: str) -> bytes:
        return hmac.digest(self._key, f"form endpoint\0{name}\0{salt}".encode(), hashlib.sha256)[:24]

    def write_counts(self) -> None:
        """What was counted since the last time goes into the store; it comes back where the store is away."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            store.count(self.engine, counted, self.clock())
        except SQLAlchemyError:
            with self._lock:
                self._counted.update(counted)
            raise

    async def _keep(self) -> None:
        forget_at = 0.0
        while True:
            forget = time.monotonic() >= forget_at
            if forget:
                forget_at = time.monotonic() + FORGET_S
            await asyncio.get_running_loop().run_in_executor(self._executor, self._tidy, forget)
            await asyncio.sleep(WRITE_S)

    def _tidy(self, forget: bool) -> None:
        try:
            self.write_counts()
            if forget and (gone := store.forget_old(self.engine, self.clock())):
                log.info("rejected forms forgotten", payloads=gone)
        except SQLAlchemyError as error:  # tried again at the next turn
            log.warning("form mappings", part="database", error=why(error))


def _read(name: str, body: Mapping[str, Any]) -> FormMapping | None:
    """What an older program saved may be no mapping to this one: it is reported, and the form has none."""
    try:
        return read_mapping(body)
    except BadMapping as error:
        log.error("form mapping cannot be used", form=name, reason=str(error)[:500])  # noqa: TRY400 - the reason says it
        return None
