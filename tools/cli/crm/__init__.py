"""The commands about the CRM, one module each: `app.py crm NAME ...`."""

from __future__ import annotations

import argparse
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.settings import Settings

COMMANDS: dict[str, str] = {
    "reconcile": "compare every lead with what the CRM holds of it; --fix has the writes made again",
    "check": "may the token do what is needed, and is everybody of the routing file an owner there",
    "changes": "what came back from the CRM, and what followed",
}


def _module(name: str) -> ModuleType:
    return import_module(f"tools.cli.crm.{name}")


def add(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        module = _module(name)
        module.add(commands.add_parser(name, help=text, description=module.__doc__))


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    code: int = _module(arguments.what).run(arguments, settings)
    return code
