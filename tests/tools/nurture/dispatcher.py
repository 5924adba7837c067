"""Dispatchers of steps, each a process of its own, under a clock that is given, which die where they are told to.

    python -m tests.tools.nurture.dispatcher      a line on standard input: DATABASE_URL SMTP_PORT NOW DIES_AT

Each line forks a process from one that has imported everything and opened nothing, as `app.py serve` does; the answer is
its exit code on a line. DIES_AT: "-", or the name of a moment:

    intended   before the server is asked
    taken      before the content is given to it
    given      the server has it, and we wrote nothing down yet
    settled    we did, and the outbox was not told
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from datetime import datetime
from typing import Any

from tests.fixtures.nurture import shipped, steps_of, tick
from tools.nurture import smtp
from tools.nurture.steps import SequenceSteps
from tools.store.engine import open_engine


def die(*_: Any, **__: Any) -> Any:
    os._exit(9)


def dying_at(moment: str) -> None:
    """The process ends as by SIGKILL: nothing is closed, flushed or said."""
    match moment:
        case "intended":
            smtp.Smtp.send = die  # type: ignore[method-assign]
        case "taken":
            smtp._handed_over = die
        case "given":
            SequenceSteps._settle = die  # type: ignore[method-assign]
        case "settled":
            kept = SequenceSteps._settle

            def settle_and_die(*arguments: Any) -> Any:
                kept(*arguments)
                die()

            SequenceSteps._settle = settle_and_die  # type: ignore[method-assign]


async def dispatch(url: str, port: str, now: str, moment: str) -> None:
    dying_at(moment)
    at = datetime.fromisoformat(now)
    engine = open_engine(url)
    await tick(engine, steps_of(engine, lambda: at, shipped(), smtp_port=int(port)), at, name=f"p{os.getpid()}")


def forked(line: str) -> int:
    """The exit code of the process that did it."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(dispatch(*line.split()))
        except BaseException:  # noqa: BLE001 - the parent sees the code, the reader the reason
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for line in sys.stdin:
        print(forked(line), flush=True)
