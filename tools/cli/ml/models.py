"""The models of this installation: which serves, which challenges it, how well their scores came true, and the way back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from tools.cli.ml import models_showing
from tools.cli.ml.learning import plan_of, told, whoever

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tools.ml.promotion import Verdict
    from tools.ml.registry.choosing import Note
    from tools.settings import Settings

Command: TypeAlias = "Callable[[argparse.Namespace, Settings], int]"


def add(parser: argparse.ArgumentParser) -> None:
    own = parser.add_subparsers(dest="models", required=True, metavar="COMMAND")
    own.add_parser("list", help="every model, the newest first")
    _digest(own.add_parser("show", help="a model's card"))
    for name, text in (
        ("promote", "make it the champion, if it is better on leads that neither model knew"),
        ("challenge", "let it score a share of the accounts"),
    ):
        _why(_digest(own.add_parser(name, help=text)))
    own.choices["promote"].add_argument("--untested", action="store_true", help="without the test; say the --reason")
    own.choices["challenge"].add_argument("--share", type=float, default=0.2, help="of the accounts, 0 to 1")
    for name, text in (("stop-challenge", "the champion scores everybody again"), ("rollback", "the champion before")):
        _why(own.add_parser(name, help=text))
    own.add_parser("history", help="who chose which model, when, why, on what evidence").add_argument(
        "--limit", type=int, default=30
    )
    compare = own.add_parser("compare", help="two models on leads that neither was trained on")
    compare.add_argument("a", metavar="A")
    compare.add_argument("b", metavar="B")
    compare.add_argument("--since", metavar="DATE", help="leads received from that day on")
    own.add_parser("leaderboard", help="how well scores came true, by model, tier and month")
    own.add_parser("prune", help="throw away models that never served and no decision names")


def _digest(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("digest", help="or its beginning")
    return parser


def _why(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--by", default=None, metavar="NAME", help="who you are, for the history")
    parser.add_argument("--reason", default="", metavar="TEXT")
    return parser


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done; 1: refused, or no such model; 2: a date that is none."""
    return told(lambda: COMMANDS[arguments.models](arguments, settings))


def _note(arguments: argparse.Namespace, evidence: str = "") -> Note:
    from tools.ml.registry.choosing import Note

    return Note(arguments.by or whoever(), arguments.reason, datetime.now(UTC), evidence)


def _promote(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.ml.registry.choosing import find, promote
    from tools.ml.registry.roles import RolesError

    root = settings.models_dir
    digest = find(root, arguments.digest)
    if arguments.untested:
        if not arguments.reason:
            raise RolesError("--untested needs a --reason: the history should say why no test was asked for")
        promote(root, digest, _note(arguments, "untested"))
        print(f"{digest} is the champion, untested")
        return 0
    from tools.cli.rules.editing import store_of

    with store_of(settings) as engine:
        found = _tested(engine, digest, arguments, settings)
    if not found.better:
        print(f"{digest} was not promoted: {found.sentence}", file=sys.stderr)
        print("`--untested --reason TEXT` promotes it all the same", file=sys.stderr)
        return 1
    promote(root, digest, _note(arguments, found.sentence))
    print(f"{digest} is the champion: {found.sentence}")
    return 0


def _tested(engine: Engine, digest: str, arguments: argparse.Namespace, settings: Settings) -> Verdict:
    from tools.learning.retraining import look
    from tools.ml.registry.roles import RolesError, read_roles

    champion = read_roles(settings.models_dir).champion
    if champion in {None, digest}:
        raise RolesError(f"{digest} is the champion already" if champion else "there is no champion to test it against")
    return look(engine, settings.models_dir, digest, datetime.now(UTC), plan_of(settings), arguments.by or whoever())


def _challenge(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.ml.registry.choosing import challenge, find

    digest = find(settings.models_dir, arguments.digest)
    challenge(settings.models_dir, digest, arguments.share, _note(arguments))
    print(f"{digest} scores {arguments.share:.0%} of the accounts; workers notice within a second")
    return 0


def _stop(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.ml.registry.choosing import stop_challenge

    print(f"{stop_challenge(settings.models_dir, _note(arguments)).champion} scores everybody again")
    return 0


def _rollback(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.ml.registry.choosing import roll_back

    print(f"{roll_back(settings.models_dir, _note(arguments)).champion} is the champion again")
    return 0


def _prune(_arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import store_of
    from tools.ml.registry.pruning import prune
    from tools.store.learning import models_named

    with store_of(settings) as engine:
        gone = prune(settings.models_dir, settings.retrain_keep, models_named(engine))
    print(f"thrown away: {', '.join(gone)}" if gone else "nothing to throw away")
    return 0


COMMANDS: dict[str, Command] = {
    "list": models_showing.show_list,
    "show": models_showing.show_card,
    "promote": _promote,
    "challenge": _challenge,
    "stop-challenge": _stop,
    "rollback": _rollback,
    "history": models_showing.show_history,
    "compare": models_showing.show_comparison,
    "leaderboard": models_showing.show_leaderboard,
    "prune": _prune,
}
