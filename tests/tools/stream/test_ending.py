"""A background task ends when it must, even one that takes its cancellation for something else."""

from __future__ import annotations

import asyncio

import pytest

from tools.stream.ending import ended


async def test_a_task_that_swallows_its_first_cancellation_ends_all_the_same():
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 3:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await ended(task)
    assert task.cancelled()
    assert swallowed == 3


async def test_a_task_that_is_over_is_over():
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await ended(task)


async def test_what_a_task_broke_of_is_told():
    async def broken() -> None:
        raise ValueError("bug")

    task = asyncio.create_task(broken())
    await asyncio.wait([task])
    with pytest.raises(ValueError, match="bug"):
        await ended(task)
