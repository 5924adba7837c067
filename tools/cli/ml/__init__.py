"""The commands about models, one module each.

A module has `add(parser)` for its arguments and imports what it needs when it runs. Those in `OF_TABLES` work on a person's
files alone: they need neither settings nor a store. Their exit codes: 0 done, 1 refused (the leak guard, a score that is off),
2 could not be tried. Those in `OF_THE_ROUTER` work on the router's own models and record.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.settings import Settings

OF_TABLES = {
    "score": "answer a file of any size with a model of a table, with reasons",
    "evaluate": "measure a model on a file, beside plain baselines, with a model card",
}
OF_THE_ROUTER = {
    "models": "the router's models: list, compare, promote, challenge, roll back",
    "retrain": "the daily job: train from the store, judge the challenger, watch for drift",
    "drift": "drift of inputs, scores and outcomes against the model's training",
    "outcomes": "outcomes from a CSV file: lead_id or email, outcome, closed_at, contract_usd",
}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """All but `train`, which has other ways to run, so that app.py adds it."""
    for name, text in (OF_TABLES | OF_THE_ROUTER).items():
        module = import_module(f"tools.cli.ml.{name}")
        module.add(commands.add_parser(name, help=text, description=module.__doc__))


def of_tables(arguments: argparse.Namespace) -> bool:
    """Whether the command works on a person's files alone."""
    return arguments.command in OF_TABLES or (arguments.command == "train" and arguments.task is not None)


def of_the_router(arguments: argparse.Namespace) -> bool:
    """Whether the command works on the router's own models and record."""
    return arguments.command in OF_THE_ROUTER or (arguments.command == "train" and arguments.from_store)


def run(arguments: argparse.Namespace, settings: Settings | None = None) -> int:
    """settings: for what works on the router's own models and record."""
    name = arguments.command
    if settings is not None:
        from tools.observe import logs

        logs.configure("WARNING")
        name = "from_store" if name == "train" else name
    module = import_module(f"tools.cli.ml.{name}")
    code: int = module.run(arguments) if settings is None else module.run(arguments, settings)
    return code
