"""How long and how often each measurement is made, and what the alternating rounds of one are worth."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.candidates import models


@dataclass(frozen=True, slots=True)
class Plan:
    """work: folder on a real disk for everything that is measured. Seconds and counts are of one round.

    connections: keep-alive connections of every load. A sustained load ends after its seconds or its leads, whichever
    comes first. drain_s: the longest wait for a backlog.
    """

    work: Path
    rounds: int = 3
    connections: int = 64
    warm_up: int = 400
    sustained_s: float = 6.0
    sustained_leads: int = 12_000
    functions_s: float = 4.0
    accept_s: float = 2.0
    accept_rounds: int = 9
    half_load_s: float = 20.0
    samples_per_s: float = 25.0
    latency_rate: float = 0.0
    first_leads: int = 10_000
    all_leads: int = 50_000
    drain_s: float = 300.0

    @classmethod
    def quick(cls, work: Path) -> Plan:
        """For trying: the same measurements, too short to quote."""
        return cls(
            work,
            rounds=1,
            sustained_s=2.0,
            sustained_leads=4_000,
            functions_s=1.0,
            accept_rounds=2,
            half_load_s=8.0,
            first_leads=2_000,
            all_leads=6_000,
        )

    @property
    def trained(self) -> Path:
        """The folder of the model that candidates get a copy of."""
        return models(self.work)


def say(text: str) -> None:
    """Progress, on standard error: the table alone goes to standard output."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def alternate(
    rounds: int, contestants: Mapping[str, Callable[[int], dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """Every contestant once a round, in this order (ours, peer, ours, peer ...): a machine that gets slower or faster
    meanwhile does so for all of them. The argument is the round's number."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name, measure in contestants.items():
            result = measure(number)
            found[name].append(result)
            say(f"round {number + 1} of {rounds}, {name}: " + ", ".join(f"{k} {v}" for k, v in shown(result).items()))
    return found


def shown(result: Mapping[str, Any]) -> dict[str, Any]:
    """The plain numbers of a result."""
    return {key: value for key, value in result.items() if isinstance(value, int | float) and value != 0}


def median(rounds: Sequence[Mapping[str, Any]], key: str) -> float:
    """The median of one figure over the rounds."""
    return float(statistics.median(float(one[key]) for one in rounds))


def paired(rounds: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]], key: str) -> float:
    """The median of one figure's ratio within each round, where both had the machine at nearly the same time; on a
    machine whose speed changes between rounds the ratio of two medians may compare a slow hour with a fast one."""
    pairs = zip(rounds, others, strict=True)
    return round(statistics.median(float(one[key]) / float(other[key]) for one, other in pairs), 3)
