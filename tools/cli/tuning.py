"""How the long-running parts use memory and the processor: when garbage is collected, one heap, who goes first."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
from collections.abc import Callable
from pathlib import Path

M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3  # malloc.h
LARGE = 128 * 1024


def quiet_collector() -> None:
    """What start-up made lives for ever: collections need not walk it. A round makes and drops some 50,000 objects, so
    the usual threshold of 700 would walk the living ones dozens of times a round (a fifth of its time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


class Collector:
    """Collects a worker's garbage between batches, when little lives, and never within one, whose hundred thousands of
    objects each collection would walk for nothing (a tenth of a lead's time)."""

    YOUNG, FULL, REST = 2_048, 16_384, 1_024
    """Leads after which what is new is looked through, and all: a decision leaves next to no garbage that needs it. After
    REST of them an empty batch, when nobody waits, is the time to look through all and to give memory back."""

    def __init__(self, rest: Callable[[], None] = lambda: None) -> None:
        """rest: what else is to be done when nobody waits."""
        self._rest = rest
        gc.collect()
        gc.freeze()  # what start-up made lives for ever
        gc.disable()
        self._young = self._all = 0

    def __call__(self, leads: int) -> None:
        """So many leads more were decided."""
        self._young, self._all = self._young + leads, self._all + leads
        if self._all >= (self.FULL if leads else self.REST):
            gc.collect()
            if not leads:
                self._rest()
            give_back()
            self._young = self._all = 0
        elif self._young >= self.YOUNG:
            gc.collect(1)
            self._young = 0


async def stay_small(every_s: float = 20.0) -> None:
    """For ever: look through all that is not from the start, some 10 ms, and give memory back. Left to itself the collector
    would do so after 50 million objects; statements that are made anew hold each other till then."""
    while True:
        await asyncio.sleep(every_s)
        gc.collect()
        give_back()


def one_heap() -> None:
    """Let all threads share one heap, where the C library is glibc: it gives each thread its own, and what one thread
    left free there no other can use. They take turns for Python's lock anyway, so they seldom wait for the heap's. What is
    LARGE has pages of its own, which go back at once: left to itself, glibc takes ever larger pieces into the heap."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Return what is free in the heap to the system, where the C library is glibc: between two long-lived values it keeps
    whole free pages, and after a burst a part would stay as large as its largest batch made it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def give_way(steps: int) -> None:
    """Let others go first when all want the processor, by so many steps of `nice`. Linux weighs sessions against each
    other before it looks at a process's own niceness (autogroups, man 7 sched), and each of our parts has a session."""
    os.nice(steps)
    if os.getsid(0) == os.getpid():  # never the session of a person who started us in a terminal
        with contextlib.suppress(OSError):  # no autogroups here: niceness alone counts
            Path("/proc/self/autogroup").write_text(str(steps))
