"""The commands about accounts, one module each: `app.py accounts NAME ...`. A module has `add(parser)` and
`run(arguments, settings) -> int`, and imports what it needs when it runs."""

from __future__ import annotations

import argparse
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.settings import Settings

COMMANDS: dict[str, str] = {
    "match": "which known account a company is, one or a file of them",
    "import": "a CSV file of accounts into the book, or an import taken back",
    "sync": "the companies of the CRM into the book, with parents and owners",
    "show": "what is known of an account, who says so, and its family",
    "list": "the accounts of the book, page by page",
    "families": "the largest families, disputed parents, circles",
}
_MODULES = {"import": "importing", "list": "listing"}  # words that the language keeps for itself


def _module(name: str) -> ModuleType:
    return import_module(f"tools.cli.accounts.{_MODULES.get(name, name)}")


def add(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        module = _module(name)
        module.add(commands.add_parser(name, help=text, description=module.__doc__))


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    code: int = _module(arguments.what).run(arguments, settings)
    return code
