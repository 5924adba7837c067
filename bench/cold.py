"""Cold start: from the start of `app.py serve` in an empty data folder (no model, no database) to the first decided lead.

The lead is posted with `?wait=` as soon as the port answers. Beside it: the same with the data folder of an earlier run,
and the very first start after installation, when Python has compiled nothing yet. The peers need pandas and
scikit-learn, which the product is installed without and XGBoost imports at length where they are: they are hidden here.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.candidates import PATH, fresh, start_product
from bench.leads import lead
from bench.plan import Plan, alternate, median
from bench.servers import HOST, Server

LONGEST_S = 120.0
EMPTY, KEPT, UNCOMPILED = "empty folder", "existing folder", "empty folder, nothing compiled"


PEERS_ONLY = ("pandas", "sklearn")


def as_installed(work: Path) -> dict[str, str]:
    """Settings under which a Python does not find the packages that only the peers need."""
    folder = work / "as_installed"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({PEERS_ONLY!r}))\n")
    return {"PYTHONPATH": str(folder)}


def decided(server: Server, serial: int, until: float) -> None:
    """Post one lead until it is decided. The port may not answer yet, and one answer may not wait long enough."""
    body = json.dumps(lead(serial)).encode()
    while time.monotonic() < until and server.process.poll() is None:
        connection = http.client.HTTPConnection(HOST, server.port, timeout=15)
        try:
            connection.request("POST", PATH + "?wait=10", body, {"Content-Type": "application/json"})
            if json.loads(connection.getresponse().read()).get("status") == "decided":
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError(f"no lead was decided:\n{server.log.read_text(errors='replace')[-2000:]}")


def start(folder: Path, serial: int, env: Mapping[str, str]) -> dict[str, Any]:
    """Seconds from the start to the first decided lead."""
    began = time.monotonic()
    with start_product(folder, env=env) as server:
        decided(server, serial, began + LONGEST_S)
        return {"seconds": round(time.monotonic() - began, 2)}


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and everything behind them."""
    installed = as_installed(plan.work)
    uncompiled = {"PYTHONPYCACHEPREFIX": str(fresh(plan.work, "bytecode"))}
    first = start(fresh(plan.work, "first"), 1, installed | uncompiled)
    rounds = alternate(
        plan.rounds,
        {
            EMPTY: lambda number: start(fresh(plan.work, "cold"), 10 + number, installed),
            KEPT: lambda number: start(plan.work / "cold", 100 + number, installed),
        },
    )
    seconds = {name: median(found, "seconds") for name, found in rounds.items()} | {UNCOMPILED: first["seconds"]}
    return {"cold_start_s": seconds[EMPTY]}, {"seconds": seconds, "rounds": rounds}
