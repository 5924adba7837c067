"""Send leads to a server and time the answers: `python -m bench.load URL --seconds 5` prints one JSON object.

The generator runs in a process of its own, so that its Python does not share an interpreter with what it measures;
`load()` starts that process and returns its summary. At least one of `count` and `seconds` ends every run.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from pathlib import Path

from bench.generator import DRAIN_S, Generator
from bench.summary import Summary

ROOT = Path(__file__).resolve().parent.parent
SERIALS_PER_RUN = 1_000_000  # more leads than one run sends
_runs = itertools.count(1)


def load(
    url: str,
    *,
    connections: int = 64,
    count: int = SERIALS_PER_RUN,
    seconds: float = 5.0,
    rate: float = 0.0,
    first: int | None = None,
) -> Summary:
    """Send up to `count` leads for up to `seconds`, none of which an earlier call of this process has sent; with `first`
    those from that serial number on.

    A `rate` above 0 (leads per second) makes it an open loop. Raises `CalledProcessError` if the generator fails, for
    instance because nothing listens at `url`.
    """
    serial = next(_runs) * SERIALS_PER_RUN if first is None else first
    command = [sys.executable, "-m", "bench.load", url, "--first", str(serial)]
    command += ["--connections", str(connections), "--count", str(count), "--seconds", str(seconds)]
    command += ["--rate", str(rate)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=seconds + DRAIN_S + 30)
    summary: Summary = json.loads(done.stdout)
    return summary


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url", help="where to POST, for instance http://127.0.0.1:8000/webhooks/lead")
    parser.add_argument("--connections", type=int, default=64, help="keep-alive connections (default: 64)")
    parser.add_argument("--count", type=int, default=SERIALS_PER_RUN, help="at most so many leads")
    parser.add_argument("--seconds", type=float, default=5.0, help="at most so long (default: 5)")
    parser.add_argument("--rate", type=float, default=0.0, help="leads per second, open loop; 0 (default): closed loop")
    parser.add_argument("--first", type=int, default=0, help="the first lead's serial number, at most 10 digits")
    wanted = parser.parse_args()
    print(json.dumps(Generator(**vars(wanted)).run()))


if __name__ == "__main__":
    main()
