"""The front door: `create_app()` for an ASGI server, and the command line for people.

app.py serve                 everything: stream, HTTP, worker, dispatcher
app.py api | worker | dispatch   one part
app.py demo                  the sample leads, one row each
app.py route LEAD.json       the decision, without committing it
app.py replay                recorded decisions again, compared bit for bit, or under another routing file
app.py rules check FILE ...  the routing file: is it good, what would an edit move (app.py rules --help)
app.py train TASK --data ... a model of anybody's table; without TASK the bootstrap model
app.py train --from-store    a model of the router's own leads, from what became of them
app.py score                 a file of any size against such a model
app.py evaluate              how well such a model's answers came true
app.py models ...            which model serves, challenges, and how well scores came true (app.py models --help)
app.py retrain               the daily job: train from the store, judge the challenger, watch for drift
app.py drift                 do today's leads look like those that the model was trained on
app.py outcomes FILE.csv     what became of leads, from a CRM's export
app.py events FILE           what people did before: opens, clicks, pages, meetings
app.py rank accounts         ultimate parents by chance x contract value
app.py dedupe                people under several addresses and spellings, in the store or in a file
app.py accounts ...          known accounts: import, show, match, similar (app.py accounts --help)
app.py crm ...               compare with the CRM, check it, what came back from it (app.py crm --help)
app.py forms ...             form vendors: which are set up, what a payload of theirs becomes (app.py forms --help)
app.py webhooks ...          who is told of what happens to leads, what came of it, send again
app.py nurture ...           sequences of mails: check, list, show, preview, pause (app.py nurture --help)
app.py draw                  the graph as Mermaid
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.cli import accounts, crm, dedupe, events, forms, ml, nurture, rank, replay, rules, webhooks
from tools.cli.ml import from_store
from tools.cli.ml import train as training
from tools.cli.parsing import Parser

if TYPE_CHECKING:  # who only checks a file need not wait for what reads the settings
    from tools.settings import Settings

ROOMS: dict[str, tuple[Any, str]] = {
    "replay": (replay, "decide recorded leads again: bit for bit, or under another routing file"),
    "rank": (rank, "accounts by expected contract value, best first"),
    "dedupe": (dedupe, "one person under several addresses: in the store or in a file"),
    "accounts": (accounts, "known accounts: import, show, match, similar"),
    "crm": (crm, "compare with the CRM, check it, what came back from it"),
    "events": (events, "load what people did: a file of events, each counted once"),
    "forms": (forms, "form vendors: which are set up, what a payload of theirs becomes"),
    "nurture": (nurture, "sequences of mails: check, list, show, preview, pause"),
    "webhooks": (webhooks, "who is told of what happens to leads, and what came of it"),
}
"""Commands that work on the store, each in a module with `add(parser)` and `run(arguments, settings)`."""


RUNNING = ("serve", "api", "worker", "dispatch")
"""Commands that go on until they are stopped."""


def create_app() -> Any:
    """The ASGI application, configured by the environment."""
    from tools.settings import Settings
    from tools.web.server import FrontDoor

    try:
        return FrontDoor(Settings())
    except ValueError as error:
        named = re.match(r"[A-Z_]+\b", str(error))
        if named is None or named[0].lower() not in Settings.model_fields:  # not a sentence about a setting
            raise
        print(f"settings: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """argv: what will be parsed; a command of the routing file that it names is the only one loaded."""
    top: argparse.ArgumentParser = Parser(prog="app.py", description="Inbound lead router.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="run everything until Ctrl-C")
    commands.add_parser("api", help="the HTTP side alone")
    for name, text in (
        ("worker", "decide what waits in the stream"),
        ("dispatch", "perform what stands in the outbox"),
    ):
        part = commands.add_parser(name, help=text)
        part.add_argument("--drain", action="store_true", help="end when nothing is left to do")
        if name == "worker":
            part.add_argument(
                "--spare", action="store_true", help="take leads only when they wait: beside another worker"
            )
    commands.add_parser("demo", help="send the sample leads through and compare them with their labels")
    route = commands.add_parser("route", help="show the decision about a lead without committing anything")
    route.add_argument("lead", type=Path, help="a JSON file with the form's fields; - reads standard input")
    route.add_argument("--json", action="store_true", help="the whole decision record")
    for name, (room, text) in ROOMS.items():
        room.add(commands.add_parser(name, help=text))
    rules.add(commands, argv)
    train = commands.add_parser(
        "train",
        help="train a model of a table, or the synthetic bootstrap model anew",
        description=training.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("--seed", type=int, default=None)
    training.add(train)
    from_store.add(train)
    ml.add(commands)
    commands.add_parser("draw", help="the graph as Mermaid text")
    return top


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    arguments = parser(argv).parse_args(argv)
    if arguments.command == "rules" and not rules.needs_settings(arguments):
        return rules.run(arguments, None)
    if ml.of_tables(arguments):
        return ml.run(arguments)
    if nurture.without_store(arguments):
        return nurture.run(arguments)
    if dedupe.without_store(arguments):
        return dedupe.run(arguments)
    settings = read_settings()
    return 2 if settings is None else run(arguments, settings)


def read_settings() -> Settings | None:
    """None after a line for each setting that is wrong."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from tools.settings import Settings

    try:
        return Settings()
    except SettingsError as error:  # names its field in a sentence, and nowhere else
        name = next(iter(re.findall(r'field "(\w+)"', str(error))), "").upper()
        print(f"settings: {name}: it cannot be read; infra/env.example shows how to write it as JSON", file=sys.stderr)
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"]).upper()
            said = problem["msg"].removeprefix("Value error, ")
            print(f"settings: {name + ': ' if name else ''}{said}", file=sys.stderr)
    return None


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Each command imports what it needs: `--help` and `draw` need no database."""
    match arguments.command:
        case name if name in RUNNING:
            return keep_running(arguments, settings)
        case "draw":
            from graph.draw import mermaid

            print(mermaid(), end="")
        case "rules":
            return rules.run(arguments, settings)
        case name if name in ROOMS:
            code: int = ROOMS[name][0].run(arguments, settings)
            return code
        case _ if ml.of_the_router(arguments):
            return ml.run(arguments, settings)
        case _:
            from tools.cli.decide import command

            return command(arguments, settings)
    return 0


def keep_running(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli import SUPERVISOR
    from tools.cli.files import missing

    started_again = SUPERVISOR in os.environ  # such a part has what was in use before
    if problems := [] if started_again else missing(settings):
        print(*(f"settings: {problem}" for problem in problems), sep="\n", file=sys.stderr)
        return 2
    if arguments.command == "serve":
        from tools.cli.supervisor import serve

        serve(settings, main)
        return 0
    from tools.cli.processes import run_dispatcher, run_worker, serve_http

    match arguments.command:
        case "api":
            serve_http(settings)
        case "worker":
            run_worker(settings, drain=arguments.drain, spare=arguments.spare)
        case "dispatch":
            run_dispatcher(settings, drain=arguments.drain)
    return 0


if __name__ == "__main__":
    sys.exit(main())
