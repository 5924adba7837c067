"""Disks that are full: the stream's and the database's, each a small tmpfs of its own under the data folder."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.system.client import Burst, Sent, lead, slowest, statuses
from tests.system.counts import count, drain, undecided
from tests.system.harness import Product, until
from tests.system.report import Result
from tests.system.watch import Watch

ROOMY_MB = 192  # some 30 KB a lead, and every scenario that shares the installation writes there
ROOM = 96 * 1024  # bytes left for the burst: some of it fits, the rest does not
SETTLE_S = 3.0  # a portion that is not decided after this finds no room
ANSWER_S = 2.0  # an answer is promised within a second; a shared machine may double it


def unable() -> str | None:
    """Why this cannot be tried here."""
    if os.geteuid() != 0:
        return "mounting a tmpfs needs root"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            return f"a tmpfs cannot be mounted: {done.stderr.strip()}"
        subprocess.run(["umount", folder], check=True)
    return None


@contextlib.contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """A ballast file that takes all room but `leave` bytes."""
    ballast = folder / "ballast"
    status = os.statvfs(folder)
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:  # full is what it is to be
        file.write(bytes(max(0, status.f_bavail * status.f_bsize - leave)))
    return ballast


@contextlib.contextmanager
def small_disks(product: Product) -> Iterator[None]:
    """Before its start: give the product's database and its stream a small disk each."""
    with mounted(product.data, ROOMY_MB), mounted(product.data / "valkey", 8):
        yield


def stream_disk_full(product: Product, *, leads: int, hold_s: float = 3.0) -> Result:
    """Posts are answered 202 or 503, soon; with room again all are taken, and no 202 was in vain."""
    result, run = Result("stream's disk full"), f"full{time.time_ns() % 10**9}"
    first = Burst(product.url, [lead(run, n) for n in range(20)]).start().join()
    ballast = fill(product.data / "valkey", ROOM)
    with Watch(product) as watch:
        burst = Burst(product.url, [lead(run, n) for n in range(20, leads)], side_by_side=8).start()
        until(lambda: statuses(burst.sent)[503] > 30, 60, "answers of 503 while the disk is full")
        time.sleep(hold_s)
        taken = burst.answered
        ballast.unlink()
        healed = until(lambda: burst.answered > taken, 60, "leads to be taken again")
        sent = burst.join()
    result.take(count(product, first + sent))
    _judge(result, watch, statuses(sent), slowest(sent))
    result.notes.append(f"answers {dict(statuses(sent))}; healed {healed:.1f} s after there was room")
    return result


def database_disk_full(product: Product, *, leads: int, hold_s: float = 6.0) -> Result:
    """Leads stay in the stream while the database's disk is full, and are decided when there is room. The log of the
    database may have room in itself for a while: portions of `leads` are sent until one stays undecided."""
    result, run = Result("database's disk full"), f"dbfull{time.time_ns() % 10**9}"
    sent: list[Sent] = []
    ballast = fill(product.data, 0)
    with Watch(product) as watch:
        waiting = 0
        while not waiting and len(sent) < 5000:
            bodies = [lead(run, n) for n in range(len(sent), len(sent) + leads)]
            sent += Burst(product.url, bodies, side_by_side=8).start().join()
            drain(product, sent, SETTLE_S, effects=False)
            waiting = undecided(product, sent)
        time.sleep(hold_s)
        ballast.unlink()
    result.take(count(product, sent))
    answers = statuses(sent)
    result.expect(waiting, "the disk was not full: everything was decided while it should be")
    product.wait_ready(30)
    _judge(result, watch, answers, slowest(sent))
    result.expect(set(answers) <= {202}, f"the stream had room, yet answers were {dict(answers)}")
    result.notes.append(f"{waiting} of {len(sent)} waited in the stream for room in the database")
    return result


def one_disk_full(*, leads: int) -> Result:
    """Everything on one disk without a byte left, and the parts die while it is so: the web server has to come back
    and say 503, and all of it has to heal."""
    result, product = Result("the only disk full"), Product()
    run = f"onefull{time.time_ns() % 10**9}"
    with mounted(product.data, 40), product:  # some 22 MB are in use after the first half of the leads
        first = Burst(product.url, [lead(run, n) for n in range(leads // 2)]).start().join()
        ballast = fill(product.data, 0)
        burst = Burst(product.url, [lead(run, n) for n in range(leads // 2, leads)], side_by_side=8).start()
        until(lambda: statuses(burst.sent)[503] > 10, 60, "answers of 503 while the disk is full")
        for part in ("api", "worker", "dispatch"):
            product.replaced(part, product.kill(part))
        refused = statuses(burst.sent)[503]
        until(lambda: statuses(burst.sent)[503] > refused + 10, 60, "the new web server to answer 503")
        taken = burst.answered
        ballast.unlink()
        healed = until(lambda: burst.answered > taken, 60, "leads to be taken again")
        sent = burst.join()
        result.take(count(product, first + sent))
        answers = statuses(sent)
    other = {status: n for status, n in answers.items() if isinstance(status, int) and status not in (200, 202, 503)}
    result.expect(not other, f"answers other than 202 and 503: {other}")
    result.notes.append(f"answers {dict(answers)}; healed {healed:.1f} s after there was room")
    return result


def _judge(result: Result, watch: Watch, answers: dict[int | str, int], slowest_s: float) -> None:
    other = {status: n for status, n in answers.items() if status not in (200, 202, 503)}
    result.expect(not other, f"answers other than 202 and 503: {other}")
    margin = watch.seen.machine_worst_ms / 1000
    result.expect(slowest_s < ANSWER_S + margin, f"an answer took {slowest_s:.2f} s")
    result.broken += watch.seen.broken()
    result.notes.append(f"slowest answer {slowest_s:.2f} s; {watch.seen.shown()}")
