"""One child process of `app.py serve`: started, watched, started again when it dies, ended."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tools.cli import forking
from tools.observe import metrics_folder

WRONG_SETTING = 2
"""What a part exits with that has said which setting is wrong: to start it again would change nothing."""
CommandLine = Callable[[list[str]], int]
HEALTHY_AFTER_S, LONGEST_PAUSE_S = 10.0, 5.0


@dataclass(slots=True)
class Part:
    """One child process. deaths: in a row, each before it was healthy. main: the command line, where it can be forked.
    arguments: what follows the name in a command line."""

    name: str
    arguments: tuple[str, ...] = ()
    process: forking.Child | None = None
    started_at: float = 0.0
    deaths: int = 0
    start_at: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)
    main: CommandLine | None = None

    def start(self, before: Callable[[], None] | None = None) -> None:
        """before: what a forked process does first."""
        self.started_at = time.monotonic()
        if self.main is not None:
            self.process = forking.fork(self.name, functools.partial(self._run, before))
            return
        command = [sys.executable, str(forking.APP), self.name, *self.arguments]
        self.process = subprocess.Popen(command, env=os.environ | self.environment, start_new_session=True)

    def _run(self, before: Callable[[], None] | None) -> int:
        """In the forked process: the settings are read anew, as a fresh process would."""
        assert self.main is not None
        os.environ.update(self.environment)
        if before is not None:
            before()
        return self.main([self.name, *self.arguments])

    def tend(self) -> int | None:
        """Start it if it is due; notice its death, and return what it ended with."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_at:
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            if now - self.started_at > HEALTHY_AFTER_S:
                self.deaths = 0
            return None
        metrics_folder.forget(self.process.pid)
        self.process, self.deaths = None, self.deaths + 1
        pause = min(LONGEST_PAUSE_S, 0.1 * 2**self.deaths)
        self.start_at = now + pause
        next_try = "a setting is wrong" if code == WRONG_SETTING else f"starting it again in {pause:.1f} s"
        print(f"{self.name} ended with {code}; {next_try}", file=sys.stderr, flush=True)
        return code

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
