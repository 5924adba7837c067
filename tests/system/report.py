"""One row a scenario: what was done, what was counted, and what was promised and not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.system.counts import Counts

COLUMNS = ("sent", "accepted", "refused", "decided", "lost", "decided_twice", "effects_twice", "turns_twice",
           "not_one_owner", "effects_missing", "dead", "redelivered", "taken_over")  # fmt: skip
HEADS = ("sent", "202", "refused", "decided", "lost", "dec x2", "eff x2", "turn x2", "owner!=1", "eff miss", "dead",
         "redeliv", "takeover")  # fmt: skip


@dataclass(slots=True)
class Result:
    """counts: None where a scenario counts something else, which its notes say."""

    name: str
    counts: Counts | None = None
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def expect(self, kept: object, otherwise: str) -> None:
        if not kept:
            self.broken.append(otherwise)

    def take(self, counts: Counts) -> None:
        self.counts = counts
        for told in counts.broken():
            self.broken.append(f"{told}   {counts.detail}")


def heading() -> str:
    return f"{'scenario':24} " + " ".join(f"{head:>8}" for head in HEADS) + "  drained"


def row(result: Result) -> str:
    counts = result.counts
    cells = [f"{getattr(counts, name):>8}" if counts else f"{'-':>8}" for name in COLUMNS]
    drained = f"{counts.drained_s:5.1f} s" if counts else "      -"
    lines = [f"{result.name:24} " + " ".join(cells) + f"  {drained}" + ("" if not result.broken else "  BROKEN")]
    lines += [f"    {note}" for note in result.notes]
    lines += [f"    BROKEN: {told}" for told in result.broken]
    return "\n".join(lines)


def table(results: Sequence[Result]) -> str:
    broken = sum(bool(result.broken) for result in results)
    last = f"promises kept in {len(results) - broken} of {len(results)} scenarios"
    return "\n".join([heading(), *(row(result) for result in results), last])
