"""Cold start: from the start of `app.py serve` in an empty data folder (no model, no database) to the first decided lead.

The lead is posted with `?wait=` as soon as the port answers. Beside it: the same with the data folder of an earlier run,
and the very first start after installation, when Python has compiled nothing yet. Tests and peers need packages that the
product is installed without and that others import where they find them (XGBoost takes pandas and scikit-learn, structlog
takes rich): they are hidden here.
"""

from __future__ import annotations

import http.client
import json
import time
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.candidates import PATH, fresh, start_product
from bench.leads import lead
from bench.plan import Plan, alternate, median
from bench.servers import HOST, ROOT, Server

LONGEST_S = 120.0
EMPTY, KEPT, UNCOMPILED = "empty folder", "existing folder", "empty folder, nothing compiled"


def extra_modules() -> list[str]:
    """Modules that are installed here and would not be with the product alone, whose dependencies pyproject.toml names."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        waiting = [Requirement(line) for line in tomllib.load(file)["project"]["dependencies"]]
    needed: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        for extra in ("", *one.extras):
            key = (canonicalize_name(one.name), extra)
            if key not in needed:
                needed.add(key)
                waiting += _required(one.name, extra)
    product = {name for name, _ in needed}
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not product & {canonicalize_name(owner) for owner in owners}
    )


def _required(name: str, extra: str) -> list[Requirement]:
    with suppress(PackageNotFoundError):  # for another platform
        found = [Requirement(line) for line in requires(name) or ()]
        return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]
    return []


def as_installed(work: Path) -> dict[str, str]:
    """Settings under which a Python does not find what the product is installed without."""
    folder = work / "as_installed"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({extra_modules()!r}))\n")
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
