"""Commands about decisions: try one, run the demo, train the bootstrap model."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from tools.observe import logs
from tools.settings import Settings

if TYPE_CHECKING:
    from graph.domain.lead import Form


def command(arguments: argparse.Namespace, settings: Settings) -> int:
    logs.configure("WARNING")
    match arguments.command:
        case "route":
            return asyncio.run(route(arguments.lead, settings, as_json=arguments.json))
        case "demo":
            from tools.cli.demo import demo

            return demo(settings)
        case "train":
            from tools.ml.train import SEED, train_bootstrap

            path = train_bootstrap(settings.models_dir, seed=arguments.seed if arguments.seed is not None else SEED)
            print(f"trained {path}\n{(path / 'card.json').read_text()}")
            return 0
    raise ValueError(arguments.command)


async def route(path: Path, settings: Settings, *, as_json: bool) -> int:
    """What would happen to this lead now, in sentences. Reads the store's history, and writes nothing of the lead."""
    lead = _read(path, settings)
    if isinstance(lead, str):
        print(lead, file=sys.stderr)
        return 2
    lead_id, form = lead
    from graph.build import build_graph, run_one
    from graph.domain.lead import Submission
    from graph.record import record_bytes, record_of
    from graph.state import Case
    from tools.cli.warm_up import ready_accounts
    from tools.store.migrate import migrate
    from tools.wiring import build_ports, context_source, live_routing, open_store

    store = open_store(settings)
    migrate(store.engine)
    ready_accounts(settings, store.engine)
    context = context_source(settings, build_ports(settings, store, inline=True), live_routing(settings, store))()
    case = await run_one(build_graph(), Case(Submission("dry-run", lead_id, datetime.now(UTC), form)), context)
    store.close()
    if case.failure is not None:
        print(f"failed in {case.failure.node}: {case.failure.error}: {case.failure.detail}", file=sys.stderr)
        return 1
    record = record_of(case, context)
    if as_json:
        print(orjson.dumps(orjson.loads(record_bytes(record)), option=orjson.OPT_INDENT_2).decode())
        return 0
    print(
        f"owner {record['owner']}   rule {record['rule']}   way {record['path']}   score {record['score']:g} ({record['tier']})"
    )
    for step in case.trace:
        print(f"  {step.node:10} {step.sentence}")
    print("would write: " + ", ".join(str(effect["key"]).split("/", 1)[1] for effect in record["effects"]))
    return 0


def _read(path: Path, settings: Settings) -> tuple[str, Form] | str:
    """(lead id, form), or what is wrong with the file. Before the parts are opened, which takes seconds."""
    from tools.idempotency import Identifier
    from tools.secrets_file import load_or_make
    from tools.web.answers import Refused
    from tools.web.intake import parse_body, to_form

    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        form = to_form(parse_body(raw, ""))
    except OSError as error:
        return f"{path}: {error.strerror}"
    except Refused as refused:
        wrong = "".join(f"\n  {one['field']}: {one['problem']}; {one['fix']}" for one in refused.fields)
        return f"{path}: {refused.code}: {refused.message}{wrong}\na lead: {orjson.dumps(refused.example).decode()}"
    lead_id = Identifier(load_or_make(settings.data_dir).lead_key).lead_id(form)
    return (lead_id, form) if lead_id else f"{path}: A lead needs a valid e-mail or phone (with country or +prefix)."
