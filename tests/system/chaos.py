"""Proof of the first two promises, with counts: ./start.sh python -m tests.system.chaos [scenario ...] [--rounds N] [--leads N]

Starts the whole product again and again, kills, stops, fills and stalls what can be, and counts from its tables what
became of every lead that was answered 202. Exit code 1 when any promise is broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tests.system import disk, intake, kills, live, outages, power, vendors
from tests.system.harness import Product, Stuck
from tests.system.report import Result, heading, row, table


def kill_worker(rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [kills.kill_part(product, "worker", rounds=rounds, leads=leads)]


def kill_web(rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [kills.kill_part(product, "api", rounds=rounds, leads=leads)]


def kill_stream(rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [kills.kill_part(product, "valkey", rounds=rounds, leads=leads)]


def kill_dispatcher(rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [kills.kill_part(product, "dispatch", rounds=rounds, leads=leads)]


def kill_all(rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [kills.kill_everything(product, rounds=rounds, leads=leads)]


def kill_supervisor(rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [
            kills.kill_supervisor(product, rounds=rounds, leads=leads),
            kills.taken_over_hangs(product, leads=leads),
        ]


def lose_power(rounds: int, leads: int) -> list[Result]:
    if reason := power.unable():
        return [Result("power loss", notes=[f"not tried: {reason}"])]
    return [
        power.lose_power("always", rounds=rounds, leads=leads, hold_worker=False),
        power.lose_power("always", rounds=rounds, leads=leads, hold_worker=True),
        power.lose_power("everysec", rounds=2, leads=leads // 2, hold_worker=True),
    ]


def crowd(rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [kills.crowd(product, rounds=rounds, leads=leads)]


def disk_full(_rounds: int, leads: int) -> list[Result]:
    if reason := disk.unable():
        return [Result("disk full", notes=[f"not tried: {reason}"])]
    product = Product()
    with disk.small_disks(product), product:
        results = [disk.stream_disk_full(product, leads=leads), disk.database_disk_full(product, leads=leads)]
    return [*results, disk.one_disk_full(leads=leads)]


def stream_away(_rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [
            outages.stream_gone(product, leads=leads),
            outages.stream_hung(product, leads=leads),
            outages.stream_restarted(product, leads=leads),
        ]


def database_locked(_rounds: int, leads: int) -> list[Result]:
    product = Product()
    outages.routing_copy(product)
    with product:
        return [outages.database_locked(product, leads=leads), outages.killed_in_outage(product, leads=40)]


def same(_rounds: int, _leads: int) -> list[Result]:
    with Product() as product:
        return [intake.copies(product, people=4), intake.spellings(product), intake.mended(product)]


def stop(_rounds: int, leads: int) -> list[Result]:
    with Product() as product:
        return [intake.stopped(product, leads=leads)]


def vendor_stalls(_rounds: int, leads: int) -> list[Result]:
    results = []
    for vendor in ("notifier", "crm"):
        with vendors.outside() as world:
            results.append(vendors.vendor_stalls(world, vendor, leads=leads))
    return results


def dispatcher_dies(rounds: int, leads: int) -> list[Result]:
    with vendors.outside(answer_s=0.03) as world:
        results = [vendors.dispatcher_dies(world, rounds=rounds, leads=leads)]
    with vendors.outside(answer_s=0.2) as world:
        return [*results, vendors.dispatcher_hangs(world, leads=min(leads, 100))]


def demo_live(_rounds: int, _leads: int) -> list[Result]:
    with live.live() as world:
        return [live.live_demo(world)]


SCENARIOS: dict[str, Callable[[int, int], list[Result]]] = {
    "kill-worker": kill_worker,
    "kill-web": kill_web,
    "kill-stream": kill_stream,
    "kill-dispatcher": kill_dispatcher,
    "kill-everything": kill_all,
    "kill-supervisor": kill_supervisor,
    "crowd": crowd,
    "power": lose_power,
    "disk": disk_full,
    "stream": stream_away,
    "database": database_locked,
    "vendors": vendor_stalls,
    "dispatcher-live": dispatcher_dies,
    "live": demo_live,
    "same": same,
    "stop": stop,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", choices=[*SCENARIOS, []], help="all of them when none is named")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--leads", type=int, default=500)
    arguments = parser.parse_args()
    results: list[Result] = []
    print(heading(), flush=True)
    for name in arguments.scenario or SCENARIOS:
        started = time.monotonic()
        try:
            found = SCENARIOS[name](arguments.rounds, arguments.leads)
        except Stuck as stuck:
            found = [Result(name, broken=[str(stuck)])]
        for result in found:
            result.notes.append(f"{time.monotonic() - started:.0f} s in all")
            print(row(result), flush=True)
        results += found
    print()
    print(table(results))
    return 1 if any(result.broken for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
