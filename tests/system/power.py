"""Simulated loss of power: everything dies, and of the files only what had been synced is still there.

A small library (journal.c) is preloaded into the product's processes and writes down their writes and syncs of the
append-only file and of the database with its log. At the moment of the cut the journal's length is taken; whatever was
answered 2xx before that moment has to be there afterwards. Then everything is killed, the files are put back to what the
journal up to that length knows to be synced, and the product is started again.

Taken as surely on disk: names of files and removals, the files that a server made before it was ready. The bytes after
the last sync may be there in part after a real loss of power: `torn` leaves a random part of the append-only file's.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.system.client import Burst, Sent, lead
from tests.system.counts import count, drain, undecided
from tests.system.harness import Product, Stuck, until
from tests.system.report import Result

SOURCE = Path(__file__).parent / "journal.c"
SYNC_MS = "10"  # about what a sync costs on a disk that turns: a cut then often comes while one is under way
RECORD = struct.Struct("<BBHIQQ")


def unable() -> str | None:
    """Why this cannot be tried here."""
    return None if shutil.which("gcc") else "no gcc to compile tests/system/journal.c"


def compiled(folder: Path) -> Path:
    library = folder / "journal.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


@dataclass(slots=True)
class File:
    """One file. durable: its synced bytes; pending: what came after, oldest first, each with its number."""

    durable: bytearray
    pending: list[tuple[int, int, bytes | None]] = field(default_factory=list)  # offset; None: truncated to offset

    def settle(self, number: int) -> None:
        """A sync that began at record `number` has ended."""
        while self.pending and self.pending[0][0] < number:
            _, offset, data = self.pending.pop(0)
            self.durable = _written(self.durable, offset, data)


def _written(content: bytearray, offset: int, data: bytes | None) -> bytearray:
    if data is None:
        return content[:offset] + bytes(max(0, offset - len(content)))
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data
    return content


def records(journal: bytes) -> Iterator[tuple[int, str, int, int, str, bytes]]:
    """(number, op, thread, offset or length, path, bytes)"""
    at = number = 0
    while at + RECORD.size <= len(journal):
        op, path_length, _, thread, offset, length = RECORD.unpack_from(journal, at)
        at += RECORD.size
        size = length if chr(op) == "w" else 0
        if at + path_length + size > len(journal):
            return  # the cut came in the middle of it
        path = journal[at : at + path_length].decode()
        data = journal[at + path_length : at + path_length + size]
        at += path_length + size
        yield number, chr(op), thread, offset if chr(op) == "w" else length, path, data
        number += 1


def replayed(journal: bytes, before: dict[str, bytes]) -> dict[str, File]:
    """The files as the journal leaves them; `before`: what they held when it began."""
    files = {path: File(bytearray(content)) for path, content in before.items()}
    begun: dict[tuple[int, str], int] = {}
    for number, op, thread, where, path, data in records(journal):
        file = files.setdefault(path, File(bytearray()))
        if op == "w":
            file.pending.append((number, where, data))
        elif op == "t":
            file.pending.append((number, where, None))
        elif op == "b":
            begun[thread, path] = number
        elif op == "e":
            file.settle(begun.pop((thread, path), 0))
        elif op == "u":
            files[path] = File(bytearray())
    return files


class Machine:
    """A product, not started yet, on a machine whose plug can be pulled."""

    def __init__(self, product: Product, *, sync_ms: str = SYNC_MS) -> None:
        self.product = product
        self.journal = self.product.folder / "journal"
        library = compiled(self.product.folder)
        self.product.environment |= {
            "LD_PRELOAD": str(library),
            "JOURNAL_FILE": str(self.journal),
            "JOURNAL_SYNC_MS": sync_ms,
        }
        self._before: dict[str, bytes] = {}
        self._read_from = 0

    def start(self) -> None:
        """Also after a cut: what the files hold now is on disk."""
        self._before, self._read_from = self._contents(), 0
        self.journal.unlink(missing_ok=True)
        self.product.start()

    def take_stock(self) -> None:
        """What the files of the running product hold now is on disk. Where a process was killed since the start this has
        to come before a cut: one that dies between a write and its note leaves a hole in the journal."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            length = self.journal.stat().st_size
            contents = self._contents()
            if self.journal.stat().st_size == length:  # nothing was noted while they were read
                self._before, self._read_from = contents, length
                return
            time.sleep(0.05)
        raise Stuck("the product never stopped writing for long enough to read its files")

    def _contents(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self._files()}

    def _files(self) -> list[Path]:
        found = [*self.product.data.glob("valkey/appendonlydir/*.incr.aof"), *self.product.data.glob("leads.db")]
        return [path.resolve() for path in [*found, *self.product.data.glob("leads.db-wal")]]

    def cut(self, torn: random.Random | None = None) -> tuple[float, int]:
        """Pull the plug. Returns the moment (monotonic), and how many bytes of the append-only file were lost."""
        moment = time.monotonic()
        length = self.journal.stat().st_size
        self.product.kill_all()
        with self.journal.open("rb") as journal:
            journal.seek(self._read_from)
            files = replayed(journal.read(length - self._read_from), self._before)
        lost = 0
        for name, file in files.items():
            path = Path(name)
            if path.suffix == ".aof":
                unsynced = sum(len(data or b"") for _, _, data in file.pending)
                kept = torn.randint(0, unsynced) if torn is not None else 0
                lost += unsynced - kept
                _keep_part(file, kept)
            if path.exists():
                path.write_bytes(file.durable)
        for shared in self.product.data.glob("leads.db-shm"):
            shared.unlink()  # memory of the processes that are gone
        return moment, lost


def _keep_part(file: File, size: int) -> None:
    for _, offset, data in file.pending:
        some = data[:size] if data is not None else None
        file.durable = _written(file.durable, offset, some)
        size -= len(some or b"")
        if size <= 0:
            return


def lose_power(fsync: str, *, rounds: int, leads: int, hold_worker: bool) -> Result:
    """A machine of its own, with this setting of the embedded server."""
    machine = Machine(Product(REDIS_FSYNC=fsync))
    try:
        machine.start()
        return cuts(machine, fsync, rounds=rounds, leads=leads, hold_worker=hold_worker)
    finally:
        machine.product.remove()


def cuts(machine: Machine, fsync: str, *, rounds: int, leads: int, hold_worker: bool, seed: int = 1) -> Result:
    """hold_worker: the worker stands still while the burst comes, so that only the stream has the leads."""
    result = Result(f"power loss, {fsync}" + (", held" if hold_worker else ""))
    product, chance, run = machine.product, random.Random(seed), f"p{fsync}{seed}x{time.time_ns() % 10**9}"
    patience_s = 90.0 if fsync == "always" else 10.0  # what was lost never comes, however long one waits
    everybody: list[Sent] = []
    acknowledged = vanished = lost_bytes = 0
    portion = max(1, leads // rounds)
    machine.take_stock()
    for n in range(rounds):
        if hold_worker:
            product.hold("worker")
        burst = Burst(product.url, [lead(run, i) for i in range(n * portion, (n + 1) * portion)]).start()
        goal = chance.randint(portion // 4, portion)
        until(lambda goal=goal, burst=burst: burst.answered >= goal, 60, f"{goal} answers")
        moment, bytes_lost = machine.cut(torn=chance if n % 2 else None)
        burst.give_up()
        sent = burst.join()
        told = [one for one in sent if one.accepted and one.accepted_at < moment]
        machine.start()
        drain(product, told, patience_s, effects=False)
        acknowledged += len(told)
        vanished += undecided(product, told)
        lost_bytes += bytes_lost
        everybody += told + Burst(product.url, [one.body for one in sent if one not in told]).start().join()
    result.take(count(product, everybody, drain_s=patience_s))
    result.notes.append(
        f"{acknowledged} acknowledged before {rounds} cuts, {vanished} of them lost; "
        f"{lost_bytes} bytes of the append-only file cut off"
    )
    if fsync == "always":
        result.expect(not vanished, f"{vanished} acknowledged leads were lost")
    else:  # the same procedure has to show a loss where there is one, else it proves nothing
        result.broken = [] if vanished else ["nothing was lost although nothing was synced: this test cannot fail"]
        result.notes.append("a loss is expected here: it shows that the procedure can find one")
    return result
