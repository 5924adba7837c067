"""Ends a background task for certain."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_S = 0.02


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancel it until it is over: the Redis client may take a cancellation for a failure to connect, and the task that
    asked it would go on. Raises what the task ended with, unless that is its cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_S)
    if not task.cancelled():
        task.result()
