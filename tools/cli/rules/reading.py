"""What several of the commands read: the live file, a draft, the leads of a period."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tools.settings import Settings

if TYPE_CHECKING:  # a command imports what it needs, when it runs
    from graph.domain.table import RoutingTable
    from tools.store.past import Given


class Unusable(Exception):
    """Nothing was done. code: 1 when the file is not good, 2 when it could not be tried."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code

    def told(self) -> int:
        """Say it, and the exit code."""
        print(self, file=sys.stderr)
        return self.code


def usable(path: Path, *, tested: bool = True) -> RoutingTable:
    """A file that is valid and, where it has to be, whose tests pass."""
    from tools.routing_file import RoutingFileError, describe, load

    try:
        return load(path, tested=tested)
    except RoutingFileError as error:
        raise Unusable(f"{path} is not valid\n{describe(error.findings)}", 1) from None
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None


def tables(settings: Settings, draft: Path) -> tuple[RoutingTable, RoutingTable]:
    """The live file and the draft. What the draft would do can be seen before its tests are brought up to date."""
    return usable(settings.routing_file), usable(draft, tested=False)


def draft_leads(settings: Settings, arguments: argparse.Namespace, live: RoutingTable) -> list[Given]:
    """The leads of `--leads`, else those of `--last`."""
    from tools.cli.rules.editing import store_of
    from tools.planning.leads_file import LeadsError, leads_of
    from tools.planning.period import last
    from tools.store.past import Chosen, past_decisions

    now = datetime.now(UTC)
    try:
        if arguments.leads is not None:
            return leads_of(arguments.leads, live, now)
        since = now - last(arguments.last)
    except LeadsError as error:
        raise Unusable(f"{arguments.leads}: {error}") from None
    except OSError as error:
        raise Unusable(f"{arguments.leads} cannot be read: {error.strerror or type(error).__name__}") from None
    except (ValueError, OverflowError) as error:
        raise Unusable(f"--last: {error}") from None
    with store_of(settings) as engine:
        return list(past_decisions(engine, Chosen(since)))


def other_files(text: str, folder: Path, live: Path) -> list[str]:
    """Names of the files that the text names and that say something else in its own folder than in the live one."""
    from tools.routing_file import RoutingFileError, parse

    try:
        own, there = parse(text, folder).files, parse(text, live).files
    except RoutingFileError:  # whoever applies it says what is wrong
        return []
    return [name for name in sorted(own) if own[name] != there.get(name)]
