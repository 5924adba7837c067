"""How a dispatcher sleeps: until there may be something to do."""

from __future__ import annotations

import asyncio
import contextlib
import time


class Wake:
    """Lets a dispatcher sleep until the workers announce a commit, or the time is up."""

    def __init__(self) -> None:
        self._sleepers: set[asyncio.Event] = set()
        self._rang = float("-inf")

    def quiet_s(self) -> float:
        """Seconds since it rang last."""
        return time.monotonic() - self._rang

    def ring(self) -> None:
        self._rang = time.monotonic()
        for sleeper in self._sleepers:
            sleeper.set()

    async def wait(self, seconds: float) -> None:
        sleeper = asyncio.Event()
        self._sleepers.add(sleeper)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sleeper.wait(), seconds)
        finally:
            self._sleepers.discard(sleeper)
