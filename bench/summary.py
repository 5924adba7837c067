"""What a load run found, as the JSON object it prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict


class Summary(TypedDict):
    """What one run saw. Times are of answered requests; `rate` is 2xx answers per second.

    `sent_late_p99_ms` (open loop): how long after its due time a request went out. Beyond a fraction of a millisecond
    it was waiting for a free connection or for a free core. `client_cpu_us` is what the generator spent per request.
    `began_s` is the monotonic clock's reading at the first request, the same clock for every process of the machine.
    `decided_*`: of the answers to `?wait=`, the time from acceptance to decision as the server names it.
    """

    sent: int
    ok: int
    duplicates: int
    errors: dict[str, int]
    seconds: float
    rate: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    sent_late_p99_ms: float
    client_cpu_us: float
    began_s: float
    decided: int
    decided_p50_ms: float
    decided_p99_ms: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests of a run. `ok` are 2xx answers, `duplicates` those of them that say so; errors by status or kind."""

    sent: int
    ok: int
    duplicates: int
    errors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Times:
    """Nanoseconds, one entry each: an answered request's, how late one went out, from acceptance to decision."""

    latencies_ns: list[int]
    lateness_ns: list[int]
    decisions_ns: list[int]


def quantile_ms(sorted_ns: list[int], share: float) -> float:
    """The nearest-rank quantile of sorted nanoseconds, in milliseconds; 0 when there are none."""
    return round(sorted_ns[min(len(sorted_ns) - 1, int(share * len(sorted_ns)))] / 1e6, 3) if sorted_ns else 0.0


def summarise(counts: Counts, found: Times, began_s: float, seconds: float, cpu_s: float) -> Summary:
    """The figures of a finished run of `seconds`, for which the generator itself spent `cpu_s`."""
    times, late, decisions = sorted(found.latencies_ns), sorted(found.lateness_ns), sorted(found.decisions_ns)
    return Summary(
        sent=counts.sent,
        ok=counts.ok,
        duplicates=counts.duplicates,
        errors={name: n for name, n in counts.errors.items() if n},
        seconds=round(seconds, 3),
        rate=round(counts.ok / seconds, 1),
        p50_ms=quantile_ms(times, 0.5),
        p90_ms=quantile_ms(times, 0.9),
        p99_ms=quantile_ms(times, 0.99),
        max_ms=quantile_ms(times, 1.0),
        sent_late_p99_ms=quantile_ms(late, 0.99),
        client_cpu_us=round(cpu_s / max(1, counts.sent) * 1e6, 1),
        began_s=began_s,
        decided=len(decisions),
        decided_p50_ms=quantile_ms(decisions, 0.5),
        decided_p99_ms=quantile_ms(decisions, 0.99),
    )
