"""The commands about models, one module each.

A module has `add(parser)` for its arguments and imports what it needs when it runs. Those in `OF_TABLES` work on a person's
files alone: they need neither settings nor a store. Their exit codes: 0 done, 1 refused (the leak guard, a score that is off),
2 could not be tried.
"""

from __future__ import annotations

import argparse
from importlib import import_module

OF_TABLES = {
    "score": "answer a file of any size with a model of a table, with reasons",
    "evaluate": "measure a model on a file, beside plain baselines, with a model card",
}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands of OF_TABLES; `train` has other ways to run, so app.py adds it."""
    for name, text in OF_TABLES.items():
        module = import_module(f"tools.cli.ml.{name}")
        module.add(commands.add_parser(name, help=text, description=module.__doc__))


def of_tables(arguments: argparse.Namespace) -> bool:
    """Whether the command works on a person's files alone."""
    return arguments.command in OF_TABLES or (arguments.command == "train" and arguments.task is not None)


def run(arguments: argparse.Namespace) -> int:
    code: int = import_module(f"tools.cli.ml.{arguments.command}").run(arguments)
    return code
