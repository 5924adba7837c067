"""What an edit of the routing file costs on a past of 10,000 decisions, and what many edits do to leads on their way.

plan     `app.py rules plan DRAFT` from the command line, start-up and imports included
replay   `app.py replay` of all of them, each decided alone at a time of its own (see bench.past)
reload   the file is edited while leads flow, every third time badly; afterwards each decision is decided again under
         the file that its record names: one that differs was misrouted, one that is missing was dropped
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.candidates import NO_OUTSIDE, PATH, fresh, is_ready, start_product
from bench.load import load
from bench.past import fill
from bench.plan import Plan, say
from bench.servers import ROOT
from bench.store import Decisions
from tools.saving import write_atomically
from tools.settings import Settings

LIVE = ROOT / "infra" / "routing.json"
EDIT_EVERY_S = 0.7
MOVED = ('"to": "lucy",', '"to": "pool:us-smb",')


def past(plan: Plan) -> Path:
    """The folder with the past, made once."""
    folder = plan.work / "past"
    if not (folder / "leads.db").exists():
        folder.mkdir(exist_ok=True)
        shutil.copytree(plan.trained, folder / "models", dirs_exist_ok=True)
        say(f"deciding a past of {plan.first_leads:,} leads ...")
        fill(Settings(_env_file=None, data_dir=folder, routing_file=LIVE), plan.first_leads)  # type: ignore[call-arg]
    return folder


def command(folder: Path, *words: str, routing: Path = LIVE) -> tuple[float, int, str]:
    """(seconds, exit code, what it said) of a command of app.py."""
    env = NO_OUTSIDE | {"DATA_DIR": str(folder), "ROUTING_FILE": str(routing)}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "app.py", *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode == 2:
        raise RuntimeError(f"{words}: {done.stderr[-500:]}")
    return round(time.monotonic() - began, 2), done.returncode, done.stdout


def measure_plan(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """Seconds of a plan that moves leads; and that the live file itself moves none."""
    folder, draft = past(plan), plan.work / "draft.json"
    draft.write_text(LIVE.read_text().replace(*MOVED))
    rounds = [command(folder, "rules", "plan", str(draft), "--json") for _ in range(plan.rounds)]
    told = json.loads(rounds[0][2])
    same = json.loads(command(folder, "rules", "plan", str(LIVE), "--json")[2])
    if same["moved"] or same["turn_order"] or same["ways_changed"]:
        raise RuntimeError(f"an unchanged file moves {same['moved']} leads")
    seconds = sorted(each[0] for each in rounds)
    detail = {"seconds": seconds, "decisions": told["decisions"], "moved": told["moved"]}
    return {"plan_s": seconds[len(seconds) // 2]}, detail


def measure_replay(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """Seconds for the whole past, and how many decisions came out otherwise."""
    seconds, _, told = command(past(plan), "replay")
    found = re.search(r"replayed (\d+) decisions in [\d.]+ s: (\d+) differences", told)
    if found is None:
        raise RuntimeError(f"replay said: {told[-500:]}")
    return {"replay_s": seconds, "replay_differences": float(found[2])}, {
        "decisions": int(found[1]),
        "seconds": seconds,
    }


def measure_reload(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """Leads dropped and misrouted while the file is edited under load."""
    folder, routing = fresh(plan.work, "reload"), plan.work / "reload.json"
    shutil.copytree(plan.trained, folder / "models", dirs_exist_ok=True)
    good = LIVE.read_text()
    write_atomically(routing, good)
    edits, stop = [0], threading.Event()

    def edit() -> None:
        while not stop.wait(EDIT_EVERY_S):
            edits[0] += 1
            text = good.replace('"FR": "france@', f'"FR": "france{edits[0]}@')
            write_atomically(routing, text[: len(text) // 2] if edits[0] % 3 == 0 else text)
        write_atomically(routing, good)

    with start_product(folder, env={"ROUTING_FILE": str(routing)}) as server:
        server.wait(lambda: is_ready(server))
        with closing(Decisions(folder / "leads.db")) as decisions:
            editing = threading.Thread(target=edit)
            editing.start()
            try:
                sent = load(server.url + PATH, connections=8, count=plan.sustained_leads, seconds=plan.sustained_s)
            finally:
                stop.set()
                editing.join()
            accepted = sent["ok"] - sent["duplicates"]
            decisions.wait_for(accepted, plan.drain_s)
            decided = decisions.newest()
    _, _, told = command(folder, "replay", routing=routing)
    found = re.search(r"replayed (\d+) decisions in [\d.]+ s: (\d+) differences", told)
    misrouted = int(found[2]) if found else decided
    detail = {"edits": edits[0], "leads": decided, "accepted": accepted, "misrouted": misrouted}
    return {"reload_dropped": float(accepted - decided), "reload_misrouted": float(misrouted)}, detail
