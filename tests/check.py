"""`./start.sh check`: format, lint, types, import contracts, generated files. Every check runs; the first line of each
failure says which."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COMMANDS = {
    "format": [BIN / "ruff", "format", "--check", "."],
    "lint": [BIN / "ruff", "check", "."],
    "types": [BIN / "mypy", "app.py", "graph", "tools", "prompts"],
    "imports": [BIN / "lint-imports"],
    "generated": [sys.executable, "-m", "tests.generated", "--check"],
}


def run(name: str) -> tuple[str, int, str, float]:
    started = time.monotonic()
    done = subprocess.run([str(part) for part in COMMANDS[name]], cwd=ROOT, capture_output=True, text=True, check=False)
    return name, done.returncode, done.stdout + done.stderr, time.monotonic() - started


def main() -> int:
    with ThreadPoolExecutor(2) as pool:
        running = [
            pool.submit(run, name) for name in sorted(COMMANDS, key=lambda name: name != "types")
        ]  # the longest first
        codes = [told(*done.result()) for done in as_completed(running)]
    return 1 if any(codes) else 0


def told(name: str, code: int, output: str, seconds: float) -> int:
    """The code. Said as soon as it is known: the types alone take a minute."""
    print(f"{name:10} {'ok' if code == 0 else 'FAILED'}  ({seconds:.1f} s)", flush=True)
    if code != 0:
        print(output, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
