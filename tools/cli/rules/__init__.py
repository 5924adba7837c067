"""`app.py rules ...`: the commands about the routing file, one module each.

A module has `HELP`, `add(parser)` for its arguments and `run(arguments, settings)`, which returns the exit code and imports
what it needs by itself: 0 done, 1 the file or the edit is not good, 2 it could not be tried.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.settings import Settings

COMMANDS = (
    "check", "explain", "drift", "alias", "plan", "apply", "approve", "cancel", "history", "show", "rollback", "diff",
    "merge", "ledger", "schema",
)  # fmt: skip


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], argv: Sequence[str] = ()) -> None:
    """argv: where it names one of the commands, the others are left out: to import them takes longer than a check."""
    top = commands.add_parser("rules", help="the routing file: check it, change it, ask why")
    own = top.add_subparsers(dest="rules", required=True, metavar="COMMAND")
    for name in [name for name in COMMANDS if name in argv[1:2]] or COMMANDS:
        module = import_module(f"tools.cli.rules.{name}")
        module.add(own.add_parser(name, help=module.HELP, description=module.__doc__))


def needs_settings(arguments: argparse.Namespace) -> bool:
    """A command that may look at nothing but the file it is given says by `needs_settings(arguments)` whether it does."""
    needs: Callable[[argparse.Namespace], bool] | None = getattr(arguments, "needs_settings", None)
    return needs is None or needs(arguments)


def run(arguments: argparse.Namespace, settings: Settings | None) -> int:
    code: int = import_module(f"tools.cli.rules.{arguments.rules}").run(arguments, settings)
    return code
