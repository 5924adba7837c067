"""A command line that says what was meant: a mistyped command, choice or option is answered with the nearest one."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from typing import Any, NoReturn

_CHOICE = re.compile(r"argument (?P<what>.+?): invalid choice: '(?P<said>[^']*)' \(choose from (?P<among>.+)\)\Z")
_QUOTED = re.compile(r"'([^']*)'")


class Parser(argparse.ArgumentParser):
    """Its subparsers are of the same class. Errors end the process with 2, as argparse's do."""

    def error(self, message: str) -> NoReturn:
        if choice := _CHOICE.match(message):
            among = _QUOTED.findall(choice["among"])
            near = _meant(choice["said"], among)
            message = f"{choice['what']}: there is no '{choice['said']}'{near}; there are {', '.join(among)}"
        super().error(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """What a command does not know is said by the command, with its usage, not by the front door."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            options = [option for action in self._actions for option in action.option_strings]
            self.error(f"not understood: {' '.join(rest)}{_meant(rest[0].partition('=')[0], options)}")
        return found, rest


def _meant(said: str, among: list[str]) -> str:
    near = get_close_matches(said, among, 1)
    return f", did you mean '{near[0]}'?" if near else ""
