"""`./start.sh check`: format, lint, types, import contracts, generated files. Every check runs; the first line of each
failure says which."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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
        results = list(pool.map(run, sorted(COMMANDS, key=lambda name: name != "types")))  # the longest first
    for name, code, output, seconds in results:
        print(f"{name:10} {'ok' if code == 0 else 'FAILED'}  ({seconds:.1f} s)")
        if code != 0:
            print(output)
    return 1 if any(code for _, code, _, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
